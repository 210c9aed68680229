"""Multi-layer perceptrons: scikit-learn's interface and numbers, at native speed."""

from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.persistence import load, save

__all__ = ["MLPClassifier", "MLPRegressor", "__version__", "load", "save"]

__version__ = "0.1.0.dev0"
