"""engine='pytorch' in the place of the native engine: fits in parts, in turns and on any array."""

import warnings

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor

torch = pytest.importorskip("torch")

RNG = np.random.RandomState(0)
X = RNG.normal(size=(120, 5))
CLASSES, NUMBERS = (X[:, 0] + X[:, 1] > 0).astype(int), 2 * X[:, 0] - X[:, 2]
TO_THE_END = {"tol": 0, "n_iter_no_change": 99, "random_state": 0}


def fit(model, *arrays, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*arrays, **options)


def both(estimator=MLPClassifier, **params):
    """Return an unfitted model of each engine."""
    return [
        estimator(hidden_layer_sizes=(6,), engine=engine, **params)
        for engine in ("pytorch", "native")
    ]


def assert_alike(found, expected):
    for ours, theirs in zip(found.coefs_, expected.coefs_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


def test_partial_fit_makes_the_steps_of_the_native_engine():
    models = both(random_state=0)
    for start in range(0, 120, 40):
        part = slice(start, start + 40)
        models[0].partial_fit(torch.from_numpy(X[part]), CLASSES[part], classes=[0, 1])
        models[1].partial_fit(X[part], CLASSES[part], classes=[0, 1])
    assert_alike(*models)


def test_a_warm_start_continues_as_the_native_engine():
    models = both(warm_start=True, max_iter=5, random_state=0)
    for _ in range(2):
        for model in models:
            fit(model, X, CLASSES)
    assert_alike(*models)


@pytest.mark.parametrize("params", [{}, {"validation_fraction": 0.3}])
def test_early_stopping_chooses_the_epoch_of_the_native_engine(params):
    models = both(MLPRegressor, early_stopping=True, max_iter=40, random_state=0, **params)
    fit(models[0], torch.from_numpy(X), torch.from_numpy(NUMBERS))
    fit(models[1], X, NUMBERS)
    assert models[0].n_iter_ == models[1].n_iter_
    assert_alike(*models)


def test_a_checkpoint_goes_there_and_back(tmp_path):
    expected = fit(both(MLPRegressor, max_iter=18, **TO_THE_END)[1], X, NUMBERS)
    earlier = {}
    for engine, end in (("native", 6), ("pytorch", 12), ("native", 18)):
        model = MLPRegressor(hidden_layer_sizes=(6,), engine=engine, max_iter=end, **TO_THE_END)
        fit(model.set_params(checkpoint=tmp_path / engine), X, NUMBERS, **earlier)
        earlier = {"resume": tmp_path / engine}
    assert len(model.loss_curve_) == 18
    np.testing.assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-8)
    assert_alike(model, expected)


def test_a_callback_sees_every_epoch():
    class Epochs:
        def __init__(self):
            self.losses = []

        def on_epoch_end(self, state):
            self.losses.append(state.loss)

    seen = [Epochs(), Epochs()]
    for model, callback in zip(both(max_iter=4, **TO_THE_END), seen, strict=True):
        fit(model.set_params(callbacks=[callback]), X, CLASSES)
    assert len(seen[0].losses) == 4
    np.testing.assert_allclose(seen[0].losses, seen[1].losses, rtol=1e-10)


TENSORS = {
    "that needs its gradient": lambda x: x.clone().requires_grad_(True),
    "in half precision": lambda x: x.half(),
    "in bfloat16": lambda x: x.bfloat16(),
    "of whole numbers": lambda x: (10 * x).long(),
    "with strides": lambda x: torch.stack([x, x])[0],
    "by columns": lambda x: x.t().contiguous().t(),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_is_fitted_as_the_array_with_its_numbers(name):
    tensor = TENSORS[name](torch.from_numpy(X))
    numbers = tensor.detach()
    if not numbers.dtype.is_floating_point or numbers.dtype.itemsize > 2:
        array = numbers.numpy()
    else:
        array = numbers.float().numpy()
    found, expected = (both(max_iter=4, **TO_THE_END)[0] for _ in range(2))
    fit(found, tensor, torch.from_numpy(CLASSES))
    fit(expected, array, CLASSES)
    for ours, theirs in zip(found.coefs_, expected.coefs_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert tensor.requires_grad == (name == "that needs its gradient")
