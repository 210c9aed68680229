"""Figures as text: aligned, rounded, and with names as they are."""

import io

from rich.console import Console

from lamina.cli.report import count, plain_console, show_figures, show_table


def printed(show, *arguments):
    console = Console(file=io.StringIO(), width=80, markup=False, highlight=False)
    show(console, *arguments)
    return console.file.getvalue()


def test_a_regressions_figures_are_rmse_mae_and_r2():
    figures = {"rows": 1200, "rmse": 2.0, "mae": 1.25, "r2": 0.87654}
    text = printed(show_figures, figures, "held out")
    assert [line.split() for line in text.splitlines()] == [
        ["held", "out", "(1,200", "rows)"],
        ["RMSE", "2"],
        ["MAE", "1.25"],
        ["R²", "0.87654"],
    ]


def test_brackets_in_a_classs_name_are_no_markup():
    text = printed(show_table, ("class", "rows"), [("[bold]oil", 3), (":smile:", 4)])
    assert "[bold]oil" in text
    assert ":smile:" in text
    assert plain_console().render_str("[bold]oil").plain == "[bold]oil"


def test_numbers_agree_with_their_noun():
    assert [count(n, "class") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]
