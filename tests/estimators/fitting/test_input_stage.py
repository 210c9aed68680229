"""Bins and categories of the inputs, learned from the samples of a fit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from tests.estimators.input_samples import (
    EVERY_KIND,
    FRAME,
    NUMBERS,
    Y,
    edges,
    regressor,
)

from lamina import MLPClassifier
from lamina.estimators.fitting.fitted_network import get_network
from lamina.inputs import Categorical, OneHot, PiecewiseLinear

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1.0, r"X\[3, 3\] is -1: column 3 \('city'\) holds categories, which are whole numbers"),
        (0.5, r"X\[3, 3\] is 0\.5"),
        (2.0**53, r"X\[3, 3\] is 9007199254740992: .* from 9007199254740992 on float64"),
    ],
)
def test_numbers_that_no_category_has_are_refused_with_their_place(value, message):
    altered = FRAME.copy()
    altered.loc[3, "city"] = value
    with pytest.raises(ValueError, match=message):
        regressor(EVERY_KIND).fit(altered, Y)
    with pytest.raises(ValueError, match=message):
        regressor(EVERY_KIND).fit(FRAME, Y).predict(altered)


def test_the_place_of_a_number_counts_samples_without_targets():
    targets = np.column_stack([Y, Y])
    targets[0] = np.nan
    altered = FRAME.copy()
    altered.loc[3, "city"] = -1
    with pytest.raises(ValueError, match=r"X\[3, 3\] is -1"):
        regressor(EVERY_KIND).fit(altered, targets)


def test_bins_of_a_tree_ignore_missing_targets():
    x = np.linspace(0, 1, 200)[:, None]
    jump = (x[:, 0] > 0.8).astype(float)
    targets = np.column_stack([jump, np.where(x[:, 0] < 0.5, np.nan, jump)])
    model = regressor(PiecewiseLinear(n_bins=2, bins="tree")).fit(x, targets)
    assert edges(model)[0, 1] == pytest.approx(0.8, abs=0.01)


def test_whole_numbers_that_float32_cannot_tell_apart_are_refused():
    X = np.array([[2.0**24], [2.0**24 + 1], [1.0], [2.0]])
    with pytest.raises(ValueError, match="from 16777216 on float32 cannot hold"):
        regressor("categorical", dtype="float32").fit(X, np.arange(4.0))
    assert regressor("categorical").fit(X, np.arange(4.0)).input_stage_.groups[0].n_codes == (5,)


def test_a_column_of_categories_that_are_all_missing_is_refused():
    X = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    with pytest.raises(ValueError, match="column 0 of X holds categories, and all of its values"):
        regressor(Categorical(columns=0)).fit(X, [0.0, 1.0])


def test_missing_and_unknown_categories_predict_alike_and_other_gaps_are_refused():
    for kind in (Categorical(columns=["city", "kind"]), OneHot(columns=["city", "kind"])):
        model = regressor([kind]).fit(FRAME, Y)
        missing, unknown = FRAME.copy(), FRAME.copy()
        missing["city"], unknown["city"] = np.nan, 6
        assert_array_equal(model.predict(missing), model.predict(unknown))
        assert not np.allclose(model.predict(missing), model.predict(FRAME))
        missing["age"] = np.nan
        with pytest.raises(ValueError, match=r"contains NaN: X\[0, 1 \('age'\)\] is nan"):
            model.predict(missing)
    with pytest.raises(ValueError, match="contains NaN"):
        regressor("periodic").fit(np.where(NUMBERS > 0.9, np.nan, NUMBERS), Y)
    with pytest.raises(ValueError, match=r"contains NaN: X\[0, 0\]"):
        regressor("periodic").fit(NUMBERS, Y).predict(np.full((1, 3), np.nan))
    with pytest.raises(ValueError, match="infinity"):
        model.predict(FRAME.replace(5.0, np.inf))


def test_missing_categories_of_the_fit_train_code_0():
    X = FRAME.copy()
    X.loc[::3, "city"] = np.nan
    model = regressor([Categorical(columns="city", n_outputs=2)]).fit(X, Y)
    assert model.input_parameters_[0][0].any()
    assert not regressor([Categorical(columns="city")]).fit(FRAME, Y).input_parameters_[0][0].any()


def test_values_of_categories_have_no_order_and_no_size():
    renamed = FRAME.assign(city=FRAME["city"].map({2: 0, 5: 3, 7: 4, 100: 999999}))
    first, second = regressor(EVERY_KIND).fit(FRAME, Y), regressor(EVERY_KIND).fit(renamed, Y)
    assert_array_equal(first.predict(FRAME), second.predict(renamed))


def test_automatic_embeddings_have_an_output_a_category_up_to_eight():
    X = np.column_stack([np.arange(40) % 3, np.arange(40) % 20, np.ones(40)]).astype(float)
    model = regressor("categorical").fit(X, np.arange(40.0))
    groups = model.input_stage_.groups
    assert [(each.columns, each.n_outputs) for each in groups] == [((2,), 1), ((0,), 3), ((1,), 8)]


def test_bins_are_quantiles_of_the_training_samples():
    model = regressor(PiecewiseLinear(n_bins=4)).fit(NUMBERS, Y)
    quantiles = np.quantile(NUMBERS, np.linspace(0, 1, 3), axis=0, method="inverted_cdf").T
    assert_array_equal(edges(model)[:, 1:-1], quantiles)


def test_two_bins_lie_outside_of_the_values_in_training():
    found = edges(regressor(PiecewiseLinear(n_bins=4)).fit(NUMBERS, Y))
    low, high = NUMBERS.min(axis=0), NUMBERS.max(axis=0)
    assert_array_equal(found[:, [0, -1]], np.transpose([low - (high - low), high + (high - low)]))
    two = edges(regressor(PiecewiseLinear(n_bins=2)).fit(NUMBERS, Y))
    assert_array_equal(two[:, [0, -1]], np.transpose([low, high]))


@pytest.mark.parametrize("bins", ["quantiles", "tree"])
def test_values_outside_of_the_training_range_have_ordinary_predictions(bins):
    random_state = np.random.RandomState(0)
    x = np.concatenate([random_state.uniform(0, 1, 300), 1 - 1e-7 * random_state.uniform(size=60)])
    X, y = x[:, None], np.where(x > 1 - 1e-7, 1.0, 0.0)
    inputs = PiecewiseLinear(n_bins=16, n_outputs=4, bins=bins)
    model = regressor(inputs, dtype="float64", max_iter=100).fit(X, y)
    outside = model.predict(np.array([[1.05], [1.5], [2.0], [-0.5], [-1.0]]))
    assert np.abs(outside).max() < 10


def test_bins_ignore_samples_held_out_by_early_stopping():
    X = NUMBERS.copy()
    model = regressor(PiecewiseLinear(n_bins=4), early_stopping=True, random_state=3)
    before = edges(model.fit(X, Y))
    # With one sample at a time at 1000, only samples that the fit trains on move the last edge.
    moves = []
    for row in range(30):
        altered = X.copy()
        altered[row, 0] = 1000
        moves.append(edges(clone(model).fit(altered, Y))[0, -2] == 1000)
    assert 0 < sum(moves) < 30
    assert before[0, -2] <= 1


def test_bins_respect_sample_weights():
    model = regressor(PiecewiseLinear(n_bins=4))
    weight = np.where(NUMBERS[:, 0] > 0, 0.0, 1.0)
    weighted = edges(clone(model).fit(NUMBERS, Y, sample_weight=weight))
    assert weighted[0, -2] <= 0
    alone = edges(clone(model).fit(NUMBERS[weight > 0], Y[weight > 0]))
    np.testing.assert_allclose(weighted, alone)
    twice = np.where(NUMBERS[:, 0] > 0, 1, 3)
    repeated = np.repeat(NUMBERS, twice, axis=0), np.repeat(Y, twice)
    for bins in ("quantiles", "tree"):
        model.set_params(inputs__bins=bins)
        as_weights = edges(clone(model).fit(NUMBERS, Y, sample_weight=twice))
        np.testing.assert_allclose(as_weights, edges(clone(model).fit(*repeated)), rtol=1e-6)
    same = edges(clone(model).fit(NUMBERS, Y, sample_weight=np.full(120, 3.0)))
    np.testing.assert_allclose(same, edges(clone(model).fit(NUMBERS, Y)))


def test_bins_of_a_tree_lie_where_the_target_changes():
    x = np.linspace(0, 1, 400)[:, None]
    jump = (x[:, 0] > 0.8).astype(float)
    inputs = PiecewiseLinear(n_bins=2, bins="tree")
    model = regressor(inputs).fit(x, jump)
    np.testing.assert_allclose(edges(model), [[0, 0.8, 1]], atol=0.002)
    classifier = MLPClassifier((4,), inputs=inputs, engine="reference", max_iter=2)
    for y in (jump, jump + (x[:, 0] < 0.1), np.column_stack([jump, 1 - jump])):
        assert edges(clone(classifier).fit(x, y.astype(int)))[0, 1] == pytest.approx(0.8, abs=0.75)
    # Seconds since 1970, of which float32 has one in 128.
    late = edges(regressor(inputs).fit(1.7e9 + 100 * x, jump))
    np.testing.assert_allclose(late, [[1.7e9, 1.7e9 + 80, 1.7e9 + 100]], atol=0.2, rtol=0)


@pytest.mark.parametrize("bins", ["quantiles", "tree"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_constant_columns_and_bins_one_ulp_wide_are_safe(bins, dtype):
    one = np.ones(60, dtype)
    narrow = np.where(np.arange(60) % 2, one, np.nextafter(one, dtype(2)))
    tiny = np.arange(60) * np.finfo(dtype).smallest_subnormal
    X = np.column_stack([one, narrow, tiny, -one * dtype(1e3)]).astype(dtype)
    y = np.arange(60) % 2 * 1.0
    for solver in ("adam", "lbfgs") if dtype is np.float64 else ("adam",):
        model = regressor(PiecewiseLinear(bins=bins), solver=solver, diagnostics=False).fit(X, y)
        assert np.isfinite(model.predict(X)).all()


def test_an_initializer_of_all_parameters_keeps_its_bins():
    first = regressor(PiecewiseLinear(n_bins=4)).fit(NUMBERS, Y)
    start = get_network(first).parameters.copy()
    again = regressor(PiecewiseLinear(n_bins=4), initializer=start).fit(10 * NUMBERS, Y)
    assert_array_equal(edges(again), edges(first))
    arrays = [*first.coefs_, *first.intercepts_]
    other = regressor(PiecewiseLinear(n_bins=4), initializer=arrays).fit(10 * NUMBERS, Y)
    np.testing.assert_allclose(edges(other), 10 * edges(first))
