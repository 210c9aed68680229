"""Metrics as text: aligned, rounded, and with names printed verbatim."""

import io

from rich.console import Console

from lamina.cli.report import count, plain_console, show_figures, show_table


def printed(show, *arguments):
    console = Console(file=io.StringIO(), width=80, markup=False, highlight=False)
    show(console, *arguments)
    return console.file.getvalue()


VALUES = {"rows": 1200, "rmse": 2.0e-8, "mae": 1.25e-8, "r2": 0.87654321}


def lines(text):
    return [line.split() for line in text.splitlines() if line.strip() and "─" not in line]


def test_the_metrics_of_a_regression_are_shown_beside_those_of_the_mean():
    constant = {"rows": 1200, "rmse": 4.0e-8, "mae": 3.5e-8, "r2": -0.1}
    text = printed(show_figures, {"held out": VALUES, "training": VALUES}, constant)
    assert lines(text) == [
        ["held", "out", "training", "mean,", "median"],
        ["rows", "1,200", "1,200", "1,200"],
        ["RMSE", "2e-08", "2e-08", "4e-08"],
        ["MAE", "1.25e-08", "1.25e-08", "3.5e-08"],
        ["R²", "0.876543", "0.876543", "-0.1"],
    ]


def test_each_of_several_targets_has_its_own_table():
    figures = {"rows": 5, "targets": {"[y]": {"rmse": 1.0, "mae": 2.0}, "z": {"rmse": 3.0}}}
    assert lines(printed(show_figures, {"held out": figures}, None, ("[y]", "z"))) == [
        ["target", "[y]"],
        ["held", "out"],
        ["rows", "5"],
        ["RMSE", "1"],
        ["MAE", "2"],
        ["target", "z"],
        ["held", "out"],
        ["rows", "5"],
        ["RMSE", "3"],
    ]


def test_brackets_in_the_name_of_a_class_are_no_markup():
    text = printed(show_table, ("class", "rows"), [("[bold]oil", 3), (":smile:", 4)])
    assert "[bold]oil" in text
    assert ":smile:" in text
    assert plain_console().render_str("[bold]oil").plain == "[bold]oil"


def test_a_noun_agrees_with_its_number():
    assert [count(n, "class") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]
