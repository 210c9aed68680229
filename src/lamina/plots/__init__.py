"""Pictures of a fitted network, one Display each, by scikit-learn's Display convention."""

from lamina.plots.loss_curve import LossCurveDisplay
from lamina.plots.network import NetworkDisplay

__all__ = ["LossCurveDisplay", "NetworkDisplay"]
