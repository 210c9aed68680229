"""Ensembles in model files: loading is bit for bit, and parts that do not match are refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from lamina import TabularClassifier, TabularRegressor
from lamina.errors import ModelFileError
from lamina.persistence import load, save
from lamina.persistence.ensembles import record_from_plain

N_SAMPLES = 120
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(100, 30, N_SAMPLES).round(1),
        "city": RNG.choice(["Köln", "Rome", None], N_SAMPLES),
        "shop": [f"s{i % 20}" for i in range(N_SAMPLES)],
        "day": pd.date_range("2024-01-01", periods=N_SAMPLES).strftime("%Y-%m-%d"),
    }
)
TABLE.loc[::7, "size"] = None
SIZE = TABLE["size"].fillna(100).to_numpy()
TARGETS: dict[str, Any] = {
    "text": np.where(SIZE > 100, "yes", "no"),
    "truth": SIZE > 100,
    "whole": np.digitize(SIZE, [80, 110]),
    "values": SIZE * 3.0 + RNG.normal(size=N_SAMPLES),
}


@pytest.fixture(scope="module", params=TARGETS)
def fitted(request: pytest.FixtureRequest) -> Any:
    estimator = TabularRegressor if request.param == "values" else TabularClassifier
    return estimator(quality="fast", random_state=0).fit(TABLE, TARGETS[request.param])


def answers(model: Any) -> Any:
    new = TABLE.assign(city="Oslo", shop="s3")
    predict = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    return np.concatenate([predict(TABLE), predict(new)])


def test_a_loaded_ensemble_is_bit_identical(fitted: Any, tmp_path: Path) -> None:
    save(fitted, tmp_path / "model.lamina")
    loaded = load(tmp_path / "model.lamina")
    assert type(loaded) is type(fitted)
    assert_array_equal(answers(loaded), answers(fitted))
    assert_array_equal(loaded.predict(TABLE), fitted.predict(TABLE))
    assert_array_equal(loaded.oof_predictions_, fitted.oof_predictions_)
    assert loaded.validation_score_ == fitted.validation_score_
    assert loaded.report_ == fitted.report_
    assert vars(loaded).keys() == vars(fitted).keys()
    save(loaded, tmp_path / "again.lamina")
    assert (tmp_path / "again.lamina").read_bytes() == (tmp_path / "model.lamina").read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {"scoring": "neg_log_loss"},
        {"scoring": "accuracy", "class_weight": "balanced"},
        {"time_limit": 30, "n_jobs": 2},
        {"categorical_features": "auto", "random_state": np.random.RandomState(0)},
    ],
)
def test_every_option_of_a_fit_can_be_saved(options: dict[str, Any], tmp_path: Path) -> None:
    model = TabularClassifier(quality="fast").set_params(**options).fit(TABLE, TARGETS["text"])
    save(model, tmp_path / "model.lamina")
    assert_array_equal(answers(load(tmp_path / "model.lamina")), answers(model))


def test_an_unfitted_ensemble_keeps_its_parameters(tmp_path: Path) -> None:
    model = TabularClassifier(quality="fast", column_types={"zip": "category"}, random_state=3)
    save(model, tmp_path / "new.lamina")
    assert load(tmp_path / "new.lamina").get_params() == model.get_params()


def _without(member: Any) -> Any:
    return replace(member, numeric=replace(member.numeric, median=member.numeric.median[:-1]))


MISFITS: dict[str, Callable[[Any], Any]] = {
    "no members": lambda m: m.members_.clear(),
    "a member of another kind": lambda m: m.members_.__setitem__(0, "network"),
    "weights of another number": lambda m: setattr(m, "member_weights_", m.member_weights_[:-1]),
    "weights that are not finite": lambda m: m.member_weights_.fill(np.nan),
    "weights that sum to another number": lambda m: m.member_weights_.fill(7.0),
    "weights below zero": lambda m: m.member_weights_.__setitem__(slice(2), [-1.0, 1.5]),
    "bins in falling order": lambda m: m.members_[0].numeric.edges[0].__imul__(-1),
    "numbers that are missing": lambda m: m.members_.__setitem__(0, _without(m.members_[0])),
    "another table": lambda m: setattr(m.inputs_, "n_numbers_", 7),
    "no target": lambda m: setattr(m, "_target", 1),
    "columns that the table lacks": lambda m: m.inputs_.one_hot_.__setitem__(0, 10**6),
    "no inputs": lambda m: setattr(m, "inputs_", None),
}


@pytest.mark.parametrize("name", MISFITS)
def test_parts_that_do_not_fit_are_refused(name: str, fitted: Any, tmp_path: Path) -> None:
    model = copy.deepcopy(fitted)
    MISFITS[name](model)
    with pytest.raises((ValueError, TypeError, AttributeError, IndexError)):
        save(model, tmp_path / "model.lamina")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (["os.system", {}], "not among its known records"),
        (["inputs.np", {}], "not among its known records"),
        (["members.Member", {"recipe": "x"}], "has the fields"),
    ],
)
def test_only_records_of_this_package_are_read(plain: Any, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        record_from_plain(plain, None)  # type: ignore[arg-type]
