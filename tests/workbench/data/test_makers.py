"""Generated data: drawn by the function and options that the script names."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.workbench.data.makers import MAKERS

every_maker = pytest.mark.parametrize("name", MAKERS)


@every_maker
def test_data_has_its_number_of_rows_and_task(name):
    maker = MAKERS[name]
    data = maker.draw(maker.settings({"n_samples": 50}))
    assert len(data.X) == len(data.y) == 50
    assert data.X.shape[1] == len(data.feature_names) in (1, 2)
    assert data.y.dtype == (np.int64 if maker.task == "classification" else np.float64)


@every_maker
def test_noise_and_seed_change_the_rows(name):
    maker = MAKERS[name]
    drawn = [
        maker.draw(maker.settings(settings))
        for settings in ({}, {"noise": 0.0}, {"seed": 1}, {"seed": 0})
    ]
    rows = [np.column_stack([data.X, data.y]).tobytes() for data in drawn]
    assert len(set(rows)) == 3
    assert rows[0] == rows[3]


@every_maker
def test_every_option_accepts_its_bounds(name):
    maker = MAKERS[name]
    for option in maker.options:
        for value in (option.low, option.high):
            small = {} if option.name == "n_samples" else {"n_samples": 40}
            maker.draw(maker.settings({**small, option.name: value}))


@pytest.mark.parametrize(("name", "option"), [("spiral", "n_arms"), ("clusters", "n_classes")])
def test_the_number_of_classes_is_as_requested(name, option):
    maker = MAKERS[name]
    for n in (2, 5):
        data = maker.draw(maker.settings({option: n}))
        assert np.unique(data.y).tolist() == [*range(n)]


@pytest.mark.parametrize("value", [True, "2", 2.5, None, 9, float("nan")])
def test_an_option_out_of_bounds_is_rejected(value):
    with pytest.raises(ExperimentError, match="must be a whole number from 2 to 5"):
        MAKERS["spiral"].settings({"n_arms": value})
