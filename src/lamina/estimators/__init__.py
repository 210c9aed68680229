"""Estimators with scikit-learn's interface: a classifier and a regressor over one network."""

from lamina.estimators.classifier import MLPClassifier
from lamina.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
