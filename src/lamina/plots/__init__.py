"""Pictures of fitted networks, each a class that follows scikit-learn's Display convention."""

from lamina.plots.activations import ActivationsDisplay
from lamina.plots.decision_region import DecisionRegionDisplay
from lamina.plots.descent import DescentDisplay
from lamina.plots.fit import FitDisplay
from lamina.plots.gradient_flow import GradientFlowDisplay
from lamina.plots.images import ImagesDisplay
from lamina.plots.landscape import LossLandscapeDisplay
from lamina.plots.live import LiveLossCurve
from lamina.plots.loss_curve import LossCurveDisplay
from lamina.plots.network import NetworkDisplay
from lamina.plots.sweep import SweepDisplay
from lamina.plots.units import UnitsDisplay
from lamina.plots.weights import WeightsDisplay

__all__ = [
    "ActivationsDisplay",
    "DecisionRegionDisplay",
    "DescentDisplay",
    "FitDisplay",
    "GradientFlowDisplay",
    "ImagesDisplay",
    "LiveLossCurve",
    "LossCurveDisplay",
    "LossLandscapeDisplay",
    "NetworkDisplay",
    "SweepDisplay",
    "UnitsDisplay",
    "WeightsDisplay",
]
