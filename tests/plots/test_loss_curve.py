"""Loss curves of lamina's and scikit-learn's perceptrons, also inside other estimators."""

import builtins

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier as ScikitMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.plots import LossCurveDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

X, y = load_iris(return_X_y=True)
BRIEF = {"max_iter": 8, "tol": 10, "n_iter_no_change": 100, "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot.close("all")


@pytest.fixture(params=[lamina.MLPClassifier, ScikitMLPClassifier], ids=["lamina", "sklearn"])
def classifier(request):
    return request.param


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_curve_is_the_loss_of_every_epoch(classifier):
    model = classifier(**BRIEF).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    epochs, losses = display.lines_[0].get_data()
    assert list(epochs) == list(range(1, 9))
    np.testing.assert_array_equal(losses, model.loss_curve_)
    assert display.ax_.get_xlabel() == "epoch"
    assert display.ax_.get_ylabel() == "training loss"
    assert display.figure_ is display.ax_.figure
    assert display.panels_ == {}
    assert display.ax_.get_legend() is None


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_early_stopping_adds_a_panel_with_the_validation_score(classifier):
    model = classifier(early_stopping=True, **BRIEF).fit(X, y)
    display = LossCurveDisplay.from_estimator(model, log_scale=True)
    [line] = display.panel_lines_["accuracy"]
    panel = display.panels_["accuracy"]
    np.testing.assert_array_equal(line.get_ydata(), model.validation_scores_)
    assert panel.get_ylabel() == "validation\naccuracy"
    assert panel.get_xlabel() == "epoch"
    assert display.ax_.get_xlabel() == ""
    assert display.ax_.get_yscale() == "log"
    display.figure_.canvas.draw()
    above, below = display.ax_.get_window_extent(), panel.get_window_extent()
    assert below.y1 < above.y0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_pipelines_and_transformed_targets_are_unwrapped():
    inner = make_pipeline(StandardScaler(), lamina.MLPRegressor(early_stopping=True, **BRIEF))
    model = TransformedTargetRegressor(inner, transformer=StandardScaler()).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    expected = model.regressor_[-1].loss_curve_
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), expected)
    assert display.panels_["r2"].get_ylabel() == "validation\nR²"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_several_models_differ_in_colour_and_dashes():
    models = [lamina.MLPClassifier((n,), **BRIEF).fit(X, y) for n in (2, 4)]
    display = LossCurveDisplay.from_estimator(models, names=["two", "four"])
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["two", "four"]
    assert len({line.get_color() for line in display.lines_}) == 2
    assert len({line.get_linestyle() for line in display.lines_}) == 2
    numbered = LossCurveDisplay.from_estimator(models)
    assert numbered.names == ["model 1", "model 2"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("placed_by_hand", [False, True])
def test_given_axes_are_drawn_on_and_panels_share_their_area(placed_by_hand):
    options = {"monitor": ["accuracy", "gradient_norm"], "early_stopping": True}
    model = lamina.MLPClassifier(**options, **BRIEF).fit(X, y)
    figure = Figure()
    ax = figure.add_axes((0.2, 0.2, 0.7, 0.7)) if placed_by_hand else figure.add_subplot(1, 2, 2)
    room = ax.get_position()
    panels = ["accuracy", "gradient_norm"]
    display = LossCurveDisplay.from_estimator(model, ax=ax, panels=panels)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert ax.get_position().y1 == pytest.approx(room.y1)
    lowest = display.panels_["gradient_norm"].get_position()
    assert lowest.y0 == pytest.approx(room.y0)
    assert lowest.x0 == pytest.approx(room.x0)
    assert lowest.y1 <= display.panels_["accuracy"].get_position().y0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_validation_loss_is_drawn_with_the_training_loss():
    model = lamina.MLPClassifier(**BRIEF).fit(X, y, validation_data=(X, y))
    display = LossCurveDisplay.from_estimator(model, panels=())
    [line], [held_out] = display.lines_, display.validation_lines_
    np.testing.assert_array_equal(held_out.get_ydata(), model.validation_loss_curve_)
    assert line.get_color() != held_out.get_color()
    assert line.get_linestyle() != held_out.get_linestyle()
    assert display.ax_.get_ylabel() == "loss"
    assert legend_of(display) == ["training", "validation"]
    named = LossCurveDisplay.from_estimator(model, names=["wide"])
    assert named.ax_.get_legend().get_title().get_text() == "wide"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_colour_shows_the_model_and_marks_show_training_or_validation():
    params = {"validation_data": (X, y)}
    models = [lamina.MLPClassifier((n,), **BRIEF).fit(X, y, **params) for n in (2, 4)]
    models.append(lamina.MLPClassifier((8,), **BRIEF).fit(X, y))
    display = LossCurveDisplay.from_estimator(models, names=["two", "four", "eight"])
    assert len(display.lines_) == 3
    assert len(display.validation_lines_) == 2
    for line, held_out in zip(display.lines_, display.validation_lines_, strict=False):
        assert line.get_color() == held_out.get_color()
        assert line.get_linestyle() == held_out.get_linestyle()
        assert line.get_marker() != held_out.get_marker()
    assert legend_of(display) == ["two", "four", "eight", "training", "validation"]
    assert len(display.panel_lines_["accuracy"]) == 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_panels_show_any_column_of_the_history():
    options = {"monitor": ["gradient_norm", "neg_log_loss", "balanced_accuracy"]}
    schedule = {"learning_rate": "exponential", "learning_rate_options": {"decay": 0.1}}
    model = lamina.MLPClassifier(**options, **schedule, **BRIEF).fit(X, y, validation_data=(X, y))
    columns = ["learning_rate", "gradient_norm", "seconds", "balanced_accuracy"]
    display = LossCurveDisplay.from_estimator(model, panels=columns)
    assert list(display.panels_) == columns
    for column in columns:
        [line] = display.panel_lines_[column]
        np.testing.assert_array_equal(line.get_ydata(), model.history_[column])
    assert display.panels_["learning_rate"].get_yscale() == "log"
    assert display.panels_["balanced_accuracy"].get_ylabel() == "validation\nbalanced\naccuracy"
    usual = LossCurveDisplay.from_estimator(model)
    assert list(usual.panels_) == ["neg_log_loss", "balanced_accuracy"]
    assert list(LossCurveDisplay.from_estimator(model, panels="seconds").panels_) == ["seconds"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_unknown_panel_is_rejected_with_the_nearest_name():
    model = lamina.MLPClassifier(**BRIEF).fit(X, y)
    with pytest.raises(ValueError, match=r"'learnin_rate', which is not .* mean 'learning_rate'"):
        LossCurveDisplay.from_estimator(model, panels=["learnin_rate"])
    with pytest.raises(ValueError, match="'gradient_norm', which was not measured: name it in mon"):
        LossCurveDisplay.from_estimator(model, panels=["gradient_norm"])


def legend_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_a_single_epoch_is_visible():
    display = LossCurveDisplay(histories=[{"loss": [0.5]}]).plot()
    assert display.lines_[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (lamina.MLPClassifier(), NotFittedError, "no loss curve yet: call fit first"),
        (LogisticRegression(), ValueError, "a LogisticRegression has no loss curve"),
        ([], ValueError, "estimator is an empty list"),
    ],
)
def test_a_model_without_a_loss_curve_is_rejected_with_the_cure(model, error, message):
    with pytest.raises(error, match=message):
        LossCurveDisplay.from_estimator(model)


def test_the_error_for_a_minimisation_by_scipy_names_the_cure():
    model = lamina.MLPClassifier(solver="lbfgs", max_iter=500, engine="reference").fit(X, y)
    with pytest.raises(ValueError, match=r"solver='lbfgs', .* choose engine='native'"):
        LossCurveDisplay.from_estimator(model)


def test_there_must_be_one_name_for_each_estimator():
    model = lamina.MLPClassifier(tol=10).fit(X, y)
    with pytest.raises(ValueError, match="2 names for 1 estimators"):
        LossCurveDisplay.from_estimator([model], names=["a", "b"])


def test_without_matplotlib_the_error_names_the_package(monkeypatch):
    def refuse(name, *args, **kwargs):
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return importer(name, *args, **kwargs)

    importer = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "lamina\[plots\]"'):
        LossCurveDisplay(histories=[{"loss": [1.0, 0.5]}]).plot()
