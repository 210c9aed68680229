"""Pictures of a fitted network, one Display each, by scikit-learn's Display convention."""

from lamina.plots.loss_curve import LossCurveDisplay

__all__ = ["LossCurveDisplay"]
