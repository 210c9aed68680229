"""Two contradictory parameters are refused, and the message names both."""

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.contradictions import CONTRADICTIONS
from lamina.inputs import Categorical, OneHot, Periodic
from lamina.losses import Focal, Gamma, Quantile
from lamina.members import Independent, Shared
from lamina.penalties import ElasticNet
from lamina.schedules import Cosine
from lamina.solvers import LBFGS, AdamW, Muon


def constant_rate(step, epoch):
    return 0.001


class Stepping:
    def on_step(self, fit):
        pass


CLASHES = [
    {"solver": "lbfgs", "dtype": "float32"},
    {"solver": "lbfgs", "precision": "bfloat16"},
    {"precision": "bfloat16", "dtype": "float64"},
    {"solver": "lbfgs", "learning_rate": "cosine"},
    {"solver": "lbfgs", "warmup": 2},
    {"solver": "lbfgs", "patience_factor": 2.0},
    {"solver": "lbfgs", "drop_last": True},
    {"solver": "lbfgs", "dropout_schedule": "cosine"},
    {"solver": "lbfgs", "weight_decay_schedule": Cosine()},
    {"dropout_schedule": "cosine"},
    {"weight_decay_schedule": Cosine()},
    {"weight_decay_schedule": "cosine", "weight_decay": 0.0},
    {"n_iter_no_change": np.inf, "patience_factor": 2.0},
    {"learning_rate": "exponential", "learning_rate_options": {"gamma": 0.9}},
    {"learning_rate": "step", "learning_rate_options": {"every": 0}},
    {"learning_rate": constant_rate, "learning_rate_options": {"decay": 0.9}},
    {"callbacks": [print]},
    {"checkpoint": ""},
    {"checkpoint": "a\0b"},
    {"learning_rate": float},
    {"solver": "lbfgs", "dropout": 0.5},
    {"solver": "lbfgs", "dropout": [0.5]},
    {"solver": "lbfgs", "input_noise": 0.1},
    {"solver": "lbfgs", "normalization": "batch"},
    {"normalization": "batch", "batch_size": 1},
    {"residual": True, "hidden_layer_sizes": (4, 3)},
    {"members": Independent(2), "checkpoint": "fit.checkpoint"},
    {"members": Independent(2), "initializer": [0.0, 1.0]},
    {"members": Independent(2), "callbacks": [Stepping()]},
    {"members": Shared(2), "normalization": "batch"},
    {"members": Shared(2), "initializer": [0.0, 1.0]},
    {"width": 6, "hidden_layer_sizes": (4, 3)},
    {"depth": 2, "hidden_layer_sizes": (4, 3)},
    {"checkpoint_every": 3},
    {"checkpoint_seconds": 0.5},
    {"solver": "lbfgs", "penalty": "l1"},
    {"solver": "lbfgs", "penalty": "elasticnet"},
    {"solver": "lbfgs", "weight_decay": 0.1},
    {"solver": "lbfgs", "max_gradient_norm": 1.0},
    {"solver": "lbfgs", "average_decay": 0.0},
    {"solver": "lbfgs", "rate_factors": {"bias": 0.1}},
    {"rate_factors": {"weights": 0.1}},
    {"rate_factors": {"bias": -1}},
    {"solver": "sgd", "amsgrad": True},
    {"solver": "lbfgs", "amsgrad": True},
    {"solver": AdamW(), "beta_2": 0.9},
    {"solver": AdamW(), "momentum": 0.5},
    {"solver": Muon(hidden_only=True)},
    {"solver": Muon(hidden_only=True), "hidden_layer_sizes": ()},
    {"solver": LBFGS(), "dtype": "float32"},
    {"learning_rate": Cosine(), "learning_rate_options": {"period": 3}},
    {"penalty": ElasticNet(l1_ratio=0.3), "l1_ratio": 0.2},
    {"inputs": OneHot(), "input_dropout": 0.1},
    {"engine": "native", "device": "cuda"},
    {"engine": "reference", "device": "mps"},
    {"engine": "pytorch", "n_threads": 2},
    {"device": "cuda:1", "n_threads": 2},
    {"device": "mps", "dtype": "float64"},
    {"precision": "tf32"},
    {"precision": "tf32", "device": "mps"},
    {"precision": "tf32", "engine": "reference"},
    {"device": "mps", "solver": "lbfgs"},
    {"inputs": [Periodic(columns=1), Categorical(columns=0)], "input_noise": 0.1},
    {"members": Shared(own_rows=True), "shuffle": False},
    {"members": Shared(own_rows=True), "solver": "lbfgs"},
]


class Own:
    def value_and_delta(self, logits, y, sample_weight):
        return np.zeros(len(logits)), np.zeros_like(logits)


# Cases with parameters that only one of the two classes has.
CLASHES_OF_ONE = [
    (MLPRegressor, {"quantile": (0.1, 0.9), "loss": "poisson"}),
    (MLPClassifier, {"label_smoothing": 0.1, "loss": Own()}),
    (MLPClassifier, {"label_smoothing_schedule": "coslog4", "solver": "lbfgs"}),
    (MLPClassifier, {"label_smoothing_schedule": "coslog4", "label_smoothing": 0.0}),
    (MLPRegressor, {"loss": Own}),
    (MLPClassifier, {"loss": Own}),
    (MLPRegressor, {"scale_target": True, "loss": "gamma"}),
    (MLPRegressor, {"scale_target": True, "loss": Gamma()}),
    (MLPRegressor, {"quantile": (0.1, 0.9), "loss": Quantile()}),
    (MLPClassifier, {"focal_gamma": 1.0, "loss": Focal()}),
    (MLPRegressor, {"scale_target": True, "output_activation": "softplus"}),
]
EVERY_CLASH = [
    *((estimator, clash) for clash in CLASHES for estimator in (MLPClassifier, MLPRegressor)),
    *CLASHES_OF_ONE,
]


@pytest.mark.parametrize(
    ("estimator", "clash"),
    EVERY_CLASH,
    ids=lambda actual: "-".join(actual) if isinstance(actual, dict) else actual.__name__,
)
def test_the_message_names_both_parameters_and_a_cure(estimator, clash):
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"\. (Leave|Set|Choose)") as caught:
        estimator(**clash).fit(X, y)
    for name, value in clash.items():
        assert f"{name}={value!r}" in str(caught.value)


def test_every_contradiction_is_tested():
    for contradiction in CONTRADICTIONS:
        assert any(contradiction.message(made(**clash)) is not None for made, clash in EVERY_CLASH)


@pytest.mark.parametrize("contradiction", CONTRADICTIONS, ids=lambda each: each.message.__name__)
def test_no_contradiction_has_a_message_with_its_parameters_at_their_defaults(contradiction):
    for made, clash in EVERY_CLASH:
        defaults = made().get_params(deep=False)
        at_default = {name: defaults[name] for name in contradiction.parameters if name in defaults}
        if at_default.keys() == {"solver"}:
            continue  # Those of full-batch solvers are asked with these alone.
        assert contradiction.message(made(**clash).set_params(**at_default)) is None
