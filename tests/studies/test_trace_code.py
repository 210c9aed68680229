"""The Python lines of a trace reproduce its numbers when run in order."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from tests.studies.lines_of_a_trace import run_lines

import lamina
from lamina.activations import CELU, ELU, LeakyReLU
from lamina.formulas import ACTIVATIONS, LOSSES, NORMALIZATIONS, OPTIMIZERS, PENALTIES
from lamina.formulas.hyperparameters import names_of
from lamina.studies.trace_code import read_by

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS, SPECIES = load_iris(return_X_y=True)
X, y = IRIS[::10] - IRIS.mean(axis=0), SPECIES[::10]
VALUES = np.stack([IRIS[::10, 3] + 0.5, IRIS[::10, 0]], axis=1)
BRIEF = {"hidden_layer_sizes": (4, 3), "max_iter": 2, "random_state": 0, "shuffle": False}
# A non-default value of each hyperparameter of a loss.
UNUSUAL = {
    "huber_threshold": 0.3,
    "quantile": (0.1, 0.5, 0.8),
    "tweedie_power": 1.3,
    "focal_gamma": 1.5,
    "label_smoothing": 0.2,
}


OTHERS = [CELU(alpha=0.4), ELU(alpha=2.5), LeakyReLU(negative_slope=0.3)]


def get_parameters(loss):
    return {name: UNUSUAL[name] for name in names_of(loss.hyperparameters)}


def check(cls=lamina.MLPClassifier, targets=y, sample_weight=None, fits=True, **parameters):
    model = cls(**{**BRIEF, **parameters})
    if fits:
        model.fit(X, targets)
    trace = lamina.trace_step(model, X, targets, sample_weight, dropout=True)
    run_lines(model, trace, sample_weight)
    return trace


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OTHERS], ids=str)
@pytest.mark.parametrize("blended", [False, True], ids=["alone", "blended"])
def test_lines_reproduce_the_numbers_of_every_activation(activation, blended):
    check(activation=activation, blended_activation=blended)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=lambda loss: loss.name)
@pytest.mark.parametrize("weighted", [False, True], ids=["alike", "weighted"])
def test_lines_reproduce_the_numbers_of_every_loss(loss, weighted):
    weight = np.linspace(0.5, 2, len(y)) if weighted else None
    if loss.task == "regression":
        check(lamina.MLPRegressor, VALUES, weight, loss=loss.name, **get_parameters(loss))
        return
    two = (y > 0).astype(int)
    is_binary = loss.targets == "values"
    name = {"binary_log_loss": "log_loss", "binary_focal": "focal"}.get(loss.name, loss.name)
    name = {"smoothed_log_loss": "log_loss"}.get(name, name)
    trace = check(
        targets=two if is_binary else y, sample_weight=weight, loss=name, **get_parameters(loss)
    )
    assert trace.step.objective.loss == loss.name


@pytest.mark.parametrize("penalty", PENALTIES)
def test_lines_reproduce_the_numbers_of_every_penalty(penalty):
    check(penalty=penalty, alpha=0.3, l1_ratio=0.2)


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"dropout": 0.5, "residual": True, "input_noise": 0.1, "input_dropout": 0.2},
        {"parametrization": "ntk", "residual": True},
    ],
)
def test_lines_reproduce_every_normalization_with_dropout_and_residuals(normalization, extra):
    check(hidden_layer_sizes=(4, 4), activation="prelu", normalization=normalization, **extra)


@pytest.mark.parametrize("fits", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"weight_decay": 0.1, "max_gradient_norm": 0.01, "learning_rate_init": 0.03},
        {"rate_factors": {"weight": 0.5, "bias": 2, "scale": 6}, "weight_decay": 0.1},
    ],
    ids=["plain", "surrounded", "with factors"],
)
def test_lines_reproduce_the_numbers_of_every_optimizer(fits, solver, extra):
    model = lamina.MLPClassifier(**{**BRIEF, "normalization": "layer", "solver": solver, **extra})
    fitted = lamina.MLPClassifier(**{**model.get_params(), "max_iter": 1}).fit(X, y)
    trace = lamina.trace_step(fitted if fits else model, X, y)
    # For an unfitted model, the parameters are the initial ones of a fit.
    views = trace.step.layout.views(trace.step.parameters)
    trace_inputs = SimpleNamespace(
        coefs_=views.weights, intercepts_=views.biases, unit_parameters_=views.unit_parameters
    )
    run_lines(trace_inputs, trace)


@pytest.mark.parametrize("solver", [each.name for each in OPTIMIZERS.values() if each.amsgrad])
def test_lines_reproduce_the_numbers_of_amsgrad(solver):
    check(solver=solver, amsgrad=True)


@pytest.mark.parametrize("nesterov", [False, True])
def test_lines_reproduce_the_numbers_with_and_without_nesterovs_momentum(nesterov):
    for solver in ("sgd", "muon"):
        check(solver=solver, nesterovs_momentum=nesterov, momentum=0.7)


def test_lines_reproduce_the_numbers_of_a_network_with_averaged_parameters():
    assert "learning.coefs_" in check(average_decay=0.9).numbers[1].code


def test_lines_reproduce_a_linear_model_and_one_without_an_update():
    check(hidden_layer_sizes=())
    trace = check(solver="lbfgs", max_iter=50)
    assert not [each for each in trace.numbers if each.part == "update"]


def test_lines_reproduce_several_targets_and_a_user_loss():
    class Cubic:
        def value_and_delta(self, logits, y, sample_weight):
            far = logits - y
            return (np.abs(far) ** 3).sum(axis=1), 3 * far * np.abs(far)

    check(lamina.MLPRegressor, VALUES, loss=Cubic())
    check(targets=np.stack([y, (y > 1).astype(int)], axis=1))


def test_each_number_is_computed_from_previous_ones():
    trace, seen = check(normalization="batch", dropout=0.5), set()
    variables = {each.variable for each in trace.numbers}
    for number in trace.numbers:
        assert (read_by(number.code) & variables) - {number.variable} <= seen
        seen.add(number.variable)
        assert isinstance(ast.parse(number.code).body[-1], ast.Assign)
    by_name = {each.variable: read_by(each.code) for each in trace.numbers}
    assert by_name["z_1"] == {"a_0", "W_1", "b_1"}
    assert {"a_0", "delta_1", "penalty_1"} == by_name["dW_1"]


def test_the_data_frame_contains_the_lines():
    pytest.importorskip("pandas")
    frame = check().to_frame()
    [line] = frame.loc[(frame.layer == "hidden_1") & (frame.name == "z"), "code"]
    assert line == "z_1 = a_0 @ W_1 + b_1"
