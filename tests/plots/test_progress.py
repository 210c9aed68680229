"""A progress line speaks once it has taken long, and leaves nothing behind."""

import io

from lamina.plots.progress import ProgressLine


def test_what_is_quick_says_nothing():
    told = io.StringIO()
    with ProgressLine("frame", told, patience=1000) as line:
        for done in range(5):
            line.show(done + 1, 5)
    assert told.getvalue() == ""


def test_what_takes_long_says_how_far_it_is_and_clears_its_line():
    told = io.StringIO()
    with ProgressLine("frame", told, patience=0) as line:
        line.show(1, 2000)
        line.show(2000, 2000)
    _, first, last, blank, nothing = told.getvalue().split("\r")
    assert first.startswith("frame 1 of 2,000, ")
    assert last.startswith("frame 2,000 of 2,000, 0 s left")
    assert blank.strip() == nothing == ""
