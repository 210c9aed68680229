"""Every activation with hyperparameters: other values than the defaults, from gradient to file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

import lamina
from lamina.choices import make_choice
from lamina.engines import OptimizerSettings
from lamina.errors import UnknownNameError
from lamina.formulas import ACTIVATIONS, ActivationChoice
from lamina.network import NetworkSpec

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

VALUES = (1e-6, 0.3, 4.0)
CHOICES = [
    ACTIVATIONS.choose(name, {each.name: value for each in record.hyperparameters})
    for name, record in ACTIVATIONS.items()
    for value in VALUES
    if record.hyperparameters
]
every_choice = pytest.mark.parametrize("choice", CHOICES, ids=str)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})


def as_object(choice):
    return make_choice("activation", choice.name, dict(choice.values))


@every_choice
def test_the_derivative_equals_finite_differences(choice):
    record, h = ACTIVATIONS[choice], 1e-6
    z = np.linspace(-6, 6, 48)[:, np.newaxis]
    differences = (record.value(z + h) - record.value(z - h)) / (2 * h)
    scale = max(1.0, choice.values[0][1])
    np.testing.assert_allclose(
        record.derivative(z, record.value(z)), differences, rtol=1e-6, atol=1e-8 * scale
    )


@every_choice
@every_dtype
@pytest.mark.parametrize(
    "widths", [(3, 5, 4, 2), (40, 70, 30, 3)], ids=["small network", "large network"]
)
@pytest.mark.parametrize("more", [{}, {"normalization": "layer", "dropout": 0.2}], ids=["", "more"])
def test_engines_agree(engine, reference, draw_problem, choice, dtype, widths, more):
    problem = draw_problem(
        widths, n_samples=150, activation=choice, dtype=dtype, loss="squared_error", **more
    )
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    for actual, expected in zip(
        engine.loss_and_gradient(*asked), reference.loss_and_gradient(*asked), strict=True
    ):
        assert_close(actual, expected, dtype)
    for n_samples in (1, 150):
        X = problem.rows.X[:n_samples]
        predictions = (each.predict(problem.network, X) for each in (engine, reference))
        assert_close(*predictions, dtype)


def assert_close(actual, expected, dtype):
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


@every_choice
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_threads_give_the_same_bits(choice, layout):
    X = np.random.RandomState(0).standard_normal((700, 20))
    y = X[:, :2] @ [1.0, -1.0]
    settings = {"hidden_layer_sizes": (60, 30), "max_iter": 3, "random_state": 0}
    one, other = (
        lamina.MLPRegressor(activation=as_object(choice), n_threads=n, **settings).fit(layout(X), y)
        for n in (1, 3)
    )
    for first, second in zip(one.coefs_, other.coefs_, strict=True):
        np.testing.assert_array_equal(first, second)


@every_choice
def test_a_spec_stores_name_and_values(choice):
    spec = NetworkSpec.perceptron([2, 4, 3, 1], (choice, "relu"), "identity", choice)
    plain = json.loads(json.dumps(spec.to_json()))
    assert plain["blocks"][0]["activation"] == {"name": choice.name, "values": dict(choice.values)}
    assert plain["blocks"][1]["activation"] == "relu"
    assert NetworkSpec.from_json(plain) == spec
    assert hash(NetworkSpec.from_json(plain)) == hash(spec)


def test_a_choice_of_defaults_is_the_name():
    for name, record in ACTIVATIONS.items():
        defaults = {each.name: each.default for each in record.hyperparameters}
        assert ACTIVATIONS.choose(name, defaults) == ACTIVATIONS.choose(name, {}) == name


def test_a_choice_prints_its_values():
    assert str(ACTIVATIONS.choose("leaky_relu", {"negative_slope": 0.2})) == (
        "leaky_relu(negative_slope=0.2)"
    )


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("celuu", {}, "'celuu' is not a known activation. Did you mean 'celu'"),
        ("celu", {"alpa": 1}, "activation 'celu' has no hyperparameter 'alpa'. Did you mean"),
        ("tanh", {"alpha": 1}, "activation 'tanh' has no hyperparameter 'alpha'. It has: none"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(name, values, message):
    with pytest.raises(UnknownNameError, match=message.replace(".", r"\.")):
        ACTIVATIONS.choose(name, values)


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, 1e-300, "much", None, True])
def test_a_value_that_loses_the_sign_of_a_or_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"must be a finite number >= 1e-06 and <= 1e\+06"):
        ACTIVATIONS.choose("celu", {"alpha": value})


@pytest.mark.parametrize(
    "plain", [{"name": "celu"}, {"name": "celu", "values": {"alpha": -1}}, 3, ["celu"], None]
)
def test_what_describes_no_activation_is_refused(plain):
    spec = NetworkSpec.perceptron([2, 4, 1], "celu", "identity").to_json()
    spec["blocks"][0]["activation"] = plain
    with pytest.raises(ValueError, match=r"activation|alpha"):
        NetworkSpec.from_json(spec)


@every_choice
def test_a_model_survives_saving(choice, tmp_path):
    X = np.random.RandomState(0).standard_normal((50, 3))
    model = lamina.MLPRegressor(
        hidden_layer_sizes=(4,), activation=[as_object(choice)], max_iter=3, random_state=0
    )
    model.fit(X, X[:, 0])
    lamina.save(model, tmp_path / "model.lamina")
    other = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    assert other.activation == model.activation
    assert str(choice) in str(lamina.describe(other))


def test_the_output_may_have_hyperparameters():
    X = np.random.RandomState(0).standard_normal((50, 3))
    output = lamina.activations.ELU(alpha=0.25)
    model = lamina.MLPRegressor(
        hidden_layer_sizes=(4,), output_activation=output, max_iter=60, random_state=0
    )
    assert model.fit(X, X[:, 0] - 3).predict(X).min() > -0.25


def test_the_alpha_of_an_activation_is_not_the_penaltys():
    X = np.random.RandomState(0).standard_normal((50, 3))
    model = lamina.MLPRegressor(
        hidden_layer_sizes=(4,), activation=lamina.activations.ELU(alpha=0.5), alpha=0.125
    )
    assert model.set_params(max_iter=2).fit(X, X[:, 0]).get_params()["alpha"] == 0.125
    with pytest.raises(lamina.errors.ExportError, match="activation"):
        lamina.to_sklearn(model)


def test_a_grid_search_sets_the_values():
    grid = lamina.MLPRegressor(activation=lamina.activations.CELU())
    grid.set_params(activation__alpha=0.5)
    assert grid.activation == lamina.activations.CELU(alpha=0.5)


def test_initial_weights_follow_the_values():
    record = ACTIVATIONS[ACTIVATIONS.choose("leaky_relu", {"negative_slope": 1.0})]
    # The identity.
    assert record.he_gain == pytest.approx(1.0, rel=1e-6)


def test_two_choices_of_equal_values_are_one():
    one, other = (ACTIVATIONS.choose("elu", {"alpha": value}) for value in (0.5, np.float64(0.5)))
    assert one == other == ActivationChoice("elu", (("alpha", 0.5),))
    assert ACTIVATIONS[one] is ACTIVATIONS[other]
    assert replace(one, values=(("alpha", 0.25),)) != one
