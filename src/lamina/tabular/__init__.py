"""Estimators that take a table as it is: columns encoded, networks fitted over folds, averaged."""

from lamina.tabular.classifier import TabularClassifier
from lamina.tabular.regressor import TabularRegressor

__all__ = ["TabularClassifier", "TabularRegressor"]
