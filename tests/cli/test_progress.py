"""Progress: a live line on a terminal, sparse plain lines elsewhere, nothing when quiet."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from lamina import MLPClassifier
from lamina.cli import progress as module
from lamina.cli.progress import (
    REFRESHES_A_SECOND,
    LiveLine,
    PlainLines,
    Silence,
    progress,
    words,
    working,
)
from lamina.training import EpochRecord

X, y = np.arange(20.0).reshape(10, 2), ["a", "b"] * 5


def record(epoch):
    return EpochRecord(epoch, 9, 1 / epoch, None, 0.001, 10 * epoch)


def fit_shown_on(console, **options):
    with progress(console, **options):
        MLPClassifier(max_iter=6, tol=10, n_iter_no_change=4, random_state=0).fit(X, y)
    return console.file.getvalue()


def terminal():
    return Console(file=io.StringIO(), force_terminal=True, width=80, legacy_windows=False)


def test_a_terminal_shows_one_line_that_ends_with_the_last_epoch(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    text = fit_shown_on(terminal())
    assert "epoch 6/6  loss 0." in text.rsplit("\r", 1)[-1]
    assert text.count("\n") == 1


def test_the_live_line_is_drawn_more_than_ten_times_a_second():
    assert REFRESHES_A_SECOND >= 10


def test_the_live_line_is_drawn_between_epochs_by_another_thread(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    console = terminal()
    with progress(console):
        while console.file.getvalue().count("starting") < 3:
            pass


def test_without_a_terminal_the_first_and_the_last_epoch_have_a_plain_line_each():
    lines = fit_shown_on(Console(file=io.StringIO(), width=80)).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/6  loss 0.")
    assert lines[1].startswith("epoch 6/6  loss 0.")


def test_plain_lines_are_printed_at_most_once_a_second(monkeypatch):
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: now.seconds)
    console = Console(file=io.StringIO(), width=80)
    lines = PlainLines(console)
    for epoch in range(1, 10):
        lines.update(record(epoch))
        now.seconds += 0.4
    lines.finish()
    lines.finish()
    lines = [line.split()[1] for line in console.file.getvalue().splitlines()]
    assert lines == ["1/9", "4/9", "7/9", "9/9"]


def test_a_dumb_terminal_shows_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in fit_shown_on(terminal())


def test_quiet_prints_nothing():
    assert fit_shown_on(terminal(), quiet=True) == ""


def test_the_line_contains_the_validation_score_if_there_is_one():
    assert words(record(3)._replace(validation_score=0.5), 1.0) == (
        "epoch 3/9  loss 0.333333  validation 0.5  1.0 s"
    )
    assert words(None, 0.25) == "starting  0.2 s"


@pytest.mark.parametrize("latest", [None, record(3)])
def test_the_live_line_can_be_drawn_before_and_after_the_first_epoch(latest):
    line = LiveLine()
    if latest is not None:
        line.update(latest)
    console = Console(file=io.StringIO(), width=80)
    console.print(line)
    assert ("starting" if latest is None else "epoch 3/9") in console.file.getvalue()


def test_long_work_is_shown_after_two_seconds_and_then_at_growing_intervals(monkeypatch):
    console = Console(file=io.StringIO(), width=80)
    waits = []

    def ends_within(self, seconds=-1):
        waits.append(seconds)
        return len(waits) > 3

    monkeypatch.setattr(Silence, "ends_within", ends_within)
    with working(console, "reading houses.csv"):
        while len(waits) < 4:
            pass
    lines = console.file.getvalue().splitlines()
    assert waits == [2.0, 4.0, 8.0, 16.0]
    assert len(lines) == 3
    assert lines[0].startswith("reading houses.csv  ")


def test_short_work_and_quiet_work_are_not_shown():
    console = Console(file=io.StringIO(), width=80)
    with working(console, "reading houses.csv"), working(console, "measuring", quiet=True):
        pass
    assert console.file.getvalue() == ""


def test_long_work_has_a_live_line_on_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "SECONDS_IN_SILENCE", 0.0)
    console = terminal()
    with working(console, "reading houses.csv"):
        while console.file.getvalue().count("reading houses.csv") < 3:
            pass
    assert console.file.getvalue().endswith("\x1b[2K")


def test_a_silence_ends_once_and_remains_ended():
    silence = Silence()
    assert not silence.ends_within(0.0)
    silence.end()
    silence.end()
    assert silence.ends_within(0.0)
    assert silence.ends_within()
