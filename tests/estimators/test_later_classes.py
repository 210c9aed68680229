"""Classes that come later: the outputs grow, and what the network has learned is kept."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lamina import MLPClassifier, load, save
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.fitting.running import prepare_memory
from lamina.estimators.settings.fit_settings import resolve_settings

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS = DIGITS[:600] / 16
LABELS = LABELS[:600]
SHORT = {"learning_rate_init": 0.01, "hidden_layer_sizes": (12,), "random_state": 0, "max_iter": 15}
# A step of this size changes nothing that the tests compare.
STILL = {"learning_rate_init": 1e-30, "alpha": 0}


def samples(*classes):
    """Return the samples of some digits."""
    rows = np.isin(LABELS, classes)
    return DIGITS[rows], LABELS[rows]


def log_ratios(model, X, classes):
    """Return log p of the classes beside the first of them."""
    columns = [model.classes_.tolist().index(each) for each in classes]
    p = model.predict_log_proba(X)[:, columns]
    return p[:, 1:] - p[:, :1]


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "nadam", "lion"])
@pytest.mark.parametrize(
    ("first", "later"),
    [
        ([3, 7], [3, 5, 7]),
        ([3, 7], [1, 3, 7, 9]),
        ([2, 4, 6], [1, 2, 3, 4, 6, 8]),
        ([2, 4, 6], [2, 4, 6, 7]),
        ([5], [5, 6]),
        ([5], [4, 5]),
    ],
    ids=str,
)
def test_predictions_among_the_old_classes_are_kept(solver, first, later):
    X, y = samples(*first)
    # A velocity goes on without any gradient.
    model = MLPClassifier(**SHORT, solver=solver, momentum=0)
    for _ in range(5):
        model.partial_fit(X, y, classes=first)
    before = [part.copy() for part in model.coefs_]
    expected = model.predict_log_proba(X)
    model.set_params(**STILL)
    # partial_fit keeps the learning rate of the first call.
    model._learning_rate = 1e-30
    model.partial_fit(X, y, classes=later)
    assert model.classes_.tolist() == later
    assert model.n_outputs_ == (1 if len(later) == 2 else len(later))
    np.testing.assert_array_equal(model.coefs_[0], before[0])
    if len(first) > 1:
        kept = log_ratios(model, X, first)
        np.testing.assert_allclose(kept, expected[:, 1:] - expected[:, :1], rtol=1e-9, atol=1e-9)
    else:
        p = model.predict_proba(X)[:, later.index(first[0])]
        np.testing.assert_allclose(np.log(p), expected[:, 0], rtol=1e-9)


def test_the_state_of_the_optimizer_is_kept_and_starts_at_zero_for_new_classes():
    X, y = samples(2, 4, 6)
    model = MLPClassifier(**SHORT, solver="adam")
    for _ in range(3):
        model.partial_fit(X, y, classes=[2, 4, 6])
    before, step = model._optimizer_slots.copy(), model._optimizer_step
    n_hidden = 64 * 12
    settings = resolve_settings(model, incremental=True)
    fit = prepare_fit(model, settings, X, y, fresh=False, incremental=True, classes=[2, 3, 4, 6])
    memory = prepare_memory(fit)
    m, v = memory.optimizer.slots
    assert memory.optimizer.step == step
    for slot, old in zip((m, v), before, strict=True):
        output, old_output = slot[n_hidden : n_hidden + 48], old[n_hidden : n_hidden + 36]
        output, old_output = output.reshape(12, 4), old_output.reshape(12, 3)
        np.testing.assert_array_equal(output[:, [0, 2, 3]], old_output)
        assert not output[:, 1].any()
        np.testing.assert_array_equal(slot[:n_hidden], old[:n_hidden])
    # The model itself is unchanged until the fit has succeeded.
    assert model.classes_.tolist() == [2, 4, 6]


def test_new_outputs_are_drawn_like_initial_weights():
    X, y = samples(2, 4, 6)
    model = MLPClassifier(**{**SHORT, "hidden_layer_sizes": (200,)}).fit(X, y)
    model.set_params(warm_start=True, max_iter=1, **STILL)
    model.fit(*samples(2, 3, 4, 6))
    bound = np.sqrt(6 / (200 + 4))
    column = model.coefs_[1][:, 1]
    assert 0.9 * bound < np.abs(column).max() <= bound
    assert abs(column.mean()) < 0.2 * bound


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("first", [[0, 1], [0, 1, 2, 3]], ids=str)
def test_a_warm_start_learns_the_new_classes(solver, first):
    later = [*first, 5, 8]
    model = MLPClassifier(**{**SHORT, "max_iter": 100}, solver=solver, warm_start=True)
    model.fit(*samples(*first)).fit(*samples(*later))
    assert model.classes_.tolist() == later
    assert model.score(*samples(*later)) > 0.97
    assert len(model.coefs_) == 2


def test_earlier_best_losses_do_not_end_the_fit_with_more_classes():
    model = MLPClassifier(**{**SHORT, "max_iter": 40}, warm_start=True, n_iter_no_change=3)
    model.fit(*samples(0, 1))
    model.fit(*samples(*range(10)))
    assert model.n_iter_ == 40
    assert model.loss_curve_[-1] < model.loss_curve_[40]


def test_early_stopping_goes_on_with_more_classes():
    model = MLPClassifier(**{**SHORT, "max_iter": 60}, warm_start=True, early_stopping=True)
    model.fit(*samples(0, 1, 2)).fit(*samples(*range(6)))
    assert model.score(*samples(*range(6))) > 0.9


def test_averages_grow():
    X, y = samples(2, 4, 6)
    model = MLPClassifier(**SHORT, average_decay=0.9)
    for _ in range(5):
        model.partial_fit(X, y, classes=[2, 4, 6])
    expected = model.predict_log_proba(X)
    model._learning_rate = 0.0
    model.set_params(alpha=0, average_decay=0.9)
    model.partial_fit(X, y, classes=[2, 4, 6, 9])
    trained = model._trained_parameters
    assert trained.size == model.n_parameters_
    # The average moves a tenth of the way to the trained parameters, the same for all classes.
    assert np.abs(log_ratios(model, X, [2, 4, 6]) - (expected[:, 1:] - expected[:, :1])).max() < 1
    assert model.predict_proba(X).shape == (len(X), 4)


def test_each_column_of_labels_grows_on_its_own():
    X = DIGITS
    y = np.column_stack([LABELS % 3, LABELS // 5])
    rows = (LABELS % 3 != 1) & (LABELS // 5 == 0)
    model = MLPClassifier(**SHORT)
    for _ in range(5):
        model.partial_fit(X[rows], y[rows], classes=[[0, 2], [0]])
    expected = model.predict_log_proba(X)
    model.set_params(**STILL)
    model._learning_rate = 1e-30
    model.partial_fit(X, y, classes=[[0, 1, 2], [0, 1]])
    assert [each.tolist() for each in model.classes_] == [[0, 1, 2], [0, 1]]
    log_p = model.predict_log_proba(X)
    np.testing.assert_allclose(
        log_p[0][:, 2] - log_p[0][:, 0], expected[0][:, 1] - expected[0][:, 0], rtol=1e-9, atol=1e-9
    )
    assert log_p[1].shape == (len(X), 2)


def test_multilabel_targets_get_further_labels():
    indicators = (LABELS[:, np.newaxis] == np.arange(4)).astype(int)
    model = MLPClassifier(**SHORT)
    for _ in range(5):
        model.partial_fit(DIGITS, indicators[:, :3], classes=np.arange(3))
    expected = model.predict_proba(DIGITS)
    model.set_params(**STILL)
    model._learning_rate = 1e-30
    model.partial_fit(DIGITS, indicators, classes=np.arange(4))
    assert model.predict_proba(DIGITS).shape == (600, 4)
    np.testing.assert_allclose(model.predict_proba(DIGITS)[:, :3], expected, rtol=1e-9)


def test_text_labels_may_become_longer():
    X, y = samples(3, 7)
    names = np.array(["three", "seven"])[(y == 7).astype(int)]
    model = MLPClassifier(**SHORT).partial_fit(X, names, classes=["three", "seven"])
    model.partial_fit(X, names, classes=["three", "seven", "eleven and more"])
    assert model.classes_.tolist() == ["eleven and more", "seven", "three"]


@pytest.mark.parametrize(
    "classes", [[2, 4], [2, 4, 7], [2, 4, 7, 8], [2], ["2", "4", "6", "8"]], ids=str
)
def test_classes_that_lack_an_earlier_one_are_refused(classes):
    X, y = samples(2, 4, 6)
    model = MLPClassifier(**SHORT).partial_fit(X, y, classes=[2, 4, 6])
    with pytest.raises(ValueError, match="none can be left out"):
        model.partial_fit(X, y, classes=classes)
    with pytest.raises(ValueError, match="classes not in"):
        model.partial_fit(*samples(2, 4, 6, 7))


@pytest.mark.parametrize("later", [[2, 4], [2, 4, 7], [2, 4, 7, 8]], ids=str)
def test_a_warm_start_refuses_fewer_or_other_classes(later):
    model = MLPClassifier(**SHORT, warm_start=True).fit(*samples(2, 4, 6))
    message = (
        "warm_start can only be used where `y` has the same classes as in the previous call to fit."
        f" Previously got [2 4 6], `y` has {np.array(later)}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(*samples(*later))


def test_a_warm_start_with_the_same_classes_continues():
    model = MLPClassifier(**SHORT, warm_start=True).fit(*samples(2, 4, 6))
    before = model.coefs_[1].copy()
    model.set_params(**STILL, max_iter=1).fit(*samples(2, 4, 6))
    np.testing.assert_array_equal(model.coefs_[1], before)


def test_an_output_activation_that_cannot_be_kept_is_refused():
    model = MLPClassifier(**SHORT, output_activation="softplus", warm_start=True)
    model.fit(*samples(2, 4))
    with pytest.raises(ValueError, match="output_activation='softplus' makes it impossible"):
        model.fit(*samples(2, 4, 6))
    assert model.classes_.tolist() == [2, 4]
    model = MLPClassifier(**SHORT, output_activation="prelu", warm_start=True)
    model.fit(*samples(2, 4, 6)).fit(*samples(2, 4, 6, 7))
    assert model.unit_parameters_[-1].shape == (1, 4)


def test_a_fit_with_more_classes_is_resumed_with_the_same_bits(tmp_path):
    first, later = samples(0, 1, 2), samples(0, 1, 2, 3)
    path = tmp_path / "fit.checkpoint"
    models = [MLPClassifier(**SHORT, warm_start=True).fit(*first) for _ in range(3)]
    whole = models[0].fit(*later)
    models[1].set_params(max_iter=7, checkpoint=path).fit(*later)
    models[2].fit(*later, resume=path)
    np.testing.assert_array_equal(whole.predict_proba(DIGITS), models[2].predict_proba(DIGITS))


def test_a_grown_model_is_saved_and_loaded(tmp_path):
    model = MLPClassifier(**SHORT).partial_fit(*samples(0, 1), classes=[0, 1])
    model.partial_fit(*samples(0, 1, 2), classes=[0, 1, 2])
    save(model, tmp_path / "model.lamina")
    loaded = load(tmp_path / "model.lamina").partial_fit(*samples(0, 1, 2))
    model.partial_fit(*samples(0, 1, 2))
    np.testing.assert_array_equal(loaded.predict_proba(DIGITS), model.predict_proba(DIGITS))


def test_both_engines_grow_alike():
    native, reference = (
        MLPClassifier(**SHORT, engine=engine, warm_start=True)
        .fit(*samples(0, 1))
        .fit(*samples(0, 1, 2))
        for engine in ("native", "reference")
    )
    np.testing.assert_allclose(
        native.predict_proba(DIGITS), reference.predict_proba(DIGITS), rtol=1e-6, atol=1e-9
    )
