"""MLPClassifier: labels of every kind, probabilities, and classes over several fits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_iris, make_multilabel_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.engines import Engine

X, Y = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


@pytest.mark.parametrize(
    ("hidden", "train", "test", "epochs"),
    [
        ((), 0.997, 0.964, 400),
        ((64,), 1.000, 0.980, 164),
        ((128, 64), 1.000, 0.973, 80),
        ((256, 128, 64), 1.000, 0.982, 48),
    ],
    ids=str,
)
def test_the_digits_are_classified_as_well_as_by_scikit_learn(
    engine: Engine, hidden: tuple[int, ...], train: float, test: float, epochs: int
) -> None:
    if engine.name == "reference" and len(hidden) > 1:
        pytest.skip("takes the NumPy engine half a minute")
    digits, labels = load_digits(return_X_y=True)
    training, unknown, labels_known, labels_unknown = train_test_split(
        digits, labels, random_state=42, stratify=labels
    )
    scaler = StandardScaler().fit(training)
    training, unknown = scaler.transform(training), scaler.transform(unknown)
    model = MLPClassifier(hidden, max_iter=400, alpha=1e-4, random_state=42)
    model.fit(training, labels_known)
    assert round(model.score(training, labels_known), 3) == train
    assert round(model.score(unknown, labels_unknown), 3) == test
    assert model.n_iter_ == epochs


@pytest.mark.parametrize(
    "names",
    [["a", "bb", "ccc"], [-1, 0, 7], [True, False, False], [0.0, 1.0, 2.0]],
    ids=lambda names: type(names[0]).__name__,
)
def test_predicted_labels_are_those_of_the_targets(names: list[object]) -> None:
    labels = np.array(names)[Y]
    model = MLPClassifier((5,), solver="lbfgs", max_iter=50, random_state=0).fit(X, labels)
    answer = model.predict(X)
    assert answer.dtype == labels.dtype
    assert np.mean(answer == labels) > 0.9
    np.testing.assert_array_equal(model.classes_, np.unique(labels))


def test_labels_may_be_text_in_an_object_array() -> None:
    labels = np.array(["a", "bb", "ccc"], dtype=object)[Y]
    model = MLPClassifier((5,), max_iter=3, early_stopping=True).fit(X, labels)
    assert set(model.predict(X)) <= {"a", "bb", "ccc"}
    assert len(model.validation_scores_) == 3


def test_probabilities_of_two_classes_are_two_columns_that_sum_to_one() -> None:
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, Y == 2)
    probability = model.predict_proba(X)
    assert probability.shape == (150, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), probability[:, 1] > 0.5)


def test_the_log_of_a_zero_probability_is_minus_infinity_without_a_warning() -> None:
    model = MLPClassifier((5,), max_iter=5).fit(X, Y)
    model.intercepts_[-1][:] = [0, 0, 1e6]
    logarithm = model.predict_log_proba(X[:1])
    np.testing.assert_array_equal(logarithm, [[-np.inf, -np.inf, 0.0]])


@pytest.mark.parametrize("is_sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_multilabel_predictions_are_sparse_if_the_targets_were(
    is_sparse: bool, solver: str
) -> None:
    rows, indicators = make_multilabel_classification(60, 8, n_classes=4, random_state=0)
    y = sparse.csr_matrix(indicators) if is_sparse else indicators
    model = MLPClassifier((20,), solver=solver, max_iter=100, random_state=0).fit(rows, y)
    answer = model.predict(rows)
    assert sparse.issparse(answer) == is_sparse
    dense = answer.toarray() if is_sparse else answer
    np.testing.assert_array_equal(dense, model.predict_proba(rows) > 0.5)
    assert model.score(rows, y) == np.mean((dense == indicators).all(axis=1))


def test_a_single_class_is_always_predicted() -> None:
    model = MLPClassifier((3,), max_iter=3).fit(X, np.full(150, "only"))
    np.testing.assert_array_equal(model.predict(X[:2]), ["only", "only"])
    assert model.predict_proba(X).shape == (150, 2)


def test_the_first_partial_fit_needs_all_classes() -> None:
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MLPClassifier().partial_fit(X, Y)


def test_later_partial_fits_need_no_classes_but_the_same_ones_do_no_harm() -> None:
    model = MLPClassifier((3,)).partial_fit(X[:50], Y[:50], classes=[2, 1, 0])
    model.partial_fit(X[50:100], Y[50:100]).partial_fit(X, Y, classes=[0, 1, 2])
    assert model.n_outputs_ == 3
    with pytest.raises(ValueError, match="not the same as on the last call"):
        model.partial_fit(X, Y, classes=[0, 1])


def test_a_label_that_is_not_among_the_classes_is_refused_by_name() -> None:
    model = MLPClassifier((3,)).partial_fit(X[:100], Y[:100], classes=[0, 1])
    with pytest.raises(ValueError, match=r"classes not in `self.classes_`: \[.*2.*\]"):
        model.partial_fit(X, Y)


def test_a_first_partial_fit_that_fails_leaves_no_classes_behind() -> None:
    model = MLPClassifier((3,))
    with pytest.raises(ValueError, match="classes not in"):
        model.partial_fit(X, Y, classes=[0, 1])
    model.partial_fit(X, Y, classes=[0, 1, 2])
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])


def test_a_warm_start_with_other_classes_is_refused() -> None:
    model = MLPClassifier((3,), max_iter=2, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=r"the same classes .* Previously got \[0 1 2\]"):
        model.fit(X[:100], Y[:100])


def test_without_warm_start_the_classes_may_change() -> None:
    model = MLPClassifier((3,), max_iter=2).fit(X, Y).fit(X, Y == 1)
    np.testing.assert_array_equal(model.classes_, [False, True])
    assert (model.n_outputs_, model.out_activation_) == (1, "logistic")


def test_indicators_of_another_width_are_refused() -> None:
    rows, indicators = make_multilabel_classification(40, 5, n_classes=4, random_state=0)
    model = MLPClassifier((3,)).partial_fit(rows, indicators, classes=np.arange(4))
    with pytest.raises(ValueError, match="classes"):
        model.partial_fit(rows, np.c_[indicators, indicators])


def test_early_stopping_needs_two_rows_of_each_of_two_classes() -> None:
    with pytest.raises(ValueError, match="only 1 member"):
        MLPClassifier(early_stopping=True).fit([[1.0], [2.0], [3.0], [4.0]], [0, 0, 0, 1])


def test_early_stopping_restores_the_weights_of_the_best_epoch() -> None:
    parameters = {"random_state": 1, "early_stopping": True, "learning_rate_init": 0.02}
    model = MLPClassifier((6,), max_iter=60, n_iter_no_change=5, **parameters).fit(X, Y)
    best = int(np.argmax(model.validation_scores_)) + 1
    again = MLPClassifier((6,), max_iter=best, n_iter_no_change=60, **parameters).fit(X, Y)
    assert best < model.n_iter_
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])
