"""The picture of a sweep shows all its curves, scores and numbers."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402

from lamina.plots import SweepDisplay  # noqa: E402

X, y = make_moons(40, noise=0.2, random_state=0)
MODEL = lamina.MLPClassifier((3,), max_iter=4, random_state=0)


def drawn(parameter, values, model=MODEL, **options):
    return SweepDisplay.from_estimator(model, X, y, parameter, values, **{"cv": 2} | options)


def test_every_value_has_a_panel_with_one_curve_per_fold():
    display = drawn("alpha", [0.1, 1.0, 10.0])
    assert [ax.get_title() for ax in display.loss_axes_] == [
        "alpha = 0.1",
        "alpha = 1",
        "alpha = 10",
    ]
    for index, lines in enumerate(display.loss_lines_):
        for line, run in zip(lines, display.sweep.select_runs(index), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
            np.testing.assert_array_equal(line.get_ydata(), run.loss_curve)
    final = display.sweep.to_dict()["final_loss"][0]
    assert display.loss_axes_[0].texts[0].get_text() == f"loss {final:.3g}"


def test_scores_are_drawn_over_their_values():
    display = drawn("learning_rate_init", [0.001, 0.01, 0.1])
    table = display.sweep.to_dict()
    for line, name in zip(display.score_lines_, ("train_score", "test_score"), strict=True):
        np.testing.assert_allclose(line.get_xdata().astype(float), [0.001, 0.01, 0.1])
        np.testing.assert_allclose(line.get_ydata().astype(float), table[name])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == (
        "learning_rate_init",
        "accuracy",
    )
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert [text.partition(" ")[0] for text in legend] == ["train", "test"]


@pytest.mark.parametrize(
    ("parameter", "values", "scale", "labels"),
    [
        ("alpha", [0.001, 0.1, 10.0], "log", None),
        ("alpha", [0.0, 0.001, 10.0], "symlog", None),
        ("momentum", [0.1, 0.5, 0.9], "linear", None),
        ("depth", [1, 2, 3], "linear", ["1", "2", "3"]),
        ("batch_size", [2, 8, 128], "log", ["2", "8", "128"]),
        ("activation", ["tanh", "relu"], "linear", ["tanh", "relu"]),
        ("early_stopping", [False], "linear", ["False"]),
        ("hidden_layer_sizes", [(2,), (3, 2)], "linear", ["(2,)", "(3, 2)"]),
    ],
)
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@pytest.mark.filterwarnings("ignore:batch_size=128")
def test_the_scale_depends_on_the_values(parameter, values, scale, labels):
    display = drawn(parameter, values, table=False)
    assert display.ax_.get_xscale() == scale
    if labels is not None:
        assert [text.get_text() for text in display.ax_.get_xticklabels()] == labels


def test_the_table_is_that_of_the_sweep():
    display = drawn("alpha", [0.1, 1.0])
    headings, rows = display.sweep.cells()
    cells = {
        place: cell.get_text().get_text() for place, cell in display.table_.get_celld().items()
    }
    for k, heading in enumerate(headings):
        assert cells[0, k] == heading
        assert [cells[i + 1, k] for i in range(2)] == [row[k] for row in rows]
    assert drawn("alpha", [0.1], table=False).table_ is None


def test_given_axes_show_only_the_scores():
    _, ax = pyplot.subplots()
    display = SweepDisplay(sweep=lamina.sweep(MODEL, X, y, "alpha", [0.1, 1.0], cv=2)).plot(ax)
    assert display.ax_ is ax
    assert display.figure_.axes == [ax]
    assert (display.loss_axes_, display.table_) == ([], None)


def test_diverged_fits_are_marked_and_do_not_dominate_the_scale():
    model = lamina.MLPRegressor("squared_error", (3,), "identity", solver="sgd", random_state=0)
    found = lamina.sweep(model, X, X[:, 0], "learning_rate_init", [0.01, 1e9], cv=2)
    display = SweepDisplay(sweep=found).plot()
    assert display.loss_axes_[1].texts[0].get_text() == "diverged"
    (cross,) = [line for line in display.ax_.lines if line.get_label() == "diverged"]
    np.testing.assert_array_equal(cross.get_xdata(), [1e9])
    first = display.loss_lines_[0][0].get_ydata()
    assert display.loss_axes_[0].get_ylim()[1] < 10 * first.max()


def test_many_values_are_drawn_in_several_rows_of_panels():
    display = drawn("alpha", [0.1 * k for k in range(1, 8)], table=False)
    assert len(display.loss_axes_) == 7
    rows = {ax.get_subplotspec().rowspan.start for ax in display.loss_axes_}
    assert rows == {0, 1}
    below = [bool(ax.get_xlabel()) for ax in display.loss_axes_]
    assert below == [False, False, True, True, True, True, True]


def test_one_fold_has_no_spread():
    rows = np.arange(40)
    display = drawn("alpha", [0.1, 1.0], cv=[(rows[:30], rows[30:])])
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["train", "test"]


def test_values_without_an_order_are_not_connected_by_a_line():
    by_name = drawn("activation", ["tanh", "relu"], table=False)
    by_number = drawn("alpha", [0.1, 1.0], table=False)
    assert [line.get_linestyle() for line in by_name.score_lines_] == ["None", "None"]
    assert "None" not in [line.get_linestyle() for line in by_number.score_lines_]


def test_the_axis_names_the_parameter_without_the_steps_before_it():
    pipeline = make_pipeline(StandardScaler(), MODEL)
    display = drawn("mlpclassifier__alpha", [0.1, 1.0], pipeline, table=False)
    assert display.ax_.get_xlabel() == "alpha"
