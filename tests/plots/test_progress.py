"""A progress line appears only for slow work, and is cleared at the end."""

import io

from lamina.plots.progress import CountProgress


def test_quick_work_prints_nothing():
    output = io.StringIO()
    with CountProgress("frame", output, patience=1000) as line:
        for done in range(5):
            line.show(done + 1, 5)
    assert output.getvalue() == ""


def test_slow_work_prints_its_progress_and_clears_the_line():
    output = io.StringIO()
    with CountProgress("frame", output, patience=0) as line:
        line.show(1, 2000)
        line.show(2000, 2000)
    _, first, last, blank, nothing = output.getvalue().split("\r")
    assert first.startswith("frame 1 of 2,000, ")
    assert last.startswith("frame 2,000 of 2,000, 0 s left")
    assert blank.strip() == nothing == ""
