"""The live loss curve is drawn in notebooks at limited intervals, and nowhere else."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

import lamina
from lamina.plots import LiveLossCurve, live

X, y = load_iris(return_X_y=True)
BRIEF = {"max_iter": 8, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
PNG = b"\x89PNG"

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def notebook(monkeypatch):
    """Install a fake notebook that records the pictures of each display."""
    places = []

    class Place(list):
        def update(self, picture):
            self.append(picture)

    def show(picture, display_id):
        assert display_id is True
        places.append(Place([picture]))
        return places[-1]

    module = ModuleType("IPython")
    module.version_info = (9, 0)  # matplotlib reads this attribute.
    module.get_ipython = lambda: SimpleNamespace(kernel=object())
    module.display = SimpleNamespace(display=show, Image=lambda **fields: SimpleNamespace(**fields))
    monkeypatch.setitem(sys.modules, "IPython", module)
    return SimpleNamespace(places=places, module=module)


@pytest.fixture
def clock(monkeypatch):
    """Install a clock on which every epoch takes a second and a picture takes no time."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(live, "perf_counter", lambda: now.seconds)

    class Tick:
        def on_epoch_end(self, fit):
            now.seconds += 1.0

    now.tick = Tick()
    return now


def test_one_display_in_the_notebook_is_updated_during_the_fit(notebook, clock):
    curve = LiveLossCurve(seconds=3.0)
    model = lamina.MLPClassifier(callbacks=[clock.tick, curve], **BRIEF).fit(X, y)
    [place] = notebook.places
    assert [picture.data[:4] for picture in place] == [PNG] * 3
    assert [picture.retina for picture in place] == [False, False, True]
    [line] = curve.display_.lines_
    np.testing.assert_array_equal(line.get_ydata(), model.loss_curve_)
    model.fit(X, y)
    assert len(notebook.places) == 2


def test_a_slow_picture_delays_the_next_one(notebook, clock, monkeypatch):
    drawn = LiveLossCurve._drawn

    def slowly(self, *args):
        clock.seconds += 0.1
        return drawn(self, *args)

    monkeypatch.setattr(LiveLossCurve, "_drawn", slowly)
    lamina.MLPClassifier(callbacks=[clock.tick, LiveLossCurve()], **BRIEF).fit(X, y)
    # After the first epoch, then at least 25 × 0.1 seconds later, and at the end.
    assert len(notebook.places[0]) == 1 + 8 // 3 + 1


def test_a_fit_shorter_than_the_time_between_pictures_shows_its_end(notebook):
    curve = LiveLossCurve(seconds=1000.0, panels=["learning_rate"], log_scale=True)
    lamina.MLPClassifier(callbacks=curve, **BRIEF).fit(X, y)
    assert len(notebook.places[0]) == 1
    assert curve.display_.ax_.get_yscale() == "log"
    assert list(curve.display_.panels_) == ["learning_rate"]


def test_validation_metrics_have_their_panel(notebook):
    curve = LiveLossCurve()
    lamina.MLPClassifier(callbacks=curve, early_stopping=True, **BRIEF).fit(X, y)
    assert list(curve.display_.panels_) == ["accuracy"]


def test_warm_started_fits_share_one_curve(notebook):
    curve = LiveLossCurve()
    model = lamina.MLPClassifier(callbacks=curve, warm_start=True, **BRIEF).fit(X, y).fit(X, y)
    [line] = curve.display_.lines_
    np.testing.assert_array_equal(line.get_data(), ([*range(1, 17)], model.loss_curve_))


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["script", "terminal"])
def test_nothing_is_drawn_outside_notebooks(notebook, shell):
    notebook.module.get_ipython = lambda: shell
    curve = LiveLossCurve()
    lamina.MLPClassifier(callbacks=curve, **BRIEF).fit(X, y)
    assert notebook.places == []
    assert curve.display_ is None


def test_ipython_is_not_imported_for_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    lamina.MLPClassifier(callbacks=LiveLossCurve(), **BRIEF).fit(X, y)
    assert "IPython" not in sys.modules


def test_the_curve_up_to_an_error_is_shown(notebook):
    class Fail:
        def on_epoch_end(self, fit):
            if fit.epoch == 3:
                raise RuntimeError("no space left")

    curve = LiveLossCurve(seconds=1000.0)
    model = lamina.MLPClassifier(callbacks=[curve, Fail()], **BRIEF)
    with pytest.raises(RuntimeError, match="no space left"):
        model.fit(X, y)
    assert len(curve.display_.lines_[0].get_ydata()) == 3


def test_it_can_be_cloned_and_checks_its_seconds():
    curve = clone(lamina.MLPClassifier(callbacks=LiveLossCurve(seconds=2.0))).callbacks
    assert curve.seconds == 2.0
    with pytest.raises(ValueError, match="seconds=0 must be a finite number above 0"):
        LiveLossCurve(seconds=0)
