"""Arrays that wait: their numbers, and the kernels of a step that they save."""

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from lamina.engines.pytorch.arrays import TensorArray  # noqa: E402
from lamina.engines.pytorch.trainer import PyTorchTrainer  # noqa: E402

# They return views or memory without numbers, and launch nothing on a device.
WITHOUT_KERNEL = {
    *("_reshape_alias", "_unsafe_view", "alias", "as_strided", "detach", "empty", "empty_like"),
    *("expand", "new_empty", "permute", "select", "slice", "split", "squeeze", "t", "transpose"),
    *("unbind", "unsqueeze", "view"),
}


class Kernels(TorchDispatchMode):
    """Names of the operations that launch a kernel on a device."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, operation, types, inputs=(), options=None):
        name = operation.overloadpacket.__name__
        if name not in WITHOUT_KERNEL:
            self.names.append(name)
        return operation(*inputs, **(options or {}))


def array(*shape, dtype="float64", seed=0):
    numbers = np.random.RandomState(seed).normal(size=shape).astype(dtype)
    return numbers, TensorArray(torch.from_numpy(numbers.copy()))


def kernels_of_a_step(monkeypatch, widths, **params):
    """Return the operations of one step of a fit, as on a device."""
    made = []
    begin = PyTorchTrainer.__init__

    def begin_program(self, *args, **options):
        begin(self, *args, **options)
        self.runs_programs = True
        made.append(self)

    monkeypatch.setattr(PyTorchTrainer, "__init__", begin_program)
    X, rng = array(40, widths[0], dtype="float32")[0], np.random.RandomState(1)
    estimator, y = (
        (MLPRegressor, X[:, 0])
        if widths[-1] == 1
        else (MLPClassifier, rng.permutation(40) % widths[-1])
    )
    params = {"engine": "pytorch", "dtype": "float32", "diagnostics": False, **params}
    brief = {"max_iter": 200, "tol": 10, "n_iter_no_change": 1, "random_state": 0, "batch_size": 8}
    estimator(hidden_layer_sizes=widths[1:-1], **brief, **params).fit(X, y)
    (program,) = made[-1]._programs.values()
    program._count.zero_()
    with Kernels() as kernels:
        program.run_step(np.arange(8))
    return kernels.names


def test_a_step_of_a_small_network_has_few_kernels(monkeypatch):
    # Without arrays that wait they were 99 and 95. A captured graph of some 45 kernels takes less
    # time than a fifth of PyTorch's own loop, which launches each kernel by itself.
    of_values = kernels_of_a_step(monkeypatch, (20, 256, 256, 256, 1))
    of_classes = kernels_of_a_step(monkeypatch, (784, 128, 64, 10))
    assert len(of_values) <= 44, of_values
    assert len(of_classes) <= 41, of_classes


def test_each_affine_map_and_each_gradient_is_one_kernel(monkeypatch):
    names = kernels_of_a_step(monkeypatch, (20, 64, 32, 1))
    assert names.count("addmm") == 3
    assert names.count("mm") == 3 + 2  # The gradients of three W, and of two blocks' inputs.
    assert names.count("_fused_adam_") == 1
    assert "copy_" not in names


def test_float64_takes_the_steps_of_the_formula(monkeypatch):
    # PyTorch's kernel of Adam reads the learning rate in float32.
    assert "_fused_adam_" not in kernels_of_a_step(monkeypatch, (20, 64, 1), dtype="float64")


OPERATIONS = {
    "a product and a vector": lambda a, b, v: a @ b + v,
    "a vector and a product": lambda a, b, v: v + a @ b,
    "a product and zero": lambda a, b, v: a @ b + 0.0,
    "a product twice": lambda a, b, v: (lambda c: c + c)(a @ b),
    "a multiple and an array": lambda a, b, v: 2.5 * a + a,
    "a difference of multiples": lambda a, b, v: 2.5 * a - 0.5 * b,
    "a sum of multiples": lambda a, b, v: (0.25 * a + 3 * b) / 7,
    "a multiple of zero": lambda a, b, v: 0 * a + 3 * b,
    "a square": lambda a, b, v: b - 0.1 * (a * a),
    "a quotient of a multiple": lambda a, b, v: a - 3 * b / (np.abs(a) + 1),
    "a negative": lambda a, b, v: -(-a - b),
    "a mask": lambda a, b, v: b * (a != 0).astype(a.dtype) + (a > 0).astype(a.dtype),
    "ones": lambda a, b, v: np.ones_like(a) * b + np.ones_like(a) * v,
    "a sum of a multiple": lambda a, b, v: (2 * np.mean(a, axis=1)).sum().astype(np.float64),
    "sums along axes": lambda a, b, v: a.sum(axis=0) - a.sum(axis=-1) + a.sum(axis=1),
    "sums kept": lambda a, b, v: a / a.sum(axis=1, keepdims=True),
    "a number minus a multiple": lambda a, b, v: 1 - 2 * a,
    "a number of the device": lambda a, b, v: v.sum() * a + a * b.sum(),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_array_that_waits_has_numpys_numbers(name, dtype):
    drawn = [array(4, 4, dtype=dtype), array(4, 4, dtype=dtype, seed=1), array(4, dtype=dtype)]
    expected = OPERATIONS[name](*(numbers for numbers, _ in drawn))
    found = OPERATIONS[name](*(tensor for _, tensor in drawn))
    assert found.dtype == np.dtype(dtype) or "sum of a multiple" in name
    assert found.shape == np.shape(expected)
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found.tensor.numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("sign", [1, -1])
def test_multiples_change_arrays_in_place(sign):
    (a, of_a), (b, of_b) = array(3, 5), array(3, 5, seed=1)
    for change in (lambda x, y: 0.3 * y, lambda x, y: 2 * (y * y), lambda x, y: y):
        if sign > 0:
            a += change(a, b)
            of_a += change(of_a, of_b)
        else:
            a -= change(a, b)
            of_a -= change(of_a, of_b)
        np.testing.assert_allclose(of_a.tensor.numpy(), a, rtol=1e-13)


def test_results_are_written_into_parts():
    (a, of_a), (b, of_b) = array(4, 4), array(4, 4, seed=1)
    place, of_place = np.zeros((2, 4, 4)), TensorArray(torch.zeros((2, 4, 4), dtype=torch.float64))
    place[0], of_place[0] = a @ b, of_a @ of_b
    place[1, 2], of_place[1, 2] = a.sum(axis=0), of_a.sum(axis=0)
    place[1, :, 3], of_place[1, :, 3] = a.sum(axis=1), of_a.sum(axis=1)
    place[1, :2], of_place[1, :2] = a.sum(axis=0), of_a.sum(axis=0)
    np.testing.assert_allclose(of_place.tensor.numpy(), place, rtol=1e-13)


WAITING = {
    "multiple": lambda a: 2 * a,
    "product": lambda a: a @ a,
    "sum": lambda a: a.sum(axis=0),
    "square": lambda a: a * a,
}


@pytest.mark.parametrize("name", WAITING)
def test_a_change_before_the_reading_is_an_error_and_no_wrong_number(name):
    _, a = array(3, 3)
    waiting = WAITING[name](a)
    a += 1
    with pytest.raises(RuntimeError, match="changes an array before"):
        np.exp(waiting)


@pytest.mark.parametrize("name", WAITING)
def test_an_array_that_was_read_keeps_its_numbers(name):
    numbers, a = array(3, 3)
    expected, waiting = WAITING[name](numbers.copy()), WAITING[name](a)
    np.exp(waiting)
    a += 1
    for found in (waiting + 1, 1 + waiting, waiting * 2 / 2 + 1):
        np.testing.assert_allclose(found.tensor.numpy(), expected + 1)
