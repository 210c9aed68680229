"""Copies of fitted estimators for tables give the same bits: pickle, copies, joblib and files."""

import copy
import io
import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest

import lamina
from lamina import TabularClassifier, TabularRegressor

pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")

N_SAMPLES = 80


def by_pickle(model, folder):
    return pickle.loads(pickle.dumps(model))


def by_deepcopy(model, folder):
    return copy.deepcopy(model)


def by_joblib(model, folder):
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


def by_mapped_joblib(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib", mmap_mode="r")


def by_file(model, folder):
    lamina.save(model, folder / "model.lamina")
    return lamina.load(folder / "model.lamina")


def table_of(seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": np.where(np.arange(N_SAMPLES) % 9, rng.normal(size=N_SAMPLES), np.nan),
            "price": [f"${i},{rng.integers(100, 999)}" for i in range(1, N_SAMPLES + 1)],
            "city": rng.choice(["Oslo", "Rome", None], N_SAMPLES),
            "shop": rng.choice([f"s{i}" for i in range(14)], N_SAMPLES),
            "day": pd.date_range("2024-01-01", periods=N_SAMPLES),
        }
    )


FITS = {
    "a pandas frame": (lambda table: table, {}),
    "a polars frame": (pl.from_pandas, {}),
    "groups": (lambda table: table, {"groups": "shop"}),
    "time": (pl.from_pandas, {"time": "day"}),
}


@pytest.fixture(scope="module", params=FITS)
def compute_fit(request):
    return FITS[request.param]


@pytest.fixture(scope="module", params=[TabularClassifier, TabularRegressor])
def fitted(request, compute_fit):
    make_frame, arguments = compute_fit
    table = table_of()
    y = table["size"].fillna(0) + (table["city"] == "Rome")
    y = y.to_numpy() if request.param is TabularRegressor else np.where(y > 0.3, "yes", "no")
    model = request.param(quality="fast", random_state=0).fit(make_frame(table), y, **arguments)
    return model, make_frame(table_of(seed=1))


def results(model, X):
    yield from (model.predict(X), model.oof_predictions_, model.folds_, model.member_weights_)
    if isinstance(model, TabularClassifier):
        yield model.predict_proba(X)
    else:
        yield from (model.predict(X, quantiles=[0.05, 0.5, 0.95]), model.predict_interval(X))
    explanation = model.explain(X[:2], n_steps=5)
    yield from (explanation.contributions, explanation.baseline_predictions)


@pytest.mark.parametrize(
    "copied",
    [by_pickle, by_deepcopy, by_joblib, by_mapped_joblib, by_file],
    ids=lambda f: f.__name__,
)
def test_a_copy_gives_the_same_bits(fitted, copied, tmp_path):
    model, X = fitted
    again = copied(model, tmp_path)
    pairs = zip(results(again, X), results(model, X), strict=True)
    for found, expected in pairs:
        np.testing.assert_array_equal(found, expected)
    assert again.validation_score_ == model.validation_score_
    assert again.report_ == model.report_
    assert again.get_params() == model.get_params()
    assert vars(again).keys() == vars(model).keys()
