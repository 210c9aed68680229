"""The progress of an ensemble's fit: percentage, elapsed and remaining time."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from lamina.cli import ensemble_progress as module
from lamina.cli.ensemble_progress import EnsembleLines, ProgressReport, ensemble_progress, words


def fitted_on(console, **options):
    model = SimpleNamespace()
    with ensemble_progress(console, model, **options):
        if hasattr(model, "_progress"):
            for done in range(4):
                model._progress(done, 3, None if done == 0 else 10.0 * (3 - done))
    assert not hasattr(model, "_progress")
    return console.file.getvalue()


def test_a_log_has_lines_for_the_start_the_first_call_and_the_last_call():
    lines = fitted_on(Console(file=io.StringIO(), width=80)).splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "preparing the networks",
        "training 0 %",
        "training 100 %",
    ]


def test_a_log_has_at_most_one_line_in_five_seconds(monkeypatch):
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: now.seconds)
    console = Console(file=io.StringIO(), width=80)
    lines = EnsembleLines(console)
    for done in range(9):
        lines.update(done, 8, 20.0 - 2.0 * done)
        now.seconds += 2.0
    lines.finish()
    lines = [line.split("  ") for line in console.file.getvalue().splitlines()]
    assert [line[0] for line in lines] == [f"training {n} %" for n in (0, 37, 75, 100)]
    assert lines[1][1] == "6.0 s, about 14 s left"
    assert "left" not in lines[-1][1]


def test_a_terminal_shows_a_live_line_that_ends_at_100_percent(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=io.StringIO(), force_terminal=True, width=80, legacy_windows=False)
    text = fitted_on(console)
    assert "training 100 %" in text.rsplit("\r", 1)[-1]
    assert text.count("\n") == 1


def test_quiet_prints_nothing():
    assert fitted_on(Console(file=io.StringIO(), width=80), quiet=True) == ""


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (None, "preparing the networks  9.0 s"),
        (ProgressReport(0, 8, None, at=1.0), "training 0 %  9.0 s"),
        (ProgressReport(2, 8, 95.0, at=9.0), "training 25 %  9.0 s, about 1 min 35 s left"),
        # The time since the estimate is subtracted from the remaining time.
        (ProgressReport(2, 8, 30.0, at=4.0), "training 25 %  9.0 s, about 25 s left"),
        (ProgressReport(2, 8, 3.0, at=4.0), "training 25 %  9.0 s, about 0 s left"),
    ],
)
def test_the_text_of_a_step(step, text):
    assert words(step, started=0.0, now=9.0) == text


def test_a_hook_is_removed_from_a_model_whose_fit_fails():
    model = SimpleNamespace()
    console = Console(file=io.StringIO(), width=80)
    with pytest.raises(ZeroDivisionError), ensemble_progress(console, model):
        raise ZeroDivisionError
    assert not hasattr(model, "_progress")
