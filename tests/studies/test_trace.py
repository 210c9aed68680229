"""Traces: their numbers are those of the next step of a fit, and the model is not changed."""

import copy
import math

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as ScikitMLPClassifier
from sklearn.neural_network import MLPRegressor as ScikitMLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.formulas import OPTIMIZERS

IRIS, SPECIES = load_iris(return_X_y=True)
X, y = IRIS[::10], SPECIES[::10]
VALUES = X[:, 3] - 1
BRIEF = {
    "hidden_layer_sizes": (4, 3),
    "activation": "tanh",
    "max_iter": 3,
    "tol": 10,
    "n_iter_no_change": 1,
    "random_state": 0,
    "shuffle": False,
}


def brief(cls=lamina.MLPClassifier, **parameters):
    return cls(**{**BRIEF, **parameters})


def get_parameters(model):
    extra = getattr(model, "unit_parameters_", []), getattr(model, "running_statistics_", [])
    return np.concatenate(
        [np.ravel(part) for parts in (model.coefs_, model.intercepts_, *extra) for part in parts]
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"weight_decay": 0.1, "max_gradient_norm": 0.01, "alpha": 0.3, "penalty": "elasticnet"},
        {"warmup": 8.0, "learning_rate": "cosine", "max_iter": 30, "amsgrad": False},
        {
            "hidden_layer_sizes": (4, 4),
            "normalization": "layer",
            "dropout": 0.5,
            "residual": True,
            "input_noise": 0.1,
        },
    ],
    ids=["plain", "surrounded", "scheduled", "with blocks"],
)
def test_the_update_equals_that_of_the_next_step(solver, extra):
    model = brief(solver=solver, **extra).fit(X, y)
    trace = lamina.trace_step(model, X, y, dropout=True)
    before = get_parameters(model)
    after = get_parameters(model.partial_fit(X, y))
    np.testing.assert_allclose(before + trace.update.change, after, rtol=0, atol=1e-12)
    assert trace.update.step == model._optimizer_step


def test_the_running_statistics_move_with_the_update():
    # Before a batch normalization the bias's gradient is only rounding error, which only sgd
    # does not amplify.
    model = brief(solver="sgd", normalization="batch").fit(X, y)
    trace = lamina.trace_step(model, X, y)
    moved = trace.layers[1].extra["running variance"]
    before = get_parameters(model)
    after = get_parameters(model.partial_fit(X, y))
    np.testing.assert_allclose(before + trace.update.change, after, rtol=0, atol=1e-12)
    np.testing.assert_allclose(moved.value + moved.update, model.running_statistics_[1][1])
    assert moved.gradient is None


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam", "muon"])
def test_the_trace_of_an_unfitted_model_is_its_first_step(solver):
    model = brief(lamina.MLPRegressor, solver=solver, dropout=0.3, max_iter=1)
    trace = lamina.trace_step(model, X, VALUES, dropout=True)
    assert "first parameters, drawn with random_state=0" in trace.title
    fitted = model.fit(X, VALUES)
    np.testing.assert_allclose(
        trace.step.parameters + trace.update.change, get_parameters(fitted), rtol=0, atol=1e-12
    )
    assert trace.loss == pytest.approx(fitted.loss_curve_[0], rel=1e-12)


def test_a_model_with_an_average_is_traced_at_its_trained_parameters():
    model = brief(average_decay=0.9).fit(X, y)
    trace = lamina.trace_step(model, X, y)
    assert any("average" in note for note in trace.notes)
    np.testing.assert_array_equal(trace.step.parameters, model._trained_parameters)
    assert not np.array_equal(trace.layers[0].W, model.coefs_[0])


def test_the_model_is_not_changed(same):
    state = np.random.RandomState(3)
    for model in (brief(dropout=0.4).fit(X, y), brief(dropout=0.4)):
        model.set_params(random_state=state)
        as_it_was, drawn = copy.deepcopy(model), copy.deepcopy(state.get_state(legacy=False))
        lamina.trace_step(model, X, y, dropout=True)
        assert same(model, as_it_was)
        assert same(state.get_state(legacy=False), drawn)


def test_each_layer_has_every_number_in_its_shape():
    trace = lamina.trace_step(brief(alpha=0.5), X, y)
    assert [layer.layer for layer in trace.layers] == ["hidden_1", "hidden_2", "output"]
    first = trace.layers[0]
    assert first.W.shape == first.dW.shape == first.penalty.shape == first.update_W.shape == (4, 4)
    assert first.b.shape == first.db.shape == first.update_b.shape == (4,)
    assert first.z.shape == first.a.shape == first.delta.shape == first.d_a.shape == (15, 4)
    np.testing.assert_allclose(first.penalty, 0.5 * first.W / 15)
    np.testing.assert_allclose(first.a, np.tanh(first.z))
    np.testing.assert_allclose(trace.prediction.sum(axis=1), 1)
    assert (first.kept, first.z_hat) == (None, None)


def test_notes_mention_randomness_batch_statistics_and_means_over_outputs():
    model = brief(dropout=0.5, normalization="batch")
    without, drawn = lamina.trace_step(model, X, y), lamina.trace_step(model, X, y, dropout=True)
    assert any("are left out" in note for note in without.notes)
    assert any("are drawn" in note for note in drawn.notes)
    assert any("statistics of these rows" in note for note in without.notes)
    assert without.layers[0].kept is None
    assert set(np.unique(drawn.layers[0].kept)) == {0, 2}
    lbfgs = lamina.trace_step(brief(solver="lbfgs"), X, y)
    assert lbfgs.update is None
    assert lbfgs.layers[0].update_W is None
    assert any("line search" in note for note in lbfgs.notes)


def test_sample_weights_are_used_as_in_a_fit():
    weight = np.arange(1.0, 16)
    trace = lamina.trace_step(brief(), X, y, weight)
    assert trace.step.n == weight.sum()
    repeated = lamina.trace_step(brief(), np.repeat(X, 2, axis=0), np.repeat(y, 2))
    doubled = lamina.trace_step(brief(), X, y, np.full(15, 2.0))
    np.testing.assert_allclose(doubled.gradient, repeated.gradient, rtol=0, atol=1e-12)
    assert "w d / n" in repr(trace)


def test_sparse_samples_give_the_numbers_of_dense_ones():
    dense = lamina.trace_step(brief(), X, y)
    thin = lamina.trace_step(brief(), sparse.csr_array(X), y)
    np.testing.assert_allclose(thin.gradient, dense.gradient, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(thin.layers[0].a_prev, X)
    assert thin.path(0, 0, 1, 1).sum_of_paths == pytest.approx(
        dense.path(0, 0, 1, 1).sum_of_paths, rel=1e-9
    )


def test_numbers_are_float64_for_every_dtype_of_the_model():
    model = brief(dtype="float32", precision="bfloat16").fit(X, y)
    trace = lamina.trace_step(model, X, y)
    assert trace.gradient.dtype == np.float64
    np.testing.assert_array_equal(trace.layers[0].W, model.coefs_[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_the_trace_of_scikit_learns_perceptron_is_its_own_next_step(solver):
    model = ScikitMLPClassifier(
        (4,), solver=solver, max_iter=3, batch_size=15, shuffle=False, random_state=0
    ).fit(X, y)
    trace = lamina.trace_step(model, X, y)
    before = get_parameters(model)
    after = get_parameters(model.partial_fit(X, y))
    np.testing.assert_allclose(before + trace.update.change, after, rtol=0, atol=1e-12)


def test_an_unfitted_perceptron_of_scikit_learn_is_traced_at_its_initial_parameters():
    theirs = ScikitMLPRegressor("squared_error", (4, 3), "tanh", random_state=0)
    trace = lamina.trace_step(theirs, X, VALUES)
    ours = lamina.MLPRegressor("squared_error", (4, 3), "tanh", random_state=0)
    np.testing.assert_array_equal(trace.gradient, lamina.trace_step(ours, X, VALUES).gradient)


@pytest.mark.parametrize("fits", [True, False], ids=["fitted", "not fitted"])
def test_a_pipeline_transforms_the_samples_by_its_other_steps(fits):
    pipeline = make_pipeline(StandardScaler(), brief())
    if fits:
        pipeline.fit(X, y)
    trace = lamina.trace_step(pipeline, X, y)
    np.testing.assert_allclose(trace.layers[0].a_prev, StandardScaler().fit_transform(X))
    assert hasattr(pipeline[0], "mean_") == fits


def test_transformed_targets_are_those_of_the_networks_fit():
    scaled = TransformedTargetRegressor(
        brief(lamina.MLPRegressor), transformer=StandardScaler()
    ).fit(X, VALUES)
    trace = lamina.trace_step(scaled, X, VALUES)
    seen = (VALUES - VALUES.mean()) / VALUES.std()
    np.testing.assert_allclose(trace.to_dict()["y"][:, 0], seen)
    search = GridSearchCV(scaled, {"regressor__alpha": [0.1]}, cv=2).fit(X, VALUES)
    np.testing.assert_allclose(lamina.trace_step(search, X, VALUES).to_dict()["y"][:, 0], seen)


def test_several_outputs_and_a_user_loss_are_traced():
    class Cubic:
        def value_and_delta(self, logits, y, sample_weight):
            far = logits - y
            weight = 1 if sample_weight is None else sample_weight[:, np.newaxis]
            return (weight * np.abs(far) ** 3).sum(axis=1), weight * 3 * far * np.abs(far)

    targets = np.stack([VALUES, VALUES**2], axis=1)
    trace = lamina.trace_step(brief(lamina.MLPRegressor, loss=Cubic()), X, targets)
    assert "Cubic" in repr(trace)
    assert trace.prediction.shape == (15, 2)
    mean = lamina.trace_step(brief(lamina.MLPRegressor), X, targets)
    assert any("mean over 2 outputs" in note for note in mean.notes)


def test_it_prints_every_number_with_its_formula():
    text = repr(lamina.trace_step(brief(alpha=0.25), X[:2], y[:2]))
    for formula in (
        "z₁ = a₀ W₁ + b₁",
        "a₂ = f(z₂), f(z) = tanh(z)",
        "p = 1 / (1 + exp(-z)), z = a₃",
        "penalty = ½ α ‖W‖² / n, α = 0.25",
        "d = p - y",
        "dL/da₁ = delta₂ W₂ᵀ",
        "f'(z) = 1 - a²",
        "dL/dW₁ = a₀ᵀ delta₁ + penalty₁",
        "ΔW₃, by adam",
        "step t = 1",
    ):
        assert formula in text
    assert max(map(len, text.splitlines())) <= 140
    # Small arrays are printed completely.
    first = lamina.trace_step(brief(), X[:2], y[:2]).layers[0]
    assert all(f"{number:.4f}".rstrip("0") in text for number in first.b)


def test_large_matrices_are_shown_by_their_corners():
    wide = lamina.trace_step(brief(hidden_layer_sizes=(300,)), X, y)
    assert "..." in repr(wide)
    assert len(repr(wide).splitlines()) < 200


def test_in_a_notebook_formulas_are_mathml_and_colours_are_inherited():
    page = lamina.trace_step(brief(), X[:2], y[:2])._repr_html_()
    assert page.count("<math") == page.count("</math>") > 20
    assert "<msub><mi>z</mi><mn>1</mn></msub>" in page
    assert "currentColor" in page
    assert "#" not in page.replace("&#", "")


def test_it_converts_to_a_dict_and_to_a_frame():
    pytest.importorskip("pandas")
    trace = lamina.trace_step(brief(normalization="layer"), X, y)
    plain = trace.to_dict()
    assert set(plain["layers"]) == {"hidden_1", "hidden_2", "output"}
    np.testing.assert_array_equal(plain["layers"]["hidden_2"]["dW"], trace.layers[1].dW)
    assert plain["layers"]["hidden_1"]["d_scale"].shape == (4,)
    assert float(plain["loss"]) == trace.loss
    frame = trace.to_frame()
    assert [*frame.columns] == ["part", "layer", "name", "formula", "code", "shape", "value"]
    row = frame[(frame["layer"] == "output") & (frame["name"] == "delta")].iloc[0]
    np.testing.assert_array_equal(row["value"], trace.layers[-1].delta)
    assert row["shape"] == (15, 3)


def test_a_gradient_that_is_not_finite_is_shown_with_a_note():
    model = brief(lamina.MLPRegressor, activation="identity", loss="poisson")
    trace = lamina.trace_step(model, X * 1e200, VALUES + 2)
    assert any("NonFiniteError" in note for note in trace.notes)
    assert not math.isfinite(trace.loss)
    assert "nan" in repr(trace)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (LogisticRegression(), TypeError, "no multi-layer perceptron in a LogisticRegression"),
        (brief(alpha=-1), ValueError, "'alpha' parameter"),
    ],
)
def test_arguments_that_fit_rejects_are_rejected(model, error, message):
    with pytest.raises(error, match=message):
        lamina.trace_step(model, X, y)
