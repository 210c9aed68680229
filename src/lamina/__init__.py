"""Multi-layer perceptrons: scikit-learn's interface and numbers, at native speed."""

__version__ = "0.1.0.dev0"
