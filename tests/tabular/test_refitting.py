"""Refits on new rows: accepted only if complete and better on these rows."""

import copy
import pickle
import signal

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import lamina
from lamina import TabularClassifier, TabularRegressor
from lamina.errors import TableError
from lamina.tabular import refitting
from lamina.tabular.refitting import NewSample, PairedLoss, compare

pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")


def table_of(n_samples=200, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": rng.normal(size=n_samples),
            "weight": rng.normal(size=n_samples),
            "shop": rng.choice([f"s{i}" for i in range(12)], n_samples),
        }
    )
    signal = table["size"] * (1 - shift) + table["weight"] * shift
    return table, (signal + 0.2 * rng.normal(size=n_samples)).to_numpy()


def target_of(estimator, values):
    if estimator is TabularRegressor:
        return values
    return np.array(["low", "middle", "high"])[np.digitize(values, [-0.5, 0.5])]


@pytest.fixture(scope="module", params=[TabularClassifier, TabularRegressor])
def fitted(request):
    table, values = table_of()
    model = request.param(quality="fast", random_state=0, n_jobs=1)
    return model.fit(table, target_of(request.param, values))


@pytest.fixture
def model(fitted):
    return copy.deepcopy(fitted)


@pytest.fixture(scope="module")
def classifier():
    table, values = table_of()
    return TabularClassifier(quality="fast", random_state=0, n_jobs=1).fit(
        table, target_of(TabularClassifier, values)
    )


def new_rows(model, **options):
    table, values = table_of(**options)
    return table, target_of(type(model), values)


def predict(model):
    return getattr(model, "predict_proba", model.predict)(table_of(seed=9)[0])


def assert_unchanged(model, before):
    np.testing.assert_array_equal(predict(model), before)


def test_rows_of_another_relation_are_learned_and_kept_through_a_file(model, tmp_path):
    before, new = model.score(*new_rows(model, seed=2, shift=1.0)), new_rows(model, seed=1, shift=1)
    kept = {name: vars(model)[name] for name in ("inputs_", "oof_predictions_", "folds_")}
    score, weights = model.validation_score_, model.member_weights_.copy()
    assert model.refit(*new) is model
    assert model.score(*new_rows(model, seed=2, shift=1.0)) > before + 0.2
    assert model.remarks_[-1].startswith("refit on 200 new rows was taken:")
    assert all(vars(model)[name] is value for name, value in kept.items())
    assert model.validation_score_ == score
    np.testing.assert_array_equal(model.member_weights_, weights)
    lamina.save(model, tmp_path / "model.lamina")
    again = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(predict(again), predict(model))
    again.refit(*new)
    model.refit(*new)
    np.testing.assert_array_equal(predict(again), predict(model))


def test_few_rows_of_much_noise_change_the_remarks_alone(model):
    before, state = predict(model), dict(vars(model))
    table, values = table_of(16, seed=101)
    noise = np.random.default_rng(1).normal(0, 1, 16)
    model.refit(table, target_of(type(model), values + noise))
    assert_unchanged(model, before)
    assert {name for name in state if vars(model)[name] is not state[name]} == {"remarks_"}
    assert model.remarks_[:-1] == state["remarks_"]
    assert model.remarks_[-1].startswith("refit on 16 new rows changed nothing:")


def test_parameters_of_the_networks_stay(model):
    before = [member.network.get_params() for member in model.members_]
    model.refit(*new_rows(model, seed=1, shift=1.0))
    assert model.remarks_[-1].startswith("refit on 200 new rows was taken")
    assert [member.network.get_params() for member in model.members_] == before


@pytest.mark.parametrize("setting", [{"n_jobs": 2}, {"n_jobs": 1}])
def test_the_result_depends_on_no_number_of_jobs(model, setting):
    expected = copy.deepcopy(model).refit(*new_rows(model, seed=1, shift=1.0))
    model.set_params(**setting).refit(*new_rows(model, seed=1, shift=1.0))
    np.testing.assert_array_equal(predict(model), predict(expected))


def test_rows_of_weight_zero_are_left_out(model):
    (first, y), (second, z) = new_rows(model, seed=1, shift=1.0), new_rows(model, seed=4)
    expected = copy.deepcopy(model).refit(first, y, np.ones(200))
    weight = np.repeat([1.0, 0.0], 200)
    model.refit(pd.concat([first, second]), np.concatenate([y, z]), weight)
    np.testing.assert_array_equal(predict(model), predict(expected))
    assert "200 new rows" in model.remarks_[-1]


def test_a_regressor_s_range_grows_to_hold_new_values():
    table, values = table_of()
    model = TabularRegressor(quality="fast", random_state=0).fit(table, values)
    model.refit(table, values + 10)
    assert model.target_range_ == (values.min(), values.max() + 10)
    assert model.predict(table).max() > values.max()


def test_classes_that_the_new_rows_lack_are_still_predicted(classifier):
    model = copy.deepcopy(classifier)
    table, values = table_of(seed=1, shift=1.0)
    two = values > -0.5
    model.refit(table[two], target_of(TabularClassifier, values[two]))
    assert predict(model).shape == (200, 3)
    assert np.isfinite(predict(model)).all()


@pytest.mark.parametrize("weights", ["balanced", {"low": 2.0, "middle": 1.0, "high": 1.0}])
def test_weights_of_classes_are_those_of_the_parameter(classifier, weights):
    model = copy.deepcopy(classifier).set_params(class_weight=weights)
    model.refit(*new_rows(model, seed=1, shift=1.0))
    assert model.remarks_[-1].startswith("refit on 200 new rows")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X.drop(columns="size"), y), "no column 'size', which the model needs"),
        (lambda X, y: (X.rename(columns={"size": "sise"}), y), "Did you mean 'sise'"),
        (lambda X, y: (X.assign(size="odd"), y), "'size' holds 'odd' in row 1"),
        (lambda X, y: (X.assign(size=np.inf), y), "'size' holds infinity in row 1"),
        (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
        (lambda X, y: (X[:7], y[:7]), "refit found 7 samples"),
        (lambda X, y: (X, [None, *y[1:]]), "NaN"),
        (lambda X, y: (X, y, np.zeros(200)), "at least one non-zero|refit found 0 samples"),
        (lambda X, y: (X, y, -np.ones(200)), "Negative values"),
    ],
)
def test_wrong_rows_are_refused_and_leave_the_model_whole(model, change, message):
    before = predict(model)
    with pytest.raises((TableError, ValueError), match=message):
        model.refit(*change(*new_rows(model, seed=1)))
    assert_unchanged(model, before)


def test_a_class_not_seen_before_is_named_with_its_row_and_the_cure(classifier):
    table, y = new_rows(classifier, seed=1)
    y = y.astype(object)
    y[[4, 9]], y[20] = "huge", "tiny"
    message = r"'huge' in row 5, and 1 more\. Leave these rows out, or fit again"
    with pytest.raises(ValueError, match=message):
        copy.deepcopy(classifier).refit(table, y)


def test_a_model_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError):
        TabularRegressor().refit(*table_of())


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_and_errors_leave_the_model_whole(model, n_jobs, monkeypatch):
    before, state = predict(model), pickle.dumps(model)
    model.set_params(n_jobs=n_jobs)
    calls = []

    def strike(done, total, seconds_left):
        calls.append(done)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)

    model._progress = strike
    with pytest.raises(KeyboardInterrupt):
        model.refit(*new_rows(model, seed=1, shift=1.0))
    del model._progress
    assert_unchanged(model, before)
    monkeypatch.setattr(refitting, "inputs_by_recipe", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.refit(*new_rows(model, seed=1, shift=1.0))
    assert_unchanged(model, before)
    assert pickle.dumps(model.set_params(n_jobs=1)) == state


def test_members_are_compared_on_rows_that_they_held_out(model):
    table, y = new_rows(model, seed=1)
    sample = model._read_new_sample(table, y, None)
    assert sorted(set(sample.folds.tolist())) == [0, 1, 2, 3]
    # Each sample is held out by one member: four members of four splits.
    loss = compare(sample, model.members_, model.members_, model.member_weights_, lambda mean: mean)
    expected = np.empty(len(table))
    for fold, member in enumerate(model.members_):
        rows = sample.folds == fold
        part = NewSample(sample.encoded.rows(rows), sample.target.rows(rows), None, None)
        predictions = part.target.predict(member.network, member.matrix(part.encoded))
        expected[rows] = part.target.losses(predictions)
    assert loss.before == pytest.approx(expected.mean())
    assert loss.gain == loss.standard_error == 0
    assert not loss.is_better


@pytest.mark.parametrize(
    ("gain", "error", "better"),
    [(0.3, 0.2, True), (0.2, 0.2, False), (-0.3, 0.1, False), (np.nan, 0.1, False), (0, 0, False)],
)
def test_a_gain_within_its_standard_error_is_none(gain, error, better):
    assert PairedLoss("log loss", 1.0, 1.0 - gain, gain, error).is_better == better


def test_a_limit_of_time_ends_the_training_and_says_so(model):
    model.set_params(time_limit=1e-3).refit(*new_rows(model, seed=1, shift=1.0))
    assert model.remarks_[-2] == "time_limit ended the refit of 4 of 4 networks"
    assert np.isfinite(predict(model)).all()
