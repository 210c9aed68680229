"""Custom losses: every engine passes them whole samples, and uses their results."""

import numpy as np
import pytest

from lamina.engines import Objective, OptimizerSettings, choose_engine
from lamina.engines.custom_loss import CustomLoss, require_rows_apart, value_and_delta
from lamina.formulas import INVERSE_LINKS, LOSSES

SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})
N_SAMPLES = 37


class Written:
    """Loss of the table written as a custom loss; it records its arguments."""

    def __init__(self, name, **params):
        self.loss, self.params, self.seen = LOSSES[name], params, []

    def value_and_delta(self, logits, y, sample_weight):
        self.seen.append((logits, y, sample_weight))
        p = INVERSE_LINKS[self.loss.inverse_link].value(logits)
        value, delta = self.loss.value(p, y, self.params), self.loss.delta(p, y, self.params)
        if sample_weight is None:
            return value, delta
        return value * sample_weight, delta * sample_weight[:, np.newaxis]


class Failing(Written):
    """Custom loss that fails in its n-th call."""

    def __init__(self, calls, error):
        super().__init__("squared_error")
        self.calls, self.error, self.raised = calls, error, None

    def value_and_delta(self, logits, y, sample_weight):
        if len(self.seen) == self.calls:
            self.raised = self.error("no more")
            raise self.raised
        return super().value_and_delta(logits, y, sample_weight)


@pytest.fixture
def both(draw_problem):
    """Return a problem with a loss of the table, and the same with that loss as a custom one."""

    def make(loss, widths=(9, 13, 6, 3), params=None, **drawn):
        problem = draw_problem(widths, loss=loss, n_samples=N_SAMPLES, params=params, **drawn)
        custom = Written(loss, **problem.objective.hyperparameters)
        objective = Objective(custom, problem.objective.alpha, problem.objective.penalty)
        return problem, type(problem)(problem.spec, objective, problem.rows, problem.parameters)

    return make


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layout", ["dense", "csr"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
def test_a_custom_loss_trains_like_the_same_loss_of_the_table(
    engine, both, loss, dtype, layout, weighted
):
    theirs, ours = both(loss, dtype=dtype, layout=layout, weighted=weighted)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    trainers = [problem.trainer(engine, SGD) for problem in (theirs, ours)]
    for batch_size in (10, 37):
        order, rates = (
            np.random.RandomState(1).permutation(N_SAMPLES),
            np.full(-(-37 // batch_size), 1e-4),
        )
        expected, found = (one.epoch(order, batch_size, rates) for one, _, _ in trainers)
        assert found.loss == pytest.approx(expected.loss, rel=tolerance)
        assert found[1:] == expected[1:]
    (_, expected, _), (_, found, _) = trainers
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
def test_a_custom_loss_receives_its_own_logits_targets_and_weights(engine, both, weighted):
    _, problem = both("squared_error", dtype="float32", weighted=weighted)
    custom, before = problem.objective.loss, problem.rows.y.copy()
    engine.loss_and_gradient(problem.spec, problem.objective, problem.rows, problem.parameters)
    ((logits, y, weight),) = custom.seen
    expected = engine.predict(problem.network, problem.rows.X)
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(y, problem.rows.y)
    assert logits.dtype == y.dtype == np.float32
    assert (weight is None) == (not weighted)
    if weighted:
        np.testing.assert_array_equal(weight, problem.rows.weight)
        weight[...] = 0
    logits[...] = y[...] = 0
    np.testing.assert_array_equal(problem.rows.y, before)


@pytest.mark.parametrize("heads", [(), (2, 3)], ids=["one head", "two heads"])
def test_a_custom_loss_receives_class_codes_unchanged(engine, draw_problem, heads):
    problem = draw_problem((4, 5), loss="log_loss", heads=heads)

    class Zero:
        def value_and_delta(self, logits, y, sample_weight):
            assert y.dtype == np.int32
            assert y.shape == problem.rows.y.shape
            np.testing.assert_array_equal(y, problem.rows.y)
            return np.zeros(len(y)), np.zeros_like(logits)

    objective = Objective(Zero())
    loss, gradient = engine.loss_and_gradient(
        problem.spec, objective, problem.rows, problem.parameters
    )
    assert loss == 0
    np.testing.assert_array_equal(gradient, 0)


def test_a_large_batch_is_passed_in_parts_without_changing_the_result(both):
    native = pytest.importorskip("lamina.engines.native").NativeEngine
    # Wide layers make chunks of few samples.
    theirs, ours = both("squared_error", widths=(7, 20000, 2))
    expected_loss, expected = native().loss_and_gradient(
        theirs.spec, theirs.objective, theirs.rows, theirs.parameters
    )
    for n_threads in (1, 3):
        loss, gradient = native(n_threads).loss_and_gradient(
            ours.spec, ours.objective, ours.rows, ours.parameters
        )
        assert loss == pytest.approx(expected_loss, rel=1e-12)
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_every_number_of_threads_gives_the_same_bits(both):
    native = pytest.importorskip("lamina.engines.native").NativeEngine
    _, problem = both("huber", widths=(19, 33, 10), weighted=True)
    results = []
    for n_threads in (1, 2, 7):
        trainer, parameters, _ = problem.trainer(native(n_threads), SGD)
        trainer.epoch(np.arange(N_SAMPLES), 20, np.full(2, 1e-2))
        results.append(parameters)
    for parameters in results[1:]:
        np.testing.assert_array_equal(parameters, results[0])


class Broken(Exception):
    pass


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt])
@pytest.mark.parametrize("n_threads", [None, 3])
def test_an_exception_in_a_custom_loss_keeps_the_parameters_of_the_last_step(
    engine, draw_problem, error, n_threads
):
    engine = choose_engine(engine.name, n_threads)
    drawn = draw_problem((9, 30, 3), n_samples=N_SAMPLES)
    objective = Objective(Failing(5, error), 0.1)
    problem = type(drawn)(drawn.spec, objective, drawn.rows, drawn.parameters)
    trainer, parameters, state = problem.trainer(engine, SGD)
    order, rates = np.arange(N_SAMPLES), np.full(13, 1e-3)
    with pytest.raises(error, match="no more") as raised:
        trainer.epoch(order, 3, rates)
    assert raised.value is objective.loss.raised
    assert state.step == 5
    again, expected, _ = drawn.trainer(engine, SGD)
    again.epoch(order[:15], 3, rates[:5])
    np.testing.assert_allclose(parameters, expected, rtol=0, atol=1e-14)


def test_an_exception_in_a_custom_loss_is_raised_by_loss_and_gradient(engine, draw_problem):
    drawn = draw_problem()
    with pytest.raises(Broken, match="no more"):
        engine.loss_and_gradient(
            drawn.spec, Objective(Failing(0, Broken)), drawn.rows, drawn.parameters
        )


def test_a_loss_that_is_not_finite_ends_the_epoch_before_the_update(engine, draw_problem):
    class Infinite:
        def value_and_delta(self, logits, y, sample_weight):
            return np.full(len(logits), np.inf), np.zeros_like(logits)

    drawn = draw_problem((9, 30, 3))
    problem = type(drawn)(drawn.spec, Objective(Infinite()), drawn.rows, drawn.parameters)
    trainer, parameters, _ = problem.trainer(engine, SGD)
    report = trainer.epoch(np.arange(11), 4, np.full(3, 1e-3))
    assert not np.isfinite(report.loss)
    assert report.steps == 0
    np.testing.assert_array_equal(parameters, drawn.parameters)


class Answering:
    """Custom loss that returns a given result."""

    def __init__(self, answer):
        self.answer = answer

    def value_and_delta(self, logits, y, sample_weight):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (3.0, TypeError, "must return the pair .value, delta., got float"),
        ((1.0, np.zeros((4, 2))), ValueError, r"of shapes \(4,\), one number per sample"),
        ((np.zeros(4), np.zeros(4)), ValueError, r"got \(4,\) and \(4,\)"),
        ((np.zeros((4, 1)), np.zeros((4, 2))), ValueError, r"got \(4, 1\)"),
        ((np.array(["a"] * 4), np.zeros((4, 2))), ValueError, "could not convert"),
    ],
    ids=["no pair", "mean", "flat delta", "column", "words"],
)
def test_an_invalid_result_of_a_custom_loss_is_refused(answer, error, message):
    with pytest.raises(error, match=message):
        value_and_delta(Answering(answer), np.zeros((4, 2)), np.zeros((4, 2)), None)


def test_a_custom_loss_may_return_lists_and_other_dtypes():
    value, delta = value_and_delta(
        Answering([[1, 2], [[1], [2]]]), np.zeros((2, 1), np.float32), np.zeros((2, 1)), None
    )
    assert value.dtype == np.float64
    assert delta.dtype == np.float32


class Mean(Written):
    def value_and_delta(self, logits, y, sample_weight):
        value, delta = super().value_and_delta(logits, y, sample_weight)
        return value / len(y), delta / len(y)


class Unweighted(Written):
    def value_and_delta(self, logits, y, sample_weight):
        return super().value_and_delta(logits, y, None)


def test_a_custom_loss_must_be_a_sum_over_weighted_samples():
    z, y = np.random.RandomState(0).standard_normal((2, 5, 3))
    weight = np.array([1.0, 2.0, 0.0, 1.0, 1.0])
    require_rows_apart(Written("squared_error"), z, y, weight)
    require_rows_apart(Unweighted("squared_error"), z, y, None)
    with pytest.raises(ValueError, match="neither sums nor means over samples"):
        require_rows_apart(Mean("squared_error"), z, y, None)
    with pytest.raises(
        ValueError, match="must multiply each sample's value and delta by its sample_w"
    ):
        require_rows_apart(Unweighted("squared_error"), z, y, weight)


def test_any_object_with_the_method_is_a_custom_loss():
    assert isinstance(Written("poisson"), CustomLoss)
    assert not isinstance("poisson", CustomLoss)
