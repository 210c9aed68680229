"""scikit-learn's test_mlp.py, run with lamina's classes in place of scikit-learn's."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
import sklearn.neural_network
from tests.engines.local_engines import LOCAL_ENGINES

import lamina

LEFT_OUT = {
    "test_gradient": (
        "calls the private _loss_grad_lbfgs; tests/contracts/test_losses.py and the engines' tests "
        "hold every gradient against finite differences"
    ),
    "test_learning_rate_warmstart": (
        "reads the private _optimizer.learning_rate; said again in tests/training/test_loop.py"
    ),
    "test_adaptive_learning_rate": (
        "reads the private _optimizer.learning_rate; said again in tests/training/test_loop.py"
    ),
}

# test_warm_start expects an error for more classes than before, for which lamina's outputs grow;
# tests/estimators/test_later_classes.py tests that. Fewer and other classes remain.
REFUSED_THERE = "for y_i in (y_2classes, y_3classes_alt, y_4classes, y_5classes):"
REFUSED_HERE = "for y_i in (y_2classes, y_3classes_alt):"

# Their configuration lets a fit end without convergence; ours makes every warning an error.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _with_our_classes() -> ModuleType:
    """A copy of their module, run while scikit-learn's package offers our classes as its own."""
    origin = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp").origin
    spec = importlib.util.spec_from_file_location("their_test_mlp_on_lamina", origin)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sklearn.neural_network, "MLPClassifier", lamina.MLPClassifier)
        patch.setattr(sklearn.neural_network, "MLPRegressor", lamina.MLPRegressor)
        source = spec.loader.get_source(spec.name)
        assert source.count(REFUSED_THERE) == 1
        code = compile(source.replace(REFUSED_THERE, REFUSED_HERE), origin, "exec")
        exec(code, vars(module))
    return module


THEIRS = {
    name: test for name, test in vars(_with_our_classes()).items() if name.startswith("test_")
}
globals().update({name: test for name, test in THEIRS.items() if name not in LEFT_OUT})


@pytest.fixture(autouse=True, params=LOCAL_ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LAMINA_ENGINE", request.param)
    return request.param


@pytest.fixture(params=[42])
def global_random_seed(request: pytest.FixtureRequest) -> int:
    return request.param


def test_what_is_left_out_exists_and_the_rest_is_here() -> None:
    assert set(LEFT_OUT) <= set(THEIRS)
    assert len(THEIRS) - len(LEFT_OUT) >= 40
    assert sklearn.neural_network.MLPClassifier is not lamina.MLPClassifier
