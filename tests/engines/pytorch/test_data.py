"""Samples that stay in this process's memory: their batches, in order and out of order."""

import threading

import numpy as np
import pytest
from scipy import sparse

from lamina import MLPClassifier

torch = pytest.importorskip("torch", reason="needs PyTorch")
data = pytest.importorskip("lamina.engines.pytorch.data")

CPU = torch.device("cpu")
X = np.random.RandomState(0).normal(size=(23, 4))
SOURCES = {"dense": X, "float32": X.astype(np.float32), "columns": np.asfortranarray(X)}


@pytest.mark.parametrize("kind", [*SOURCES, "csr", "memory-mapped"])
def test_batches_of_an_epoch_are_the_samples_in_their_order(kind, tmp_path):
    np.save(tmp_path / "X.npy", X)
    sources = {
        **SOURCES,
        "csr": sparse.csr_array(np.where(X > 0, X, 0)),
        "memory-mapped": np.load(tmp_path / "X.npy", mmap_mode="r"),
    }
    source, samples = sources[kind], None
    dense = source.toarray() if sparse.issparse(source) else source
    samples = data.HostSamples(source, CPU)
    for epoch in range(3):
        order = np.random.RandomState(epoch).permutation(len(X))
        samples.begin(order, 5)
        # All are kept, so that a buffer that is filled again too early changes them.
        batches = [samples.batch(order[i : i + 5]) for i in range(0, len(X), 5)]
        assert np.array_equal(np.concatenate([b.numpy() for b in batches]), dense[order])
        assert batches[0].numpy().dtype == dense.dtype


@pytest.mark.parametrize("format", ["csr", "csc", "coo"])
def test_elements_of_one_place_of_a_sparse_matrix_are_added(format):
    rows, columns = np.array([0, 2, 2, 2, 1]), np.array([1, 3, 3, 0, 2])
    repeated = sparse.coo_array((np.arange(1.0, 6.0), (rows, columns)), shape=(4, 5))
    if format == "csr":
        whole = sparse.csr_array((repeated.data, columns, np.array([0, 1, 1, 5, 5])), shape=(4, 5))
    else:
        whole = repeated.asformat(format)
    chosen = np.array([3, 2, 2, 0])
    found = data.HostSamples(whole, CPU).batch(chosen)
    assert np.array_equal(found.numpy(), whole.toarray()[chosen])


def test_the_next_batch_is_gathered_before_it_is_needed(monkeypatch):
    gathered = []
    whole = data.HostSamples._gather

    def gather(self, chosen, out):
        whole(self, chosen, out)
        gathered.append((chosen.tolist(), threading.current_thread() is threading.main_thread()))

    monkeypatch.setattr(data.HostSamples, "_gather", gather)
    samples, order = data.HostSamples(X, CPU), np.arange(6)
    samples.begin(order, 2)
    samples.batch(order[:2])
    samples._begun[0][1].result()
    assert gathered == [([0, 1], False), ([2, 3], False)]


def test_a_batch_out_of_order_is_copied_at_once_and_the_rest_is_dropped():
    samples, order = data.HostSamples(X, CPU), np.arange(6)
    samples.begin(order, 2)
    other = np.array([7, 1, 1])
    assert np.array_equal(samples.batch(other).numpy(), X[other])
    assert not samples._begun
    assert np.array_equal(samples.batch(order[4:6]).numpy(), X[4:6])


def test_a_larger_batch_enlarges_the_buffers():
    samples = data.HostSamples(X, CPU)
    for size in (2, 9, 3, 23):
        chosen = np.arange(size)
        assert np.array_equal(samples.batch(chosen).numpy(), X[:size])


def test_an_index_out_of_range_is_an_error_of_the_batch():
    samples = data.HostSamples(sparse.csr_array(X), CPU)
    samples.begin(np.array([99]), 1)
    with pytest.raises(IndexError):
        samples.batch(np.array([99]))


@pytest.mark.parametrize("free", [None, 23 * 4 * 8 * 2, 23 * 4 * 8])
def test_a_matrix_has_room_up_to_a_fraction_of_the_free_memory(free, monkeypatch):
    monkeypatch.setattr(data, "free_memory", lambda device: free)
    assert data.has_room(X, CPU) == (free != 23 * 4 * 8)


def test_the_cpu_has_the_memory_of_the_machine():
    free = data.free_memory(CPU)
    assert free is None or free > 10**8


@pytest.mark.parametrize("params", [{}, {"early_stopping": True}, {"batch_size": 7}])
def test_a_fit_on_streamed_samples_has_the_same_bits(params, monkeypatch):
    labels = (X[:, 0] > 0).astype(int)
    brief = {"max_iter": 200, "tol": 1, "n_iter_no_change": 1, "random_state": 0}
    model = MLPClassifier((5,), engine="pytorch", **{"batch_size": 10, **brief, **params})
    expected = model.fit(X, labels).coefs_
    monkeypatch.setattr(data, "free_memory", lambda device: 100)
    found = model.fit(X, labels).coefs_
    assert all(map(np.array_equal, found, expected))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_batches_on_a_gpu_are_the_samples_in_their_order():
    device, large = torch.device("cuda:0"), np.random.RandomState(0).normal(size=(4000, 300))
    samples, order = data.HostSamples(large, device), np.random.RandomState(1).permutation(4000)
    samples.begin(order, 64)
    for start in range(0, 4000, 64):
        chosen = order[start : start + 64]
        found = samples.batch(chosen) * 1
        assert np.array_equal(found.cpu().numpy(), large[chosen])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_sparse_batches_become_dense_on_a_gpu():
    device = torch.device("cuda:0")
    large = sparse.random_array((4000, 300), density=0.1, rng=0, format="csr")
    samples, order = data.HostSamples(large, device), np.random.RandomState(1).permutation(4000)
    samples.begin(order, 64)
    for start in range(0, 4000, 64):
        chosen = order[start : start + 64]
        found = samples.batch(chosen) * 1
        assert np.array_equal(found.cpu().numpy(), large[chosen].toarray())
