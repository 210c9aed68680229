"""Findings about a fit: each where it applies, with its cure, and none on well-prepared data."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.datasets import Dataset, load
from lamina.datasets.files import CALIFORNIA_FILE, MNIST_FILE, data_file
from lamina.engines import Engine
from lamina.errors import (
    DeadUnitsWarning,
    DiagnosticWarning,
    DivergingLossWarning,
    RisingValidationLossWarning,
    SaturatedUnitsWarning,
    UnscaledFeaturesWarning,
)
from lamina.estimators.inspection.diagnosis import (
    diverging_loss,
    rising_validation_loss,
    unscaled_features,
)
from lamina.estimators.inspection.idle_units import saturates
from lamina.formulas import ACTIVATIONS

FILES = {"mnist": MNIST_FILE, "california_housing": CALIFORNIA_FILE}
WINE = load("wine")
MOONS = load("moons")
SCALED_WINE = StandardScaler().fit_transform(WINE.X)

ignore_convergence = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BUNDLED = ("digits", "iris", "wine", "breast_cancer", "diabetes", "moons", "circles")
PREPARATIONS = {
    "standard": StandardScaler(),
    "min-max": MinMaxScaler((-1, 1)),
    "max-abs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "quantile": QuantileTransformer(n_quantiles=50, output_distribution="normal"),
    "bins": make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False)),
}


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


def warned_of(model: Any, X: Any, y: Any) -> list[Warning]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    return [warning.message for warning in caught if not isinstance(warning, ConvergenceWarning)]


def load_or_skip(name: str) -> Dataset:
    if name in FILES and data_file(FILES[name]) is None:
        pytest.skip(f"no folder has {FILES[name]}, and tests download nothing")
    return load(name)


def classes_of(found: list[Any]) -> list[type]:
    return [type(each) for each in found if isinstance(each, DiagnosticWarning)]


@pytest.mark.parametrize(
    ("name", "preparation"),
    [
        (name, preparation)
        for name in (*BUNDLED, "california_housing", "mnist")
        for preparation in PREPARATIONS
        # Pixels that are zero in most samples keep sizes up to 255 after scaling by quartiles.
        if (name, preparation) != ("mnist", "robust")
    ],
)
def test_prepared_features_are_not_called_unscaled(name: str, preparation: str) -> None:
    dataset = load_or_skip(name)
    rows = np.random.RandomState(0).permutation(len(dataset.X))[:4000]
    columns = slice(0, 30) if preparation == "bins" else slice(None)
    X = PREPARATIONS[preparation].fit_transform(dataset.X[rows][:, columns].astype(float))
    assert unscaled_features(X, None) == []
    assert unscaled_features(sparse.csr_array(X), None) == []


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "california_housing", "mnist"])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_raw_features_of_very_different_or_large_size_are_called_unscaled(
    name: str, layout: Any
) -> None:
    dataset = load_or_skip(name)
    [found] = unscaled_features(layout(dataset.X[:2000].astype(float)), None)
    assert isinstance(found, UnscaledFeaturesWarning)
    assert "make_pipeline(StandardScaler(), model)" in str(found)


@pytest.mark.parametrize("n_categories", [2, 50, 2000])
def test_one_hot_columns_and_counts_are_not_called_unscaled(n_categories: int) -> None:
    random_state = np.random.RandomState(0)
    codes = random_state.randint(n_categories, size=(3000, 2))
    one_hot = OneHotEncoder().fit_transform(codes)
    assert unscaled_features(one_hot, None) == []
    assert unscaled_features(one_hot.toarray(), None) == []
    standardised = StandardScaler().fit_transform(one_hot.toarray())
    assert unscaled_features(standardised, None) == []
    assert unscaled_features(random_state.poisson(3.0, (500, 20)).astype(float), None) == []


def test_a_column_of_outliers_is_not_called_large_once_it_is_standardised() -> None:
    X = StandardScaler().fit_transform(np.random.RandomState(0).standard_cauchy((100_000, 5)) ** 3)
    assert np.abs(X).max() > 300
    assert unscaled_features(X, None) == []


def test_the_column_is_named_if_columns_have_names() -> None:
    frame = pd.DataFrame(WINE.X, columns=WINE.feature_names)
    model = MLPClassifier(max_iter=1, diagnostics=True)
    with (
        pytest.warns(
            UnscaledFeaturesWarning, match="mean magnitude of column 'proline' is about 7e"
        ),
        pytest.warns(ConvergenceWarning),
    ):
        model.fit(frame, WINE.y)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_idle_units_after_a_large_learning_rate_are_found(activation: str) -> None:
    model = MLPClassifier(
        (30, 30),
        activation,
        solver="sgd",
        momentum=0.0,
        learning_rate_init=30.0,
        max_iter=20,
        n_iter_no_change=100,
        random_state=0,
        diagnostics=True,
    )
    found = warned_of(model, MOONS.X, MOONS.y)
    kind = SaturatedUnitsWarning if saturates(activation) else DeadUnitsWarning
    [warning] = [each for each in found if isinstance(each, kind)]
    assert "of the 30 units of layer 'hidden_" in str(warning)
    assert "smaller learning_rate_init" in str(warning)


def test_a_sigmoid_is_flat_at_both_ends_and_a_relu_at_one() -> None:
    assert {name for name in ACTIVATIONS if saturates(name)} >= {"logistic", "tanh"}
    assert not any(saturates(name) for name in ("identity", "relu"))


def test_a_loss_that_diverges_but_stays_finite_is_found() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(),
        solver="sgd",
        momentum=0.0,
        learning_rate_init=1.6,
        batch_size=200,
        max_iter=12,
        n_iter_no_change=100,
        random_state=0,
        diagnostics=True,
    )
    X = np.random.RandomState(0).standard_normal((200, 20))
    found = warned_of(model, X, X[:, 0])
    assert DivergingLossWarning in classes_of(found)
    assert "Choose a learning_rate_init below 1.6" in str(found)


@pytest.mark.parametrize(
    "losses",
    [
        [1.0, 0.5, 0.3, 0.2, 0.1, 0.05],
        [0.69, 0.70, 0.69, 0.71, 0.69, 0.70, 0.70],
        [1.0, 0.1, 1e-4, 1e-3, 1e-2, 0.1, 0.2],
        [1.0, 0.5, 0.2, 5.0, 0.2, 0.1],
        [-1.0, -2.0, -3.0, -3.5, -3.4, -3.4],
        [1.0, 2.0, 3.0, 4.0],
    ],
)
def test_a_loss_that_falls_fluctuates_or_jumps_once_does_not_diverge(losses: list[float]) -> None:
    assert diverging_loss(losses, 0.1) == []


@pytest.mark.parametrize(
    "losses", [[1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 0.2, 0.1, 0.8, 0.7, 0.9], [-3.0, -4.0, 1, 1, 1]]
)
def test_a_loss_that_has_lost_most_of_its_gain_diverges(losses: list[float]) -> None:
    [found] = diverging_loss(losses, 0.1)
    assert isinstance(found, DivergingLossWarning)


def test_a_validation_loss_that_has_risen_for_long_is_found() -> None:
    falling = list(np.linspace(1.0, 0.5, 30))
    risen = [*falling, *np.linspace(0.5, 0.8, 40)]
    learned = list(np.geomspace(1.0, 0.01, 70))
    [found] = rising_validation_loss(risen, learned)
    assert isinstance(found, RisingValidationLossWarning)
    assert "rising for 40 epochs, from 0.5 to 0.8" in str(found)
    assert "while the training loss fell to 0.01" in str(found)
    assert "early_stopping=True" in str(found)
    short, flat = [*falling, *np.linspace(0.5, 0.8, 10)], [*falling, *np.linspace(0.5, 0.51, 40)]
    assert rising_validation_loss(short, learned[:40]) == []
    assert rising_validation_loss(flat, learned) == []
    assert rising_validation_loss(falling, learned[:30]) == []


@pytest.mark.parametrize(
    "training",
    [
        np.geomspace(1.0, 0.01, 30).tolist() + [5.0] * 40,
        [700.0, 900.0] * 35,
        [1.0] * 70,
        np.linspace(1.0, 0.55, 70).tolist(),
    ],
    ids=["diverged", "never learned", "flat", "no better than held out"],
)
def test_a_network_that_has_not_learned_is_not_said_to_memorise(
    training: list[float],
) -> None:
    risen = [*np.linspace(1.0, 0.5, 30), *np.linspace(0.5, 0.8, 40)]
    assert rising_validation_loss(risen, training) == []


def test_a_rate_that_spoils_the_first_epoch_is_found_by_the_initial_loss() -> None:
    losses = [900.0, 700.0, 800.0, 750.0, 720.0, 810.0]
    assert diverging_loss(losses, 1000.0) == []
    [found] = diverging_loss(losses, 1000.0, start=0.69)
    assert "after 0.69 before the first step" in str(found)
    assert diverging_loss([0.6, 0.5, 0.4, 0.3, 0.2], 0.1, start=0.69) == []
    [found] = diverging_loss([0.6, 0.1, 0.4, 0.7, 0.8, 0.9], 0.1, start=0.69)
    assert "after 0.1 in epoch 2" in str(found)


@ignore_convergence
def test_memorising_noise_is_found_with_validation_data() -> None:
    random_state = np.random.RandomState(0)
    X, y = random_state.standard_normal((120, 10)), random_state.randint(2, size=120)
    model = MLPClassifier((50,), max_iter=200, random_state=0, diagnostics=True)
    with pytest.warns(RisingValidationLossWarning, match="the network memorises its samples"):
        model.fit(X[:60], y[:60], validation_data=(X[60:], y[60:]))
    model.set_params(restore_best=True, diagnostics="auto")
    assert model.fit(X[:60], y[:60], validation_data=(X[60:], y[60:])).diagnoses_ == []


@ignore_convergence
@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_a_fit_of_scaled_data_has_no_findings(name: str, solver: str, activation: str) -> None:
    dataset = load(name)
    X = StandardScaler().fit_transform(dataset.X)
    y = (
        dataset.y
        if dataset.task == "classification"
        else StandardScaler().fit_transform(dataset.y[:, np.newaxis]).ravel()
    )
    estimator = MLPClassifier if dataset.task == "classification" else MLPRegressor
    model = estimator(
        hidden_layer_sizes=(20, 10),
        activation=activation,
        solver=solver,
        max_iter=60,
        random_state=0,
        diagnostics=True,
    )
    assert model.fit(X, y).diagnoses_ == []


@ignore_convergence
def test_a_table_of_numbers_and_categories_that_is_encoded_gives_no_warning() -> None:
    random_state = np.random.RandomState(0)
    table = pd.DataFrame(
        {
            "income": random_state.lognormal(10, 1, 400),
            "age": random_state.randint(18, 90, 400),
            "town": random_state.choice(list("abcdefgh"), 400),
        }
    )
    encoder = make_column_transformer(
        (StandardScaler(), ["income", "age"]), (OneHotEncoder(), ["town"])
    )
    model = make_pipeline(encoder, MLPClassifier(max_iter=300, diagnostics=True, random_state=0))
    model.fit(table, table["age"] > 50)
    assert model[-1].diagnoses_ == []


def test_by_default_only_scikit_learns_warning_is_issued_with_the_findings() -> None:
    model = MLPClassifier(max_iter=3, random_state=0)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(WINE.X, WINE.y)
    [warning] = caught
    [finding] = model.diagnoses_
    assert "The features are not scaled" in finding
    assert str(warning.message).endswith(finding)
    assert "Maximum iterations (3) reached" in str(warning.message)


def test_by_default_a_converged_fit_keeps_its_findings_without_a_warning() -> None:
    model = MLPClassifier(max_iter=300, tol=100, random_state=0).fit(WINE.X, WINE.y)
    assert any("not scaled" in finding for finding in model.diagnoses_)


def test_true_issues_each_finding_once_and_those_about_data_before_the_fit() -> None:
    model = MLPClassifier(max_iter=300, tol=100, random_state=0, diagnostics=True)
    found = classes_of(warned_of(model, WINE.X, WINE.y))
    assert found.count(UnscaledFeaturesWarning) == 1
    assert len(found) == len(set(found)) == len(model.diagnoses_)
    fresh = MLPClassifier(diagnostics=True)
    with pytest.raises(UnscaledFeaturesWarning):
        fresh.fit(WINE.X, WINE.y)
    assert not hasattr(fresh, "coefs_")


def test_a_finding_points_at_the_line_that_fits() -> None:
    model = MLPClassifier(max_iter=300, tol=100, random_state=0, diagnostics=True)
    with pytest.warns(DiagnosticWarning) as caught:
        model.fit(WINE.X, WINE.y)
    assert {Path(warning.filename).name for warning in caught} == {Path(__file__).name}


def test_one_filter_silences_all_diagnostic_warnings() -> None:
    model = MLPClassifier(max_iter=300, tol=100, random_state=0, diagnostics=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DiagnosticWarning)
        model.fit(WINE.X, WINE.y)
    assert model.diagnoses_


@ignore_convergence
def test_false_disables_the_diagnostics() -> None:
    model = MLPClassifier(max_iter=3, random_state=0, diagnostics=False).fit(WINE.X, WINE.y)
    assert model.diagnoses_ is None


@ignore_convergence
@pytest.mark.parametrize("diagnostics", [True, False, "auto"])
def test_diagnostics_change_no_number(diagnostics: bool | str) -> None:
    def fit(**parameters: Any) -> Any:
        return MLPClassifier((8,), max_iter=20, random_state=3, **parameters)

    model = fit(diagnostics=diagnostics).fit(SCALED_WINE, WINE.y)
    np.testing.assert_array_equal(model.coefs_[0], fit().fit(SCALED_WINE, WINE.y).coefs_[0])


def test_partial_fit_checks_only_the_first_samples() -> None:
    model = MLPClassifier(random_state=0, diagnostics=True)
    with pytest.warns(UnscaledFeaturesWarning):
        model.partial_fit(WINE.X, WINE.y, classes=[0, 1, 2])
    kept = model.diagnoses_
    model.partial_fit(WINE.X, WINE.y)
    assert model.diagnoses_ == kept
    assert len(kept) == 1


def test_findings_are_saved_with_the_model(tmp_path: Path) -> None:
    model = MLPClassifier(tol=100, random_state=0).fit(WINE.X, WINE.y)
    lamina.save(model, tmp_path / "model.lamina")
    assert lamina.load(tmp_path / "model.lamina").diagnoses_ == model.diagnoses_
