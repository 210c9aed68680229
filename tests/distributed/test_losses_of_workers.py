"""A fit survives the loss of a worker with the same bits, and ends when no scheduler is left."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import lamina
from lamina.errors import SchedulerLostError, WorkerLostWarning

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
random_state = np.random.RandomState(0)
X, y = random_state.normal(size=(600, 10)), random_state.normal(size=600)
KILLED_AFTER = 5


class Signal:
    """Callback that sends a signal to a process after an epoch, once."""

    def __init__(self, number, pid):
        self.number, self.pid = number, pid

    def on_epoch_end(self, fit):
        if self.pid is not None and fit.epoch == KILLED_AFTER:
            os.kill(self.pid, self.number)
            self.pid = None


def make(callback=None):
    return lamina.MLPRegressor(
        hidden_layer_sizes=(30,),
        max_iter=20,
        random_state=0,
        tol=0,
        callbacks=[] if callback is None else [callback],
    )


@pytest.fixture
def cluster():
    """Cluster of two workers that nobody restarts, and their processes."""
    pytest.importorskip("torch")
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs="CRITICAL",
    ) as cluster:
        yield cluster


def pids_of(client):
    return list(client.run(os.getpid).values())


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSTOP"])
def test_a_fit_that_loses_a_worker_resumes_with_the_same_bits(cluster, name, tmp_path):
    from distributed import Client

    expected = lamina.distributed.fit(make(), X, y)
    with Client(cluster) as client:
        lamina.distributed.fit(make(), X, y, client=client)
        pid = pids_of(client)[1]
        callback = Signal(getattr(signal, name), pid)
        try:
            with pytest.warns(WorkerLostWarning, match="was lost.* resumes from .*checkpoint"):
                model = lamina.distributed.fit(
                    make(callback),
                    X,
                    y,
                    client=client,
                    timeout=10,
                    checkpoint=tmp_path / "checkpoint",
                )
        finally:
            if name == "SIGSTOP":
                os.kill(pid, signal.SIGKILL)
    assert model.loss_curve_ == expected.loss_curve_
    for part, other in zip(model.coefs_, expected.coefs_, strict=True):
        assert part.tobytes() == other.tobytes()
    assert (model.checkpoint, model.checkpoint_seconds) == (None, None)


def test_a_fit_without_a_scheduler_ends():
    pytest.importorskip("torch")
    distributed = pytest.importorskip("distributed")
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"],
        stderr=subprocess.PIPE,
        text=True,
    )
    address = next(
        line.split("Scheduler at:")[1].strip()
        for line in scheduler.stderr
        if "Scheduler at:" in line
    )
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
    options = ["--nthreads", "1", "--no-dashboard", "--death-timeout", "5", "--no-nanny"]
    worker = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        with distributed.Client(address) as client:
            client.wait_for_workers(1)
            callback = Signal(signal.SIGKILL, scheduler.pid)
            with pytest.raises(SchedulerLostError, match="ended or does not answer within 10"):
                lamina.distributed.fit(make(callback), X, y, client=client, timeout=10)
        # The worker ends without anybody's help.
        assert worker.wait(60) is not None
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
        scheduler.stderr.close()
