"""Columns that the objects of `inputs=` take, and inputs that are refused."""

import numpy as np
import pytest
from tests.estimators.input_samples import (
    FRAME,
    MIXED,
    Y,
    regressor,
)

from lamina.inputs import Categorical, Periodic, PiecewiseLinear, Scaled

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("columns", "indices"),
    [
        (1, (1,)),
        (-1, (4,)),
        ("age", (1,)),
        ([2, 0], (2, 0)),
        (["rain", "hour"], (2, 0)),
        (np.array([0, 2]), (0, 2)),
        (slice(1, 3), (1, 2)),
        (slice("hour", "rain"), (0, 1, 2)),
        (slice(None, None, 2), (0, 2, 4)),
        ([True, False, True, False, False], (0, 2)),
        (np.array([False, True, False, False, True]), (1, 4)),
        (None, (0, 1, 2, 3, 4)),
    ],
    ids=str,
)
def test_columns_are_selected_as_in_scikit_learn(columns, indices):
    model = regressor(Scaled(columns=columns)).fit(FRAME, Y)
    assert model.input_stage_.groups[0].columns == indices
    rest = [group.columns for group in model.input_stage_.groups[1:]]
    assert rest == ([tuple(sorted({*range(5)} - {*indices}))] if columns is not None else [])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], r"inputs=\[\] is empty\. Write inputs=None"),
        (
            [Periodic()],
            r"inputs\[0\]=Periodic\(\) in a list takes no columns\. Write Periodic\(col",
        ),
        (["periodic"], r"inputs\[0\]='periodic' in a list is a name.*Periodic\(columns="),
        (["peridic"], r"is a name.*unknown\. Did you mean 'periodic'"),
        ("peridic", "Did you mean 'periodic'"),
        (Periodic, r"This is a class: write inputs=Periodic\(\)"),
        ([Scaled(columns=0), 3], r"'inputs\[1\]' parameter of MLPRegressor must be"),
        (Periodic(sigma=0), r"'inputs\.sigma' parameter .* a finite number > 0\. Got 0"),
        ([Periodic(columns=0, n_outputs=0)], r"'inputs\[0\]\.n_outputs' parameter .* >= 1"),
        (PiecewiseLinear(bins="tre"), r"'inputs\.bins' .* 'quantiles' or 'tree'\. Got 'tre'"),
        (Categorical(n_outputs="all"), r"an integer >= 1 or 'auto'\. Got 'all'"),
        (Scaled(columns=[]), r"'inputs\.columns' parameter .* must be an index"),
        (Scaled(columns=[0, "age"]), r"'inputs\.columns' parameter .* must be an index"),
        (Scaled(columns=5), r"has column 5, and X has 5 columns: their indices go from 0 to 4"),
        (Scaled(columns="agee"), r"has column 'agee'.* Did you mean 'age'\? X has 'hour', 'age'"),
        (Scaled(columns=[1, "age"][:1] * 2), r"has column 1 \('age'\) twice"),
        (Scaled(columns=[True, False]), "the mask of .* has 2 entries, and X has 5 columns"),
        (Scaled(columns=[False] * 5), "selects none of the 5 columns"),
        (Scaled(columns=slice(5, 9)), "selects none of the 5 columns"),
        (Scaled(columns=slice("age", None, "two")), "has no valid slice"),
        (
            [Scaled(columns=[0, 1]), Periodic(columns=["age"])],
            r"column 1 \('age'\) of X is in Scaled\(columns=\[0, 1\]\) and in Periodic.* of one",
        ),
    ],
)
def test_inputs_without_meaning_are_refused_with_a_cure(inputs, message):
    with pytest.raises(ValueError, match=message):
        regressor(inputs).fit(FRAME, Y)


def test_names_of_columns_need_a_data_frame():
    with pytest.raises(ValueError, match="X has no names of columns"):
        regressor(Periodic(columns="hour")).fit(MIXED, Y)
