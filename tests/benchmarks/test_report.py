"""Goals and records of the speed benchmark: figures are unchanged after writing and reading."""

import pytest
from benchmarks.speed.bfloat16 import Accuracy
from benchmarks.speed.goals import goals_of, impossible, standings
from benchmarks.speed.measurements import MEASUREMENTS
from benchmarks.speed.memory import MIB, Footprint
from benchmarks.speed.record import Record, newest_record
from benchmarks.speed.report import grids, summary
from benchmarks.speed.result import Result
from benchmarks.speed.timing import Timing

pytestmark = pytest.mark.repository


def made_result(**seconds):
    timings = [
        Timing(peer.replace("_", " "), "best", [s] * 3, 0.5, trial=s) for peer, s in seconds.items()
    ]
    return Result("circles", "float32", "2→8→6→1", "step", 1000, timings)


@pytest.fixture
def record():
    machine = {
        "processor": "Some (R) CPU @ 3 GHz",
        "cores": 2,
        "instruction_set": "avx2",
        "versions": {"lamina": "1"},
    }
    return Record(
        date="2026-01-02",
        machine=machine,
        results=[
            made_result(
                lamina=0.002,
                lamina_on_one_thread=0.002,
                **{"scikit-learn": 0.6, "PyTorch": 0.2},
            )
        ],
        footprints=[
            Footprint("wide", "float32", MIB, MIB, {"lamina": 71 * MIB, "scikit-learn": MIB})
        ],
        accuracies=[Accuracy(0.95, 0.949)],
    )


def test_a_goal_is_met_at_its_ratio(record):
    said = {standing.pair.slower: str(standing) for standing in standings(record.results[0])}
    assert said["scikit-learn"] == "300× ✓ 250×"
    assert said["PyTorch"] == "100× ✗ 200×"
    assert "JAX" not in said


@pytest.mark.parametrize(
    ("peak", "said"),
    [(0.85, "85 % ✓ 85 %"), (1.02, "102 % ✓ 85 %"), (1.04, "104 %: above the limit")],
)
def test_a_product_that_exceeds_the_peak_by_over_three_percent_meets_no_goal(peak, said):
    timings = [Timing("lamina on one thread", "best", [1.0] * 3, 0.5, trial=1.0)]
    timings += [Timing("limit of one thread", "registers only", [peak] * 3, 1e9, trial=peak)]
    result = Result("product A B", "float32", "1024³", "product", 1, timings)
    (found,) = standings(result)
    assert str(found).startswith(said)
    assert found.is_met == (peak < 1.03)
    assert bool(impossible([result])) == (peak > 1.03)


def test_the_memory_goal_is_the_data_five_times_the_parameters_and_64_mib(record):
    (footprint,) = record.footprints
    assert footprint.allowed == (1 + 5 + 64) * MIB
    assert not footprint.is_met


def test_the_summary_counts_every_goal_that_was_measured(record):
    # Three of circles (two peers, the number of threads), a footprint, an accuracy.
    assert summary(record).startswith("3 of 5 goals met.")


def test_a_saved_record_is_read_unchanged(record, tmp_path):
    path = record.save(tmp_path)
    assert path.name == "2026-01-02-some-r-cpu-3-ghz.json"
    assert Record.load(path) == record
    assert newest_record(tmp_path) == path


def test_peers_that_did_not_run_leave_a_dash(record):
    cells = grids(record)[0].rows[0]
    assert cells[-2:] == ["–", "–"]


def test_every_goal_belongs_to_a_measured_case():
    named = {name for name in MEASUREMENTS if len(list(goals_of(name))) > 1}
    assert {"circles", "wide", "lbfgs", "sparse", "predict-one", "search"} <= named


def test_a_run_on_a_busy_machine_has_a_warning(record):
    assert "not quiet" not in summary(record)
    record.others_fraction = 0.45
    assert "other processes took 45 % of it, so these are no true figures" in summary(record)
