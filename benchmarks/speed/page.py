"""A speed record as Markdown for readers: lamina and the libraries that they would use instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from benchmarks.machine import QUIET
from benchmarks.markdown import ABSENT, markdown_table
from benchmarks.speed import goals
from benchmarks.speed.goals import Pair
from benchmarks.speed.memory import MIB
from benchmarks.speed.peers.lamina import BFLOAT16, ONE_THREAD
from benchmarks.speed.record import Record
from benchmarks.speed.report import time_of, versions_text
from benchmarks.speed.result import Result

PEERS = {"scikit-learn": goals.SCIKIT_LEARN, "PyTorch": goals.PYTORCH, "JAX": goals.JAX}
THREADS = {
    "one thread": goals.OF_ONE_THREAD,
    "all threads": goals.OF_ALL_THREADS,
    "all threads, speed-up": goals.ALL_AGAINST_ONE,
    "default number of threads, speed-up": goals.CHOICE_AGAINST_ONE,
}
# The README's cases: small, middle and large networks, where lamina leads and where it hardly does.
SUMMARY = (
    ("circles", "float32"),
    ("california", "float32"),
    ("digits", "float32"),
    ("mnist-8000", "float32"),
    ("wide", "float32"),
    ("search", "float64"),
)


def machine(record: Record) -> str:
    """Return a sentence on how, where and when the figures were measured."""
    described = record.machine
    return (
        f"Medians of alternating rounds, each library in its fastest configuration. {record.date}, "
        f"{described['processor']}, {described['cores']} cores, {described['instruction_set']}; "
        f"{versions_text(record)}.{_traffic(record)}\n"
    )


def summary_table(record: Record) -> str:
    """Return the table of the README: a few cases, described, with each library's time."""
    found = {(result.case, result.dtype): result for result in record.results}
    chosen = [found[key] for key in SUMMARY if key in found]
    rows = ([_summarized(one), *_times(one)] for one in chosen)
    return markdown_table(["time for", "lamina", *PEERS], rows)


def times(record: Record) -> str:
    """Return the times of all cases and libraries."""
    rows = ([one.case, one.dtype, one.per, *_times(one)] for one in _compared(record))
    return markdown_table(["case", "dtype", "time for a", "lamina", *PEERS], rows)


def threads(record: Record) -> str:
    """Return the fraction of the machine's limit that the core reaches, and its speed-ups."""
    timed = [result for result in record.results if result.timing(ONE_THREAD)]
    rows = (
        [one.case, one.dtype, *(_ratio(one, pair) for pair in THREADS.values())] for one in timed
    )
    return markdown_table(["case", "dtype", *THREADS], rows)


def memory(record: Record) -> str:
    """Return the resident memory that a fit adds at its peak, in MiB."""
    titles = ["case", "dtype", "data", "parameters", "lamina", "scikit-learn"]
    rows = (
        [
            one.case,
            one.dtype,
            *_mebibytes(one.data, one.parameters, one.growth["lamina"], one.growth["scikit-learn"]),
        ]
        for one in record.footprints
    )
    return markdown_table(titles, rows)


def bfloat16(record: Record) -> str:
    """Return time and accuracy in float32 and in bfloat16."""
    timed = (result for result in record.results if result.timing(BFLOAT16))
    rows = [
        [f"{one.case}, time for a {one.per}", time_of(one, "lamina"), time_of(one, BFLOAT16)]
        for one in timed
    ]
    rows += [
        ["MNIST, held-out accuracy", f"{one.float32:.4f}", f"{one.bfloat16:.4f}"]
        for one in record.accuracies
    ]
    return markdown_table(["figure", "float32", "bfloat16"], rows)


def results(record: Record) -> str:
    """Return the result that each library reached, and the configuration that was its fastest."""
    compared = _compared(record)
    work = dict.fromkeys((one.case, one.work) for one in compared)
    libraries = ["lamina", *PEERS]
    reached = _by_library(compared, lambda timing: f"{timing.figure:.6g}")
    configured = _by_library(compared, lambda timing: timing.way)
    return (
        markdown_table(["case", "work"], work)
        + "\nThe last epoch's loss, the mean of the predictions, or the search's best score:\n\n"
        + markdown_table(["case", "dtype", *libraries], reached)
        + "\nThe fastest configuration of each library:\n\n"
        + markdown_table(["case", "dtype", *libraries], configured)
    )


def _summarized(result: Result) -> str:
    layers, *more = result.work.split(", ")
    return f"a {result.per}, {layers}" + "".join(f", {each}" for each in more[:1])


def _compared(record: Record) -> list[Result]:
    return [result for result in record.results if result.timing("scikit-learn")]


def _by_library(compared: Iterable[Result], text: Callable[..., str]) -> Iterator[list[str]]:
    for one in compared:
        timings = (one.timing(name) for name in ("lamina", *PEERS))
        yield [one.case, one.dtype, *(text(each) if each else ABSENT for each in timings)]


def _times(result: Result) -> Iterator[str]:
    yield time_of(result, "lamina")
    for peer, pair in PEERS.items():
        ratio = _ratio(result, pair)
        yield ABSENT if ratio == ABSENT else f"{time_of(result, peer)} ({ratio})"


def _ratio(result: Result, pair: Pair) -> str:
    value = result.ratio(pair.slower, pair.faster)
    if value is None:
        return ABSENT
    if pair.is_fraction:
        return f"{100 * value:.0f} %"
    return f"{value:.3g}×" if value < 10 else f"{value:.0f}×"


def _mebibytes(*sizes: int) -> Iterator[str]:
    return (f"{size / MIB:.1f}" for size in sizes)


def _traffic(record: Record) -> str:
    fraction = record.others_fraction
    if fraction is None or fraction <= QUIET:
        return ""
    return (
        f" Other processes took {100 * fraction:.0f} % of the machine, so the times are too long."
    )
