"""scikit-learn's own callbacks receive a fit and each of its epochs, and may stop it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import MLPClassifier

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("fits_by_engine"),
]


class Recorder:
    """Callback of scikit-learn's protocol that records its calls, and can stop the fit."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.heard: list[Any] = []
        self.scores: list[float] = []
        self.stop_after = stop_after

    def setup(self, estimator: Any, context: Any) -> None:
        self.heard.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.heard.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, X: Any, y: Any, fitted_estimator: Any
    ) -> bool:
        self.heard.append(("end", context.task_name, context.task_id))
        self.scores.append(fitted_estimator.score(X, y))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after


def test_a_fit_is_a_task_and_every_epoch_one_below_it() -> None:
    recorder = Recorder()
    model = MLPClassifier(max_iter=2, random_state=0).set_callbacks(recorder).fit(X, Y)
    assert recorder.heard == [
        "setup",
        ("begin", "fit", 0),
        ("begin", "epoch", 0),
        ("end", "epoch", 0),
        ("begin", "epoch", 1),
        ("end", "epoch", 1),
        ("end", "fit", 0),
        "teardown",
    ]
    assert recorder.scores[-1] == model.score(X, Y)


def test_a_scikit_learn_callback_may_stop_the_fit() -> None:
    recorder = Recorder(stop_after=3)
    model = MLPClassifier(max_iter=9, random_state=0).set_callbacks(recorder).fit(X, Y)
    assert model.n_iter_ == 3


def test_a_minimisation_by_scipy_reports_only_its_beginning_and_end() -> None:
    recorder = Recorder()
    model = MLPClassifier(solver="lbfgs", max_iter=50, random_state=0, engine="reference")
    model.set_callbacks(recorder).fit(X, Y)
    assert recorder.heard == ["setup", ("begin", "fit", 0), ("end", "fit", 0), "teardown"]
    assert recorder.scores == [model.score(X, Y)]


def test_scikit_learns_own_monitor_scores_every_epoch() -> None:
    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier(max_iter=4, random_state=0).set_callbacks(monitor).fit(X, Y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(rows) == 4
    assert rows[-1]["accuracy"] == pytest.approx(model.score(X, Y))


def test_callbacks_work_in_clones_and_searches_and_are_not_saved(tmp_path: Any) -> None:
    recorder = Recorder()
    model = MLPClassifier(max_iter=2, random_state=0).set_callbacks(recorder)
    search = GridSearchCV(make_pipeline(StandardScaler(), clone(model)), {}, cv=2).fit(X, Y)
    assert len(recorder.heard) == 3 * 8
    lamina.save(search.best_estimator_, tmp_path / "model.lamina")
    np.testing.assert_array_equal(
        lamina.load(tmp_path / "model.lamina").predict(X), search.predict(X)
    )


def test_an_object_without_the_protocol_is_refused() -> None:
    with pytest.raises(TypeError, match="FitCallback protocol"):
        MLPClassifier().set_callbacks(print)
