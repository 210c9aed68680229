"""Description of a network: as text, as numbers, and in scikit-learn's HTML."""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import MLPClassifier, MLPRegressor

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(**parameters: Any) -> MLPClassifier:
    parameters = {"hidden_layer_sizes": (8, 5), "max_iter": 5, "random_state": 0, **parameters}
    return MLPClassifier(**parameters).fit(X, y)


def test_the_table_is_readable() -> None:
    model = fitted()
    first, *rows, last = repr(model.describe(X)).splitlines()
    assert first == "MLPClassifier"
    headings = ["layer", "activation", "fan_in", "fan_out", "parameters"]
    assert rows[0].split()[:5] == headings
    assert rows[1].split()[:5] == ["hidden_1", "relu", "4", "8", "40"]
    assert rows[3].split()[:5] == ["output", "softmax", "5", "3", "18"]
    assert len({len(row) for row in rows[1:3]}) == 1
    assert last == "103 parameters in float64"


def test_the_numbers_are_those_of_the_weights() -> None:
    model = fitted(activation=["prelu", "tanh"])
    described = model.describe()
    assert described.n_parameters == model.n_parameters_ == 103 + 8
    assert described.to_dict()["n_parameters"] == [48, 45, 18]
    for layer, W in zip(described.layers, model.coefs_, strict=True):
        assert layer.weight_mean == pytest.approx(W.mean())
        assert layer.weight_std == pytest.approx(W.std())
        assert layer.largest_weight == pytest.approx(np.abs(W).max())
        assert layer.n_dead is None
    assert "dead" not in repr(described)


def test_dead_and_saturated_units_are_counted_if_samples_are_passed() -> None:
    model = fitted(activation=["relu", "tanh"])
    model.coefs_[0][:, :3] = 0
    model.intercepts_[0][:3] = -1
    model.coefs_[1][:, 4] = 0
    model.intercepts_[1][4] = -9
    before = [layer.n_dead for layer in fitted(activation=["relu", "tanh"]).describe(X).layers]
    found = [layer.n_dead for layer in model.describe(X).layers]
    assert found[0] >= max(3, before[0])
    assert found[1:] == [before[1] + 1, None]
    table = repr(model.describe(X)).splitlines()
    assert table[1].endswith("dead units")
    assert table[2].split()[-1] == str(found[0])


def test_an_unfitted_model_describes_the_network_to_come() -> None:
    described = MLPRegressor(hidden_layer_sizes=(8, 5), output_activation="softplus").describe()
    assert described.title == "MLPRegressor, not fitted"
    assert described.to_dict()["fan_in"] == [None, 8, 5]
    assert described.to_dict()["fan_out"] == [8, 5, None]
    assert described.to_dict()["n_parameters"] == [None, 45, None]
    assert described.layers[-1].activation == "softplus, ?"
    assert "not known before fit" in repr(described)
    assert repr(MLPClassifier(()).describe()).splitlines()[2].split() == ["output", "?"]


@pytest.mark.parametrize("is_fitted", [False, True])
def test_normalization_dropout_and_residuals_are_described(is_fitted: bool) -> None:
    model = MLPClassifier(
        (6, 6), normalization="batch", dropout=[0.5, 0.25], residual=True, max_iter=3
    )
    described = (model.fit(X, y) if is_fitted else model).describe()
    assert [layer.extra for layer in described.layers] == [
        "batch norm, dropout 0.5",
        "batch norm, dropout 0.25, residual",
        "",
    ]
    assert described.layers[1].n_parameters == 6 * (6 + 1 + 2)
    if is_fitted:
        assert sum(layer.n_parameters for layer in described.layers) == described.n_parameters


def test_a_description_converts_to_a_data_frame() -> None:
    frame = fitted().describe(X).to_frame()
    assert list(frame.index) == ["hidden_1", "hidden_2", "output"]
    assert list(frame["n_parameters"]) == [40, 45, 18]


def test_without_pandas_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    importer = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return importer(name, *args, **kwargs)

    described = fitted().describe()
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match="to_frame needs pandas: pip install pandas"):
        described.to_frame()


def test_diagnoses_are_printed_below_the_table(tmp_path: Path) -> None:
    model = MLPClassifier((5,), max_iter=5).fit(1000 * X, y)
    assert "The features are not scaled" in repr(model.describe())
    assert "The features are not scaled" in model.describe()._repr_html_()
    lamina.save(model, tmp_path / "model.lamina")
    assert repr(lamina.load(tmp_path / "model.lamina").describe(X)) == repr(model.describe(X))


def layers_in(page: str) -> list[list[str]]:
    [block] = re.findall(r"<summary>Layers</summary>(.*?)</details>", page, flags=re.DOTALL)
    rows = re.findall(r"<tr.*?>(.*?)</tr>", block, flags=re.DOTALL)
    return [re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row) for row in rows]


@pytest.mark.parametrize("is_fitted", [False, True])
def test_a_notebook_shows_the_layers_below_the_parameters(is_fitted: bool) -> None:
    model = fitted() if is_fitted else MLPClassifier((8, 5))
    page = model._repr_html_()
    assert "<summary>Parameters</summary>" in page
    assert page.index("<summary>Parameters</summary>") < page.index("<summary>Layers</summary>")
    rows = layers_in(page)
    assert [row[0] for row in rows] == ["layer", "hidden_1", "hidden_2", "output"]
    assert rows[1][:4] == ["hidden_1", "relu", "4" if is_fitted else "?", "8"]


def test_layers_are_shown_inside_pipelines_and_searches() -> None:
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((8, 5)))
    assert len(layers_in(pipeline._repr_html_())) == 4
    search = GridSearchCV(MLPClassifier((8, 5)), {"alpha": [0.1]})
    assert len(layers_in(search._repr_html_())) == 4


def test_parameters_of_an_invalid_network_are_still_shown() -> None:
    page = MLPClassifier((8, 5), activation="rleu")._repr_html_()
    assert "rleu" in page
    assert "<summary>Layers</summary>" not in page


def test_text_stays_text() -> None:
    with config_context(display="text"):
        assert not hasattr(MLPClassifier(), "_repr_html_")


def test_names_are_escaped() -> None:
    model = fitted()
    model.diagnoses_ = ["<script>alert(1)</script>"]
    assert "<script>alert" not in model.describe()._repr_html_()
    assert "<script>alert" not in model.describe().as_fold()


def test_a_separate_table_takes_its_colours_from_the_page() -> None:
    """scikit-learn's class makes text black, even in a notebook with a dark background."""
    described = fitted().describe()
    assert 'class="default"' not in described._repr_html_()
    assert 'class="default"' in described.as_fold()
