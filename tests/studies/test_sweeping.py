"""A sweep equals cross-validation of every value, for any threads and outcomes of fits."""

import signal
import threading
import time
import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, cross_validate
from sklearn.neural_network import MLPClassifier as ScikitMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.studies.sweep_result import Outcome

X, y = make_moons(60, noise=0.2, random_state=0)
BRIEF = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 1}


def brief(**parameters):
    return lamina.MLPClassifier(**{**BRIEF, **parameters})


def scores(found, name="test_score"):
    return [
        [getattr(run, name) for run in found.select_runs(index)]
        for index in range(len(found.values))
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("estimator", "parameter", "values"),
    [
        (brief(), "alpha", [1e-4, 1.0, 100.0]),
        (brief(), "hidden_layer_sizes", [(3,), (5, 2), ()]),
        (brief(solver="lbfgs"), "activation", ["tanh", "relu"]),
        (make_pipeline(StandardScaler(), brief()), "mlpclassifier__batch_size", [5, 40]),
        (brief(), "solver", ["adam", "lbfgs"]),
        (ScikitMLPClassifier(**BRIEF), "alpha", [1e-4, 10.0]),
        (LogisticRegression(), "C", [0.1, 10.0]),
    ],
    ids=["alpha", "sizes", "activation", "pipeline", "solver", "scikit-learn", "another"],
)
def test_the_scores_equal_those_of_cross_validate(estimator, parameter, values):
    found = lamina.sweep(estimator, X, y, parameter, values, cv=3)
    for index, value in enumerate(values):
        model = estimator.set_params(**{parameter: value})
        theirs = cross_validate(model, X, y, cv=3, return_train_score=True)
        np.testing.assert_array_equal(scores(found)[index], theirs["test_score"])
        np.testing.assert_array_equal(scores(found, "train_score")[index], theirs["train_score"])


def test_folds_scorers_and_groups_are_used_as_in_cross_validate():
    groups = np.arange(60) % 4
    asked = {"cv": GroupKFold(3), "scoring": "neg_log_loss", "groups": groups}
    found = lamina.sweep(brief(), X, y, "alpha", [0.1], **asked)
    with warnings.catch_warnings(action="ignore"):
        theirs = cross_validate(brief(alpha=0.1), X, y, **asked)
    np.testing.assert_array_equal(scores(found)[0], theirs["test_score"])
    assert found.score_name == "neg_log_loss"


def test_random_folds_are_the_same_for_every_value():
    cv = ShuffleSplit(2, random_state=np.random.RandomState(0))
    found = lamina.sweep(brief(), X, y, "alpha", [0.1, 0.1], cv=cv)
    assert scores(found)[0] == scores(found)[1]


def test_the_number_of_threads_changes_no_score_and_no_curve():
    one, three = (
        lamina.sweep(brief(), X, y, "learning_rate_init", [0.001, 0.1], n_threads=n) for n in (1, 3)
    )
    assert scores(one) == scores(three)
    for a, b in zip(one.runs, three.runs, strict=True):
        np.testing.assert_array_equal(a.loss_curve, b.loss_curve)


def test_all_fits_share_the_default_seed():
    found = lamina.sweep(brief(random_state=None), X, y, "alpha", [0.1, 0.1], cv=2)
    np.testing.assert_array_equal(found.runs[0].loss_curve, found.runs[2].loss_curve)
    other = lamina.sweep(brief(random_state=None), X, y, "alpha", [0.1], cv=2, random_state=5)
    assert not np.array_equal(found.runs[0].loss_curve, other.runs[0].loss_curve)


def test_the_estimator_is_not_changed(same):
    model = brief(random_state=None)
    lamina.sweep(model, X, y, "alpha", [0.1], cv=2)
    assert same(model, brief(random_state=None))


def test_fits_run_concurrently():
    meeting = threading.Barrier(2, timeout=20)

    class Meets:
        def on_fit_begin(self, fit):
            meeting.wait()

    callback = Meets()
    # scikit-learn clones only objects with get_params; others are copied deeply.
    Meets.__deepcopy__ = lambda self, memo: self
    found = lamina.sweep(brief(callbacks=callback), X, y, "alpha", [0.1], cv=2, n_threads=2)
    assert len(found.runs) == 2


def test_depth_and_width_set_the_hidden_layers():
    found = lamina.sweep(brief(hidden_layer_sizes=(6, 4)), X, y, "depth", [0, 1, 3], cv=2)
    explicit = lamina.sweep(brief(), X, y, "hidden_layer_sizes", [(), (6,), (6, 6, 6)], cv=2)
    assert scores(found) == scores(explicit)
    pipeline = make_pipeline(StandardScaler(), brief(hidden_layer_sizes=(6, 4)))
    wide = lamina.sweep(pipeline, X, y, "mlpclassifier__width", [2, 5], cv=2)
    name = "mlpclassifier__hidden_layer_sizes"
    assert scores(wide) == scores(lamina.sweep(pipeline, X, y, name, [(2, 2), (5, 5)], cv=2))


def test_loss_curves_and_times_of_lbfgs_are_recorded():
    found = lamina.sweep(brief(), X, y, "solver", ["adam", "lbfgs"], cv=2)
    assert all(len(run.loss_curve) > 1 and run.seconds > 0 for run in found.runs)
    falling = found.select_runs(1)[0].loss_curve
    assert falling[-1] == falling.min() == found.select_runs(1)[0].final_loss


def test_a_diverged_fit_is_recorded_and_does_not_end_the_sweep():
    wild = lamina.MLPRegressor("squared_error", (4,), "identity", solver="sgd", random_state=0)
    found = lamina.sweep(wild, X, X[:, 0], "learning_rate_init", [0.01, 1e9], cv=2)
    assert {run.outcome for run in found.select_runs(1)} == {Outcome.DIVERGED}
    assert all("learning_rate_init" in run.message for run in found.select_runs(1))
    assert np.isnan(scores(found)[1]).all()
    assert found.best_value == 0.01
    assert found.to_dict()["n_diverged"] == [0, 2]
    assert "–" in repr(found)


def test_unconverged_fits_are_shown_in_the_table_and_not_by_warnings():
    found = lamina.sweep(brief(max_iter=2), X, y, "alpha", [0.1, 1.0], cv=2)
    assert found.to_dict()["n_unfinished"] == [2, 2]
    assert "not converged" in repr(found)


def test_other_warnings_are_emitted_once():
    with pytest.warns(UserWarning, match="it is clipped to") as caught:
        lamina.sweep(brief(batch_size=1000), X, y, "alpha", [0.1, 1.0], cv=2)
    assert len(caught) == 1


def test_an_error_of_a_fit_names_the_value():
    with pytest.raises(ValueError, match="'alpha' parameter") as it:
        lamina.sweep(brief(), X, y, "alpha", [0.1, -1.0], cv=2)
    assert it.value.__notes__ == ["in the fit with alpha=-1.0"]


class Interrupts:
    """Sends Ctrl-C to this process after some fits have begun, and waits until it is received."""

    def __init__(self, after):
        self.left, self.heard = after, threading.Event()

    def hear(self, *_):
        self.heard.set()
        raise KeyboardInterrupt

    def __deepcopy__(self, memo):
        return self

    def on_fit_begin(self, fit):
        self.left -= 1
        if self.left == 0:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            self.heard.wait(60)
            time.sleep(0.5)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="has no pthread_kill")
def test_ctrl_c_keeps_the_finished_fits():
    interrupts = Interrupts(after=3)
    before = signal.signal(signal.SIGINT, interrupts.hear)
    try:
        model = brief(callbacks=interrupts)
        found = lamina.sweep(model, X, y, "alpha", [0.1, 1.0, 10.0], cv=2, n_threads=1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not found.is_whole
    assert [(run.index, run.fold) for run in found.runs] == [(0, 0), (0, 1)]
    assert "2 of 6 fits, broken off" in repr(found)
    assert found.to_dict()["n_fits"] == [2, 0, 0]


def test_a_long_sweep_shows_its_progress(capsys):
    lamina.sweep(brief(), X, y, "alpha", [0.1, 1.0], cv=2, progress=True)
    text = capsys.readouterr().err
    assert text.startswith("\rsweep of alpha: ")
    assert "4 of 4 fits" in text
    lamina.sweep(brief(), X, y, "alpha", [0.1], cv=2, progress=False)
    assert capsys.readouterr().err == ""


def test_it_prints_and_converts_to_a_frame():
    pytest.importorskip("pandas")
    found = lamina.sweep(brief(), X, y, "alpha", [0.1, 10.0], cv=3)
    text = repr(found)
    assert text.startswith("Sweep of alpha, 3 folds, scores in accuracy: 6 fits in ")
    assert len(text.splitlines()) == 4
    frame = found.to_frame()
    assert [*frame.index] == [0.1, 10.0]
    assert frame.loc[0.1, "test_score"] == pytest.approx(np.mean(scores(found)[0]))
    assert frame.loc[0.1, "test_std"] == pytest.approx(np.std(scores(found)[0]))
    every = found.to_frame(every_fit=True)
    assert len(every) == 6
    assert set(every["outcome"]) == {"not converged"}
    assert found._repr_html_().count("<tr>") == 3


def test_scores_of_a_regressor_are_r2_and_scaled_targets_have_curves():
    IRIS = load_iris().data
    scaled = TransformedTargetRegressor(
        lamina.MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0),
        transformer=StandardScaler(),
    )
    found = lamina.sweep(scaled, IRIS[:, :3], IRIS[:, 3], "regressor__alpha", [0.1], cv=KFold(2))
    assert found.score_name == "R²"
    assert all(len(run.loss_curve) == 5 for run in found.runs)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"parameter": "alhpa"}, r"parameter='alhpa' is not a parameter .* Did you mean 'alpha'\?"),
        ({"values": []}, "values is empty: give at least one value of alpha"),
        ({"n_threads": 0}, "n_threads=0 must be at least 1"),
    ],
)
def test_wrong_use_is_rejected(asked, message):
    params = {"parameter": "alpha", "values": [0.1], **asked}
    with pytest.raises(ValueError, match=message):
        lamina.sweep(brief(), X, y, **params)


def test_the_whole_name_of_a_pipelines_parameter_is_suggested():
    pipeline = make_pipeline(StandardScaler(), brief())
    for short, whole in (
        ("alpha", "mlpclassifier__alpha"),
        ("depth", "mlpclassifier__depth"),
    ):
        with pytest.raises(ValueError, match=f"Did you mean '{whole}'"):
            lamina.sweep(pipeline, X, y, short, [1])
