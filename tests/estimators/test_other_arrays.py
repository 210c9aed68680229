"""Arrays of other libraries as X, y and weights, and predictions of their kind."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.other_arrays import as_numpy

torch = pytest.importorskip("torch", reason="needs PyTorch")

X = np.random.RandomState(0).normal(size=(60, 3))
CLASSES = (X[:, 0] > 0).astype(int)
THREE = CLASSES + (X[:, 1] > 1)
NUMBERS = X[:, 0] - X[:, 2]
ENGINES = [None, "pytorch"]


class Exported:
    """Array of a library that NumPy knows by DLPack alone."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __len__(self):
        return len(self.values)


def build(estimator=MLPClassifier, **params):
    brief = {"max_iter": 200, "tol": 1, "n_iter_no_change": 1}
    return estimator(hidden_layer_sizes=(4,), random_state=0, **{**brief, **params})


@pytest.fixture
def dispatching(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with config_context(array_api_dispatch=True):
        yield


KINDS = {
    "torch": torch.from_numpy,
    "torch with gradient": lambda a: torch.from_numpy(a).requires_grad_(a.dtype.kind == "f"),
    "transposed torch": lambda a: torch.from_numpy(a.T.copy()).permute(*range(a.ndim)[::-1]),
    "DLPack": Exported,
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_on_other_arrays_is_that_on_numpy(kind, engine):
    convert, weight = KINDS[kind], np.linspace(1, 2, len(X))
    for estimator, y in ((MLPClassifier, THREE), (MLPRegressor, NUMBERS)):
        model = build(estimator, engine=engine)
        expected = clone(model).fit(X, y, weight)
        found = model.fit(convert(X), convert(y), convert(weight))
        assert all(map(np.array_equal, found.coefs_, expected.coefs_))
        answer = found.predict(convert(X))
        assert type(answer) is np.ndarray
        assert np.array_equal(answer, expected.predict(X))
        assert found.score(convert(X), convert(y), convert(weight)) == expected.score(X, y, weight)
        assert found.n_features_in_ == 3


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_every_type_of_numbers_is_read(dtype, engine):
    tensor = torch.from_numpy(X * 4).to(dtype)
    values = tensor.float().numpy() if dtype != torch.int64 else tensor.numpy()
    values = values.astype(np.float16) if dtype == torch.float16 else values
    model = build(engine=engine)
    expected = clone(model).fit(values, CLASSES)
    found = model.fit(tensor, torch.from_numpy(CLASSES))
    assert found.coefs_[0].dtype == expected.coefs_[0].dtype
    assert np.array_equal(found.coefs_[0], expected.coefs_[0])


@pytest.mark.parametrize("layout", ["to_sparse_csr", "to_sparse_coo"])
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
def test_a_sparse_tensor_is_a_csr_array(layout):
    rare = np.where(X > 1, X, 0)
    found = build().fit(getattr(torch.from_numpy(rare), layout)(), CLASSES)
    expected = build().fit(sparse.csr_array(rare), CLASSES)
    assert np.array_equal(found.coefs_[0], expected.coefs_[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_sparse_and_memory_mapped_rows_fit_as_arrays_do(engine, tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = build(engine=engine).fit(X, CLASSES)
    assert np.array_equal(build(engine=engine).fit(mapped, CLASSES).coefs_[0], expected.coefs_[0])
    found = build(engine=engine).fit(sparse.csr_array(X), CLASSES)
    np.testing.assert_allclose(found.coefs_[0], expected.coefs_[0], rtol=1e-12)


def test_memory_is_shared_with_a_tensor_of_this_process():
    tensor = torch.from_numpy(X)
    assert np.shares_memory(as_numpy(tensor), X)


def test_a_tensor_on_the_engines_device_is_not_copied(monkeypatch):
    rows = pytest.importorskip("lamina.engines.pytorch.rows")
    seen = []
    whole = rows.DeviceRows.__init__

    def initialise(self, *arguments, **options):
        whole(self, *arguments, **options)
        seen.append(self._X.data_ptr())

    monkeypatch.setattr(rows.DeviceRows, "__init__", initialise)
    tensor = torch.from_numpy(X.copy())
    model = build(engine="pytorch").fit(tensor, CLASSES)
    assert seen == [tensor.data_ptr()]
    assert model.engine_ == "pytorch (cpu)"


@pytest.mark.parametrize("params", [{"early_stopping": True}, {"solver": "lbfgs", "alpha": 10}])
def test_a_tensor_of_the_device_supports_every_course_of_a_fit(params):
    tensor, params = torch.from_numpy(X), {"engine": "pytorch", **params}
    expected, found = (build(**params).fit(rows, CLASSES) for rows in (X, tensor))
    assert all(map(np.array_equal, found.coefs_, expected.coefs_))


def test_validation_data_may_be_tensors():
    tensors = torch.from_numpy(X), torch.from_numpy(CLASSES)
    found = build(engine="pytorch").fit(*tensors, validation_data=tensors)
    expected = build(engine="pytorch").fit(X, CLASSES, validation_data=(X, CLASSES))
    assert found.validation_scores_ == expected.validation_scores_


@pytest.mark.parametrize("engine", ENGINES)
def test_a_number_that_is_not_finite_is_named_with_its_place(engine):
    wrong = torch.from_numpy(X.copy())
    wrong[7, 1] = torch.nan
    with pytest.raises(ValueError, match=r"X\[7, 1\] is nan"):
        build(engine=engine).fit(wrong, CLASSES)
    model = build(engine=engine).fit(X, CLASSES)
    with pytest.raises(ValueError, match=r"X\[7, 1\] is nan"):
        model.predict(wrong)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wrong_number_of_columns_is_refused(engine):
    model = build(engine=engine).fit(X, CLASSES)
    with pytest.raises(ValueError, match="2 features"):
        model.predict(torch.from_numpy(X[:, :2]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        build(engine=engine).fit(torch.from_numpy(X), CLASSES[:5])


@pytest.mark.usefixtures("dispatching")
@pytest.mark.parametrize("engine", ENGINES)
def test_predictions_are_tensors_where_scikit_learn_dispatches(engine):
    tensor = torch.from_numpy(X)
    model = build(engine=engine).fit(tensor, torch.from_numpy(THREE))
    for method in ("predict", "predict_proba", "predict_log_proba"):
        found, expected = getattr(model, method)(tensor), getattr(model, method)(X)
        assert isinstance(found, torch.Tensor)
        assert type(expected) is np.ndarray
        assert np.array_equal(found.numpy(), expected)
    assert isinstance(model.decision_function(tensor), torch.Tensor)
    assert model.score(tensor, torch.from_numpy(THREE)) == model.score(X, THREE)
    regressor = build(MLPRegressor, engine=engine).fit(tensor, torch.from_numpy(NUMBERS))
    assert isinstance(regressor.predict(tensor), torch.Tensor)


@pytest.mark.usefixtures("dispatching")
def test_labels_that_are_no_numbers_stay_numpys():
    labels = np.array(["no", "yes"])[CLASSES]
    model = build().fit(torch.from_numpy(X), labels)
    assert set(model.predict(torch.from_numpy(X))) == {"no", "yes"}


@pytest.mark.usefixtures("dispatching")
def test_several_targets_are_a_list_of_tensors():
    y = np.column_stack([CLASSES, THREE])
    model = build().fit(torch.from_numpy(X), torch.from_numpy(y))
    assert all(isinstance(p, torch.Tensor) for p in model.predict_proba(torch.from_numpy(X)))


@pytest.mark.usefixtures("dispatching")
def test_a_pipeline_passes_tensors_on():
    pipeline = make_pipeline(FunctionTransformer(), build()).fit(torch.from_numpy(X), CLASSES)
    assert isinstance(pipeline.predict(torch.from_numpy(X)), torch.Tensor)


def test_a_model_fitted_on_tensors_holds_none():
    model = build(engine="pytorch").fit(torch.from_numpy(X), torch.from_numpy(CLASSES))
    assert b"torch" not in pickle.dumps(model.set_params(engine=None)).replace(b"pytorch", b"")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("device", [None, "cuda"])
def test_a_tensor_of_a_gpu_fits_and_predicts(device):
    tensor = torch.from_numpy(X).cuda()
    model = build(device=device).fit(tensor, torch.from_numpy(CLASSES).cuda())
    expected = build().fit(X, CLASSES)
    np.testing.assert_allclose(model.coefs_[0], expected.coefs_[0], rtol=1e-8)
    assert np.array_equal(model.predict(tensor), expected.predict(X))
