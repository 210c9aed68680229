"""Every attribute that a fit sets has a check, and a failed check names the attribute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.fuzz.models import MODELS

import lamina
from lamina.errors import ModelFileError
from lamina.estimators.fitting.fitted_attributes import check_estimator, fitted_fields
from lamina.estimators.fitting.fitted_network import get_spec


@pytest.mark.parametrize("name", MODELS)
def test_every_attribute_of_a_fitted_model_has_a_check(name: str) -> None:
    model, _ = MODELS[name]()
    attributes = vars(model).keys() - model.get_params(deep=False).keys()
    assert attributes <= fitted_fields(model, get_spec(model)).keys()
    check_estimator(model)


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("text", "classes_", np.array(["no", "never", "yes"])),
        ("text", "classes_", np.array(["never", "no"])),
        ("text", "classes_", np.array([None, "no", 1], dtype=object)),
        ("text", "_target_kind", "unheard"),
        ("text", "out_activation_", "logistic"),
        ("text", "n_outputs_", 2),
        ("text", "_sparse_targets", 1),
        ("several columns", "_heads", [3, 2]),
        ("indicators", "n_features_in_", 2),
        ("numbers", "_optimizer_step", 2**63 - 1),
        ("numbers", "_optimizer_step", -1),
        ("numbers", "_optimizer_name", "adamm"),
        ("numbers", "_optimizer_slots", np.zeros((2, 3))),
        ("numbers", "_learning_rate", float("nan")),
        ("numbers", "_scheduled_epochs", 10**12),
        ("numbers", "_history", {"seconds": [1.0]}),
        ("numbers", "_loss_name", "log_loss"),
        ("numbers", "loss_curve_", "x"),
        ("numbers", "_noise_seed", 2**64),
        ("quantiles", "_loss_hyperparameters", {"quantile": [0.9, 0.1]}),
        ("quantiles", "_loss_hyperparameters", {}),
        ("everything", "running_statistics_", []),
        ("everything", "unit_parameters_", [np.zeros(3, dtype=complex)]),
        ("scaled", "target_scale_", np.array([0.0])),
        ("scaled", "target_mean_", np.array([np.nan])),
        ("scaled", "_standardised_layer", [np.zeros(1)]),
        ("numbers", "_sklearn_output_config", {"transform": "arrow"}),
        ("numbers", "_activations", []),
        ("numbers", "_activations", "elu"),
        ("numbers", "_activations", [["elu"], "identity"]),
        ("numbers", "_activations", ["nonsense", "identity"]),
        ("numbers", "_activations", [{"name": "elu", "values": {"alpha": "x"}}, "identity"]),
        ("numbers", "_activations", [{"name": "elu", "values": {"slope": 1}}, "identity"]),
        ("numbers", "_activations", [{"name": "elu", "values": None}, "identity"]),
        ("numbers", "_activations", [{"name": ["elu"], "values": {}}, "identity"]),
    ],
)
def test_an_attribute_out_of_range_is_refused(name: str, attribute: str, value: Any) -> None:
    model, _ = MODELS[name]()
    setattr(model, attribute, value)
    with pytest.raises(ValueError, match=attribute.strip("_").split("_")[-1]):
        check_estimator(model)


def test_a_model_that_could_not_be_loaded_is_not_saved(tmp_path: Any) -> None:
    model, _ = MODELS["numbers"]()
    model._optimizer_step = -1
    with pytest.raises(ValueError, match=r"cannot be saved: its _optimizer_step is -1"):
        lamina.save(model, tmp_path / "model.lamina")
    model, _ = MODELS["numbers"]()
    with pytest.raises(ValueError, match="'alpha' parameter"):
        lamina.save(model.set_params(alpha=-1), tmp_path / "model.lamina")
    assert not list(tmp_path.iterdir())


def test_the_error_about_a_field_states_what_is_expected() -> None:
    model, _ = MODELS["numbers"]()
    del model._optimizer_step
    with pytest.raises(ModelFileError, match="its _optimizer_step is missing"):
        check_estimator(model)
