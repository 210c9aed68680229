"""Steps on shards are the steps of an engine, and have the same bits with any number of workers."""

import math

import numpy as np
import pytest
from tests.distributed.queue_group import run_in_threads

from lamina.distributed.shards import Division, order_of_shard
from lamina.distributed.worker import Epochs, ShardWorker, WorkerPart
from lamina.engines import OptimizerSettings, OptimizerState, Rows
from lamina.formulas import LOSSES, OPTIMIZERS

N_SHARDS, N_SAMPLES, BATCH = 8, 41, 12
SEEDS = np.arange(2 * N_SHARDS, dtype=np.uint32).reshape(2, N_SHARDS)
RATES = np.full((2, 4), 0.01)


def settings_of(name, **options):
    defaults = {each.name: each.default for each in OPTIMIZERS[name].hyperparameters}
    return OptimizerSettings(name, defaults, **options)


PLAIN = settings_of("sgd")


def run(problem, engine, optimizer, n_workers=1, measures=False):
    """Return each worker's reports and parameters, and the state of all."""
    division = Division(N_SAMPLES, N_SHARDS)
    state = OptimizerState.fresh(optimizer, problem.parameters)

    def work(group):
        rows = {
            shard: Rows(*(None if a is None else a[division.rows(shard)] for a in problem.rows))
            for shard in division.shards_of(group.rank, group.size)
        }
        part = WorkerPart(
            engine,
            problem.spec,
            problem.objective,
            optimizer,
            division,
            rows,
            problem.parameters,
            state,
        )
        worker = ShardWorker(part, group)
        ended = worker.epochs(Epochs(BATCH, RATES, SEEDS, None, measures, math.inf))
        return ended, worker.parameters().copy(), worker.slots()

    results, _ = run_in_threads(n_workers, work)
    slots = np.zeros_like(state.slots)
    for _, _, (part, of_part) in results:
        slots[:, part] = of_part
    return [ended.reports for ended, *_ in results], [each for _, each, _ in results], slots


def order_of_epoch(seeds):
    """Return the order in which the samples of an epoch are in its batches."""
    division, order = Division(N_SAMPLES, N_SHARDS), []
    for start in range(0, N_SAMPLES, BATCH):
        stop = min(start + BATCH, N_SAMPLES)
        for shard, seed in enumerate(seeds):
            places = division.rows(shard).start + order_of_shard(division.size(shard), seed)
            order.append(places[division.part_of_batch(shard, start, stop)])
    return np.concatenate(order)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("layout", ["dense", "csr"])
@pytest.mark.parametrize("loss", ["squared_error", "log_loss"])
def test_steps_are_those_of_the_engine(draw_problem, engine, loss, layout, weighted):
    problem = draw_problem(n_samples=N_SAMPLES, loss=loss, layout=layout, weighted=weighted)
    compare_with_engine(problem, engine, PLAIN)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_makes_its_step_on_slices(draw_problem, reference, name):
    options = {"weight_decay": 0.1, "max_gradient_norm": 0.2, "average_decay": 0.9}
    compare_with_engine(draw_problem(n_samples=N_SAMPLES), reference, settings_of(name, **options))


def compare_with_engine(problem, engine, optimizer):
    reports, (parameters,), slots = run(problem, engine, optimizer, measures=True)
    trainer, expected, state = problem.trainer(engine, optimizer)
    trainer.measures_gradient = True
    for seeds, rates, report in zip(SEEDS, RATES, reports[0], strict=True):
        other = trainer.epoch(order_of_epoch(seeds), BATCH, rates)
        assert report.loss == pytest.approx(other.loss, rel=1e-12)
        assert report.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-12)
        assert report.steps == other.steps
    np.testing.assert_allclose(parameters, expected, rtol=0, atol=1e-12 * abs(expected).max())
    np.testing.assert_allclose(slots, state.slots, rtol=0, atol=1e-12 * (abs(slots).max(initial=1)))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_workers_gives_the_same_bits(draw_problem, engine, name, dtype):
    problem = draw_problem(n_samples=N_SAMPLES, dtype=dtype)
    optimizer = settings_of(name, max_gradient_norm=0.2, average_decay=0.9)
    reports, (expected,), slots = run(problem, engine, optimizer, 1, measures=True)
    for n_workers in (2, 4, 8):
        others, parameters, of_workers = run(problem, engine, optimizer, n_workers, measures=True)
        assert all(each == reports[0] for each in others)
        assert all(each.tobytes() == expected.tobytes() for each in parameters)
        assert of_workers.tobytes() == slots.tobytes()


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_adds_up_from_shards(draw_problem, reference, loss):
    compare_with_engine(draw_problem(n_samples=N_SAMPLES, loss=loss), reference, PLAIN)


def test_weights_of_zero_leave_a_shard_out(draw_problem, engine):
    problem = draw_problem(n_samples=N_SAMPLES, weighted=True)
    problem.rows.weight[:6] = 0
    compare_with_engine(problem, engine, PLAIN)


def test_weights_of_targets_add_up(draw_problem, engine):
    problem = draw_problem(n_samples=N_SAMPLES)
    weight = np.random.RandomState(1).randint(0, 3, problem.rows.y.shape).astype(float)
    weight[:6] = 0
    compare_with_engine(
        type(problem)(
            problem.spec,
            problem.objective,
            problem.rows._replace(weight=weight),
            problem.parameters,
        ),
        engine,
        PLAIN,
    )


def test_a_batch_whose_weights_are_zero_is_an_error(draw_problem, reference):
    problem = draw_problem(n_samples=N_SAMPLES, weighted=True)
    problem.rows.weight[...] = 0
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        run(problem, reference, PLAIN)
