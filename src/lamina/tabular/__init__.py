"""Estimators for tables with mixed columns: encoding, networks fitted on folds, averaging."""

from lamina.tabular.classifier import TabularClassifier
from lamina.tabular.description import describe
from lamina.tabular.regressor import TabularRegressor

__all__ = ["TabularClassifier", "TabularRegressor", "describe"]
