"""Every engine: the reference's numbers on every shape, especially edge sizes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from lamina.engines import OptimizerSettings, Rows
from lamina.formulas import ACTIVATIONS, LOSSES

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
# Vectors hold 4, 8 or 16 numbers and tiles up to 32: mistakes show next to a multiple.
EDGES = sorted({1, 2, 3, 5} | {n + d for n in (4, 8, 16, 24, 32) for d in (-1, 0, 1)})

sizes = st.sampled_from(EDGES)
dtypes = st.sampled_from(["float64", "float32"])
problems = st.fixed_dictionaries(
    {
        "widths": st.lists(sizes, min_size=2, max_size=4).map(tuple),
        "n_samples": sizes,
        "activation": st.sampled_from(sorted(ACTIVATIONS)),
        "loss": st.sampled_from(sorted(LOSSES)),
        "alpha": st.sampled_from([0.0, 0.1]),
        "dtype": dtypes,
        "layout": st.sampled_from(["dense", "csr"]),
        "weighted": st.booleans(),
        "seed": st.integers(0, 99),
    }
)
momentum = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})


def assert_close(actual, expected, dtype):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    # Targets are about one, so residuals of good predictions are only exact to the digits of one.
    scale = max(1, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


@given(drawn=problems)
def test_loss_gradient_and_prediction_equal_the_references_on_any_shape(
    engine, reference, draw_problem, drawn
):
    problem = draw_problem(**drawn)
    dtype, asked = (
        drawn["dtype"],
        (problem.spec, problem.objective, problem.rows, problem.parameters),
    )
    loss, gradient = engine.loss_and_gradient(*asked)
    expected_loss, expected_gradient = reference.loss_and_gradient(*asked)
    assert_close(loss, expected_loss, dtype)
    assert_close(gradient, expected_gradient, dtype)
    predicted, expected = (
        one.predict(problem.network, problem.rows.X) for one in (engine, reference)
    )
    assert_close(predicted, expected, dtype)


@given(drawn=problems, data=st.data())
def test_an_epoch_over_any_samples_in_any_order_equals_the_references(
    engine, reference, draw_problem, drawn, data
):
    problem = draw_problem(**drawn)
    n_samples = drawn["n_samples"]
    order = np.array(
        data.draw(
            st.lists(st.integers(0, n_samples - 1), min_size=1, max_size=2 * n_samples), "order"
        ),
        dtype=np.int64,
    )
    batch_size = data.draw(st.sampled_from([1, *EDGES, len(order), len(order) + 5]), "batch_size")
    rates = np.linspace(1e-4, 2e-4, -(-len(order) // batch_size))
    ours, parameters, _ = problem.trainer(engine, momentum)
    theirs, expected_parameters, _ = problem.trainer(reference, momentum)
    report, expected = (one.epoch(order, batch_size, rates) for one in (ours, theirs))
    assert_close(report.loss, expected.loss, drawn["dtype"])
    assert report[1:] == expected[1:]
    assert_close(parameters, expected_parameters, drawn["dtype"])


@given(n_outputs=sizes, loss=st.sampled_from(sorted(LOSSES)), dtype=dtypes, layout=st.booleans())
def test_zero_samples_give_zero_predictions(engine, draw_problem, n_outputs, loss, dtype, layout):
    problem = draw_problem((4, 5, n_outputs), loss=loss, dtype=dtype)
    X = sparse.csr_array((0, 4), dtype=dtype) if layout else np.empty((0, 4), dtype)
    predicted = engine.predict(problem.network, X)
    assert predicted.shape == (0, problem.spec.n_outputs)
    assert predicted.dtype == dtype


@st.composite
def untidy_matrices(draw):
    """Return a csr matrix with empty rows and columns, stored zeros, and either kind of index."""
    n_samples, n_columns = draw(sizes, "rows"), draw(sizes, "columns")
    random_state = np.random.RandomState(draw(st.integers(0, 99), "seed"))
    dense = random_state.standard_normal((n_samples, n_columns))
    dense[random_state.uniform(size=n_samples) < 0.3] = 0
    dense[:, random_state.uniform(size=n_columns) < 0.3] = 0
    matrix = sparse.csr_array(dense.astype(draw(dtypes, "dtype")))
    matrix.data[random_state.uniform(size=matrix.nnz) < 0.2] = 0
    index = draw(st.sampled_from([np.int32, np.int64]), "index")
    matrix.indices, matrix.indptr = matrix.indices.astype(index), matrix.indptr.astype(index)
    return draw(st.sampled_from([sparse.csr_array, sparse.csr_matrix]), "class")(matrix)


@given(X=untidy_matrices())
def test_a_sparse_matrix_gives_the_result_of_its_dense_form(engine, draw_problem, X):
    dtype = X.dtype.name
    problem = draw_problem((X.shape[1], 6, 2), n_samples=X.shape[0], dtype=dtype)
    y, spec, order = problem.rows.y, problem.spec, np.arange(X.shape[0])
    results = []
    for matrix in (X, X.toarray()):
        parameters = problem.parameters.copy()
        rows = Rows(matrix, y, None)
        loss, gradient = engine.loss_and_gradient(spec, problem.objective, rows, parameters)
        predicted = engine.predict(problem.network, matrix)
        trainer, trained, _ = type(problem)(spec, problem.objective, rows, parameters).trainer(
            engine, momentum
        )
        trainer.epoch(order, 3, np.full(-(-len(order) // 3), 1e-3))
        results.append((loss, gradient, predicted, trained))
    for from_sparse, from_dense in zip(*results, strict=True):
        assert_close(from_sparse, from_dense, dtype)
