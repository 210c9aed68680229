"""Check a TransformedTargetRegressor: its transformer must match the targets of its regressor."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from lamina.files.fields import refused, whole
from lamina.persistence.compositions import require_fitted, width_in
from lamina.persistence.transformers import TRANSFORMERS


def check_target(model: BaseEstimator, n_targets: int) -> None:
    """Check a TransformedTargetRegressor around a model with `n_targets` targets."""
    model._validate_params()
    state = vars(model)
    if "regressor_" not in state:
        return
    whole(1, 2)(state.get("_training_dim"), "_training_dim")
    transformer = state.get("transformer_")
    name = type(transformer).__name__
    width = None if transformer is None else width_in(transformer)
    if name not in TRANSFORMERS or width not in (None, 1, n_targets):
        raise refused(transformer, "transformer_", f"a transformer of {n_targets} targets")
    if not hasattr(transformer, "inverse_transform"):
        raise refused(transformer, "transformer_", "a transformer with an inverse")
    require_fitted(transformer, "transformer_")
