"""Fitted models with inputs= in every format: their numbers, missing and unseen categories."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.export.conftest import columns_of

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import ExportError
from lamina.inputs import Categorical, Identity, OneHot, Periodic, PiecewiseLinear, Scaled
from lamina.members import Independent, Shared

RANDOM = np.random.RandomState(0)
N_SAMPLES = 60
X = np.column_stack(
    [RANDOM.standard_normal((N_SAMPLES, 4)), RANDOM.choice([5, 7, 8], (N_SAMPLES, 2))]
)
X[3, 4] = X[7, 5] = np.nan
Y = X[:, 0] * X[:, 1] + (X[:, 4] == 7)
NUMBERS = [
    Periodic(columns=[0, 3], n_frequencies=4),
    PiecewiseLinear(columns=[1], n_bins=6, n_outputs=3),
    Scaled(columns=[2]),
]
INPUTS = {
    "numbers": [*NUMBERS, Identity(columns=[4, 5])],
    "categories": [*NUMBERS, Categorical(columns=[5]), OneHot(columns=[4])],
    "codes alone": [OneHot(columns=[4, 5]), Identity(columns=[0, 1, 2, 3])],
    "scaled outputs": [
        Periodic(columns=[0, 3], n_frequencies=4, scaled=True),
        PiecewiseLinear(columns=[1], n_bins=6, n_outputs=3, scaled=True),
        Categorical(columns=[5], scaled=True),
        OneHot(columns=[4], scaled=True),
    ],
    "one object": Periodic(),
}


def fitted(inputs, dtype="float64", estimator=MLPRegressor, **parameters):
    rows = X.astype(dtype)
    if not reads_categories(inputs):
        rows = np.nan_to_num(rows)
    y = Y if estimator is MLPRegressor else (Y > 0).astype(int)
    model = estimator(
        hidden_layer_sizes=(6,),
        inputs=inputs,
        max_iter=3,
        random_state=0,
        **parameters,
    )
    with pytest.warns(Warning, match="hasn't converged"):
        return model.fit(rows, y), rows


def reads_categories(inputs):
    return isinstance(inputs, list) and any(
        isinstance(each, Categorical | OneHot) for each in inputs
    )


@pytest.mark.parametrize("estimator", [MLPRegressor, MLPClassifier])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("inputs", INPUTS.values(), ids=INPUTS)
def test_every_format_predicts_the_numbers_of_the_model(run, inputs, dtype, estimator):
    model, rows = fitted(inputs, dtype, estimator)
    tolerance = 1e-11 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(
        run(model, rows), columns_of(model, rows), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize(
    "members", [Shared(3), Shared(2, kind="tabm_mini"), Independent(2)], ids=str
)
def test_every_format_predicts_the_mean_of_members_with_inputs(run, members):
    model, rows = fitted(INPUTS["categories"], estimator=MLPClassifier, members=members)
    np.testing.assert_allclose(run(model, rows), columns_of(model, rows), rtol=1e-11, atol=1e-11)


def test_missing_and_unseen_categories_have_one_prediction_in_every_format(run):
    model, rows = fitted(INPUTS["categories"])
    others = np.repeat(rows[:1], 4, axis=0)
    others[:, 5] = [np.nan, 6, 0, 2.0**53 - 1]
    expected = columns_of(model, others)
    assert np.ptp(expected) == 0
    np.testing.assert_allclose(run(model, others), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("number", [0.5, -1.0, np.inf, 2.0**53])
def test_a_number_that_no_category_may_have_gives_no_prediction(run_c, number):
    model, rows = fitted(INPUTS["categories"])
    rows = rows[:3].copy()
    rows[1, 5] = number
    with pytest.raises(ValueError, match=r"infinity|categor"):
        model.predict(rows)
    names = {}
    exec(lamina.to_python(model), names)
    with pytest.raises(ValueError, match=r"X\[1, 5\] is .* column 5 holds categories"):
        names["predict"](rows)
    assert np.isnan(run_c(model, rows)).ravel().tolist() == [False, True, False]


def test_a_pipeline_scales_before_the_stage():
    model = make_pipeline(
        StandardScaler(),
        MLPRegressor(inputs=NUMBERS, max_iter=3, random_state=0),
    )
    rows = np.nan_to_num(X)
    with pytest.warns(Warning, match="hasn't converged"):
        model.fit(rows, Y)
    names = {}
    exec(lamina.to_python(model), names)
    np.testing.assert_allclose(names["predict"](rows), model.predict(rows), rtol=1e-11)


def test_the_head_of_a_file_counts_the_columns_of_x():
    model, _ = fitted(INPUTS["categories"])
    assert "predicts 1 number from 6 features" in lamina.to_python(model).splitlines()[0]


def test_a_network_with_inputs_is_refused_by_scikit_learn():
    model, _ = fitted(INPUTS["categories"])
    with pytest.raises(ExportError, match="no parameter 'inputs'"):
        lamina.to_sklearn(model)
    model.inputs = None
    with pytest.raises(ExportError, match="layers and activations alone"):
        lamina.to_sklearn(model)
