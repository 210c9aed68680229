"""Two parameters that have no meaning together are refused, and the message names both."""

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.contradictions import CONTRADICTIONS

CLASHES = [
    {"solver": "lbfgs", "dtype": "float32"},
    {"solver": "lbfgs", "precision": "bfloat16"},
    {"precision": "bfloat16", "dtype": "float64"},
]


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("clash", CLASHES, ids=lambda clash: "-".join(map(str, clash.values())))
def test_the_message_names_both_parameters_and_a_cure(estimator, clash):
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"\. (Leave|Set|Choose)") as caught:
        estimator(**clash).fit(X, y)
    for name, value in clash.items():
        assert f"{name}={value!r}" in str(caught.value)


def test_every_contradiction_is_tested():
    for contradiction in CONTRADICTIONS:
        assert any(contradiction(MLPRegressor(**clash)) is not None for clash in CLASHES)
