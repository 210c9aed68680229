"""A cluster of processes of this machine, which the tests start and stop."""

import pytest


@pytest.fixture(scope="session")
def client():
    pytest.importorskip("torch")
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=4, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
