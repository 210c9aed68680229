"""The tables of README and docs/benchmarks.md are those that the records give."""

import pytest
from benchmarks.markdown import replace_blocks
from benchmarks.page import blocks_by_page
from benchmarks.speed import page as speed
from benchmarks.speed.memory import MIB, Footprint
from benchmarks.speed.record import Record as SpeedRecord
from benchmarks.speed.result import Result
from benchmarks.speed.timing import Timing
from benchmarks.tables import page as tables
from benchmarks.tables.measuring import Measurement
from benchmarks.tables.record import Record as TablesRecord

pytestmark = pytest.mark.repository

PAGES = blocks_by_page()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_shows_the_records(path):
    page = path.read_text(encoding="utf-8")
    written = replace_blocks(page, PAGES[path])
    assert written == page, "run `python -m benchmarks.page`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_table_for_readers_shows_goals(path):
    for block in PAGES[path].values():
        assert "goal" not in block
        assert not {"✓", "✗"} & set(block)


def test_a_block_replaces_the_text_between_its_markers():
    page = "before\n<!-- a b -->\nold\n<!-- /a b -->\nafter\n"
    assert replace_blocks(page, {"a b": "new\n"}) == page.replace("old", "new")


@pytest.mark.parametrize("page", ["none", 2 * "<!-- a -->\n<!-- /a -->\n"])
def test_a_block_without_one_place_is_refused(page):
    with pytest.raises(ValueError, match="the page needs one <!-- a -->"):
        replace_blocks(page, {"a": "new"})


def made_result(**seconds):
    timings = [Timing(peer, "best", [s] * 3, 0.5, trial=s) for peer, s in seconds.items()]
    return Result("circles", "float32", "2→8→6→1, batch 16, 3 epochs", "step", 1000, timings)


@pytest.fixture
def speed_record():
    machine = {
        "processor": "CPU",
        "cores": 2,
        "instruction_set": "avx2",
        "versions": {"lamina": "1"},
    }
    results = [made_result(lamina=0.002, **{"scikit-learn": 0.3})]
    footprints = [Footprint("wide", "float32", MIB, 0, {"lamina": 3 * MIB, "scikit-learn": MIB})]
    return SpeedRecord("2026-01-02", machine, results, footprints, [])


def test_a_peer_shows_its_time_and_the_ratio_and_an_absent_one_a_dash(speed_record):
    row = speed.times(speed_record).splitlines()[2]
    assert row == "| circles | float32 | step | 2 µs | 300 µs (150×) | – | – |"
    assert "| a step, 2→8→6→1, batch 16 | 2 µs |" in speed.summary_table(speed_record)
    assert "| wide | float32 | 1.0 | 0.0 | 3.0 | 1.0 |" in speed.memory(speed_record)


def test_a_busy_machine_is_named(speed_record):
    assert "Other processes" not in speed.machine(speed_record)
    speed_record.others_fraction = 0.45
    assert "Other processes took 45 % of the machine" in speed.machine(speed_record)


@pytest.fixture
def tables_record():
    record = TablesRecord(tasks={"adult": "binary", "bikes": "regression", "leaf": "multiclass"})
    for table, errors in {"adult": (0.2, 0.25), "bikes": (30.0, 20.0)}.items():
        for model in tables.MODELS:
            error = errors[0] if model in tables.OURS else errors[1]
            record.add(Measurement(model, table, 100, error, 2.0), {}, "2026-01-02")
    record.add(Measurement("balanced", "adult", 200, 0.1, 2.0), {}, "2026-01-02")
    record.add(Measurement("balanced", "leaf", 100, 0.1, 2.0), {}, "2026-01-02")
    return record


def test_only_tables_that_every_model_was_measured_on_are_shown(tables_record):
    adult, bikes = tables.errors(tables_record).splitlines()[2:]
    assert adult.startswith("| adult | 100 | 1 − AUC | **0.2000** | **0.2000** | 0.2500 |")
    assert bikes.startswith("| bikes | 100 | RMSE | 30.00 | 30.00 | **20.00** |")


def test_a_comparison_says_how_often_and_by_how_much(tables_record):
    catboost = tables.comparisons(tables_record).splitlines()[2]
    assert "lower on 1 of 2 tables, on average 15.0 % higher" in catboost


def test_a_slow_peer_is_compared_on_the_tables_it_was_measured_on(tables_record):
    assert "RealMLP" not in tables.comparisons(tables_record)
    tables_record.add(Measurement("realmlp bag", "adult", 100, 0.4, 9.0), {}, "2026-01-02")
    tables_record.add(Measurement("realmlp bag", "bikes", 50, 0.4, 9.0), {}, "2026-01-02")
    realmlp = tables.comparisons(tables_record).splitlines()[-1]
    assert "RealMLP-TD, 5 folds | lower on 1 of 1 tables, on average 50.0 % lower" in realmlp


def test_best_is_compared_with_balanced_on_the_tables_it_was_measured_on(tables_record):
    assert tables.best_beside_balanced(tables_record) == ""
    tables_record.add(Measurement("best", "adult", 100, 0.18, 9.0), {}, "2026-01-02")
    tables_record.add(Measurement("best", "bikes", 100, 36.0, 9.0), {}, "2026-01-02")
    compared = tables.best_beside_balanced(tables_record)
    assert "'balanced' on 1 of the 2 tables" in compared
    assert "the median ratio is 1.050" in compared


def test_validation_is_counted_within_two_standard_errors_of_both(tables_record):
    def measured(model, table, error, validation):
        return Measurement(model, table, 100, error, 2.0, 0.03, validation, 0.04)

    for each in (measured("balanced", "adult", 0.2, 0.1), measured("balanced", "bikes", 0.4, 0.2)):
        tables_record.add(each, {}, "2026-01-02")
    page = tables.validation(tables_record)
    assert page.startswith("Within two standard errors on 1 of 2 tables.")
    assert "| adult | 0.1000 ± 0.04 | 0.2000 ± 0.03 | +2.0 |" in page
    in_time = measured("balanced in time", "bikes", 0.4, 0.35)
    tables_record.add(in_time, {}, "2026-01-02")
    page = tables.validation(tables_record)
    assert page.startswith("Within two standard errors on 2 of 2 tables.")
    assert "| bikes, with `time=` | 0.3500 ± 0.04 | 0.4000 ± 0.03 | +1.0 |" in page
