"""Any combination of parameters: both engines agree, and a saved model equals the original.

Any parameters are either refused by name, or give a model that can be saved and exported.
"""

import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, reject, seed, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError
from tests.export.conftest import c_compiler, columns_of, run_header, run_onnx, run_torch
from tests.fuzz.budget import first_seed, n_mutants
from tests.fuzz.parameters import any_parameters

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import ExportError, LaminaError
from lamina.estimators.settings.contradictions import refuse_contradictions
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.formulas import ACTIVATIONS, LOSSES, NORMALIZATIONS, OPTIMIZERS, PENALTIES
from lamina.formulas.hyperparameters import names_of

X = np.random.RandomState(0).standard_normal((40, 4))
SCORES = X @ np.random.RandomState(1).standard_normal((4, 3)) + np.tanh(X[:, :3])
names = st.sampled_from(sorted(ACTIVATIONS))
rates = st.sampled_from([0.0, 0.25, 0.5])
parameters = st.fixed_dictionaries(
    {"hidden_layer_sizes": st.sampled_from([(6,), (6, 6), (5, 6, 6)])},
    optional={
        "activation": names,
        "output_activation": st.one_of(st.none(), names),
        "normalization": st.one_of(st.none(), st.sampled_from(sorted(NORMALIZATIONS))),
        "parametrization": st.sampled_from(["standard", "ntk"]),
        "blended_activation": st.booleans(),
        "initializer": st.sampled_from(["glorot_uniform", "orthogonal", "data"]),
        "rate_factors": st.sampled_from([None, {"bias": 0.1, "scale": 6, "activation": 0.0}]),
        "dropout": rates,
        "input_dropout": rates,
        "input_noise": rates,
        "solver": st.sampled_from(sorted(OPTIMIZERS)),
        "penalty": st.sampled_from(sorted(PENALTIES)),
        "weight_decay": st.sampled_from([None, 0.0, 0.1]),
        "max_gradient_norm": st.sampled_from([None, 0.1, 10.0]),
        "average_decay": st.sampled_from([None, 0.9]),
        "amsgrad": st.booleans(),
        "alpha": st.sampled_from([0.0, 0.01]),
        "batch_size": st.sampled_from([7, 20]),
        "learning_rate": st.sampled_from(["constant", "cosine", "exponential", "one_cycle"]),
        "warmup": st.sampled_from([0, 2]),
        "shuffle": st.booleans(),
        "drop_last": st.booleans(),
        "dropout_schedule": st.sampled_from([None, "flat_cos", "coslog4"]),
        "weight_decay_schedule": st.sampled_from([None, "cosine"]),
        "patience_factor": st.sampled_from([1, 2.5]),
        "restore_best": st.sampled_from([None, False, True, "last_of_ties"]),
        "early_stopping": st.booleans(),
        "momentum": st.sampled_from([0.0, 0.9]),
    },
)
# A single quantile, or several in ascending order; another test covers invalid ones.
quantiles = st.one_of(
    st.just(0.3),
    st.sets(st.sampled_from([0.1, 0.25, 0.5, 0.9]), min_size=1).map(
        lambda drawn: (*sorted(drawn),)
    ),
)
quick = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def fitted(estimator, y, **given_parameters):
    model = estimator(max_iter=3, learning_rate_init=1e-3, random_state=0, **given_parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def answer(model):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def hold(estimator, y, given_parameters):
    if given_parameters.get("normalization"):
        # A bias before a batch normalization has only rounding errors as its gradient, and most
        # solvers turn those into full steps.
        given_parameters = {**given_parameters, "solver": "sgd"}
    try:
        refuse_contradictions(estimator(**given_parameters), incremental=False)
    except InvalidParameterError:
        reject()
    native, reference = (
        fitted(estimator, y, engine=engine, **given_parameters)
        for engine in ("native", "reference")
    )
    assert_allclose(answer(native), answer(reference), rtol=1e-8, atol=1e-10)
    assert_allclose(native.loss_, reference.loss_, rtol=1e-8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lamina"
        lamina.save(native, path)
        assert_array_equal(answer(lamina.load(path)), answer(native))


@quick
@given(
    drawn=parameters,
    loss=st.sampled_from(sorted(REGRESSION_LOSSES)),
    quantile=quantiles,
    residual=st.booleans(),
    n_outputs=st.sampled_from([1, 2]),
)
def test_a_regressor_of_any_parameters(drawn, loss, quantile, residual, n_outputs):
    if "quantile" in names_of(LOSSES[loss].hyperparameters):
        drawn = {**drawn, "quantile": quantile}
    # Positive, so that every loss supports the targets.
    y = np.exp(0.3 * (SCORES[:, 0] if n_outputs == 1 else SCORES[:, :2]))
    hold(MLPRegressor, y, {**drawn, "loss": loss, "residual": residual})


@quick
@given(
    drawn=parameters,
    n_classes=st.sampled_from([2, 3]),
    extra=st.fixed_dictionaries(
        {},
        optional={
            "loss": st.sampled_from(["log_loss", "focal"]),
            "label_smoothing": st.sampled_from([0.0, 0.1]),
            "class_weight": st.sampled_from([None, "balanced", {0: 2.0}]),
        },
    ),
)
def test_a_classifier_of_any_parameters(drawn, n_classes, extra):
    hold(MLPClassifier, SCORES[:, :n_classes].argmax(axis=1), {**drawn, **extra})


TARGETS = {
    MLPRegressor: [np.exp(0.3 * SCORES[:, 0]), np.exp(0.3 * SCORES[:, :2])],
    MLPClassifier: [
        SCORES[:, :2].argmax(axis=1),
        SCORES.argmax(axis=1),
        (SCORES > 0).astype(int),
        np.stack([SCORES.argmax(axis=1), SCORES[:, :2].argmax(axis=1)], axis=1),
    ],
}
drawn_models = st.sampled_from([MLPRegressor, MLPClassifier]).flatmap(
    lambda estimator: st.tuples(
        st.just(estimator),
        st.integers(0, len(TARGETS[estimator]) - 1),
        any_parameters(estimator),
        st.sampled_from([True, False, False, False]),
    )
)
many = seed(first_seed())(
    settings(
        max_examples=max(1, n_mutants(2500) // 100),
        suppress_health_check=[HealthCheck.too_slow],
        deadline=None,
        database=None,
    )
)


@given(drawn_models)
def hold_any(drawn):
    estimator, target, given_parameters, compiles = drawn
    model = estimator(max_iter=2, max_fun=20, random_state=0).set_params(**given_parameters)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, TARGETS[estimator][target])
    except (LaminaError, InvalidParameterError):
        return
    except (ValueError, TypeError) as error:
        # The message names the parameter at fault.
        assert any(name in str(error) for name in model.get_params()), error  # noqa: PT017
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.lamina"
        lamina.save(model, path)
        found, expected = (as_list(answer(each)) for each in (lamina.load(path), model))
        for ours, theirs in zip(found, expected, strict=True):
            assert_array_equal(ours, theirs)
    hold_exports(model, compiles)


def as_list(answers):
    """Return the predictions for each column of labels; a list of one for a single column."""
    return answers if isinstance(answers, list) else [answers]


def hold_exports(model, compiles):
    """Check that the exported models predict like the original."""
    expected = np.asarray(model.predict(X))
    for export in (lamina.to_sklearn, run_python_file):
        try:
            exported = export(model)
        except ExportError:
            continue
        found = exported(X) if callable(exported) else exported.predict(X)
        if expected.dtype.kind == "f":
            assert_allclose(np.ravel(found), expected.ravel(), rtol=1e-4, atol=1e-4)
        else:
            assert (np.ravel(found) == expected.ravel()).mean() > 0.9
    rows = X.astype(model.coefs_[0].dtype)
    expected = columns_of(model, rows)
    for run in runs_of_exports(compiles):
        try:
            found = run(model, rows)
        except ExportError:
            continue
        assert found.shape == expected.shape
        scale = np.abs(expected).max()
        # A number halfway between two bfloat16 numbers may be rounded either way.
        tolerance = 0.02 if model.precision else {"float32": 1e-4, "float64": 1e-9}[rows.dtype.name]
        assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale)


def runs_of_exports(compiles):
    """Yield each export whose runtime is installed; C, the slowest, if compiles is True."""
    runs = [run_onnx] if find_spec("onnx") and find_spec("onnxruntime") else []
    runs += [run_torch] if find_spec("torch") else []
    return [*runs, run_c] if compiles and c_compiler() else runs


def run_c(model, rows):
    with tempfile.TemporaryDirectory() as folder:
        return run_header(model, rows, c_compiler(), Path(folder))


def run_python_file(model):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exported.py"
        lamina.to_python(model, path)
        names = {}
        exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
    return names["predict"]


test_any_parameters_are_refused_by_name_or_give_a_model_that_is_saved_and_exported = many(hold_any)
