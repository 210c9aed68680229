"""`python -m benchmarks.distributed`: time a training step on one and on several workers.

The workers are processes of one thread on this machine, which take steps of the network
256 → 1024 → 1024 → 10 on batches of 4096 samples. Fits with one and with several alternate, and
the time of a step is the smallest over the rounds. `--kills` instead kills a worker at random
moments, and compares the result with that of a fit that nothing disturbed.
"""

from __future__ import annotations

import os
import signal
import warnings
from threading import Timer
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer
from distributed import Client, LocalCluster
from numpy.typing import NDArray

import lamina
from benchmarks.machine import describe_machine
from lamina import MLPClassifier

BATCH_SIZE, N_BATCHES, N_FEATURES, WIDTH, N_CLASSES = 4096, 4, 256, 1024, 10
TIMEOUT = 60.0


def make_samples(n_samples: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return normal features, and the class of the largest of the first ten."""
    X = np.random.default_rng(0).normal(size=(n_samples, N_FEATURES)).astype(np.float32)
    return X, X[:, :N_CLASSES].argmax(axis=1)


def make_model(epochs: int) -> MLPClassifier:
    """Return the network, with steps of Adam."""
    return MLPClassifier(
        hidden_layer_sizes=(WIDTH, WIDTH),
        batch_size=BATCH_SIZE,
        max_iter=epochs,
        tol=0,
        n_iter_no_change=10**6,
        random_state=0,
        n_threads=1,
    )


def seconds_of_step(client: Client, n_workers: int) -> float:
    """Return the smallest time of an epoch's steps in one fit, by its history."""
    model = make_model(4)
    X, y = make_samples(BATCH_SIZE * N_BATCHES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lamina.distributed.fit(model, X, y, client=client, n_workers=n_workers, timeout=TIMEOUT)
    return float(min(model.history_["seconds"])) / N_BATCHES


def time_steps(client: Client, n_workers: int, rounds: int) -> None:
    """Print the time of a step on one worker and on several."""
    seconds = {1: [], n_workers: []}  # type: dict[int, list[float]]
    for _ in range(rounds):
        for each, times in seconds.items():
            times.append(seconds_of_step(client, each))
    best = {each: min(times) for each, times in seconds.items()}
    for each, time in best.items():
        print(f"{each} workers: {1e3 * time:8.1f} ms a step")
    print(f"speedup: {best[1] / best[n_workers]:.2f}")


def kill_workers(client: Client, times: int, seed: int) -> None:
    """Kill a worker at a random moment of each of several fits, and compare the results."""
    X, y = make_samples(2000)
    model = MLPClassifier(
        hidden_layer_sizes=(300, 300), max_iter=40, tol=0, n_iter_no_change=10**6, random_state=0
    )
    random_state = np.random.RandomState(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = lamina.distributed.fit(model, X, y).coefs_
        for i in range(times):
            client.wait_for_workers(4)
            pids = sorted(client.run(os.getpid).values())
            moment, pid = random_state.uniform(0, 4), pids[random_state.randint(len(pids))]
            timer = Timer(moment, os.kill, (pid, signal.SIGKILL))
            timer.start()
            began = perf_counter()
            fitted: Any = lamina.distributed.fit(model, X, y, client=client, timeout=20)
            seconds = perf_counter() - began
            timer.join()
            is_equal = all(map(np.array_equal, fitted.coefs_, expected))
            print(f"kill {i + 1} after {moment:.1f} s: {seconds:5.1f} s, equal bits: {is_equal}")
            if not is_equal:
                raise SystemExit(1)


def main(
    workers: Annotated[int, typer.Option(help="Number of worker processes.")] = 2,
    rounds: Annotated[int, typer.Option(help="Rounds of fits that alternate.")] = 3,
    kills: Annotated[int, typer.Option(help="Kill a worker so many times instead.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the moments.")] = 0,
) -> None:
    """Time steps on several worker processes of one thread, or kill them."""
    print(describe_machine())
    with (
        LocalCluster(
            n_workers=4 if kills else workers,
            threads_per_worker=1,
            dashboard_address=":0",
            silence_logs="CRITICAL",
        ) as cluster,
        Client(cluster) as client,
    ):
        if kills:
            kill_workers(client, kills, seed)
        else:
            time_steps(client, workers, rounds)


if __name__ == "__main__":
    typer.run(main)
