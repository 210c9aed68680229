"""Pictures of a fitted network, one Display each, by scikit-learn's Display convention."""

from lamina.plots.decision_region import DecisionRegionDisplay
from lamina.plots.fit import FitDisplay
from lamina.plots.images import ImagesDisplay
from lamina.plots.live import LiveLossCurve
from lamina.plots.loss_curve import LossCurveDisplay
from lamina.plots.network import NetworkDisplay
from lamina.plots.units import UnitsDisplay

__all__ = [
    "DecisionRegionDisplay",
    "FitDisplay",
    "ImagesDisplay",
    "LiveLossCurve",
    "LossCurveDisplay",
    "NetworkDisplay",
    "UnitsDisplay",
]
