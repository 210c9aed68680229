"""Parameter names are looked up once per class, and belong to that class."""

from __future__ import annotations

from sklearn.base import clone

from lamina import MLPClassifier


def test_a_subclass_has_its_own_parameters() -> None:
    class Named(MLPClassifier):
        def __init__(self, label: str = "", alpha: float = 1.0) -> None:
            super().__init__(alpha=alpha)
            self.label = label

    MLPClassifier().get_params()
    assert Named("a").get_params() == {"label": "a", "alpha": 1.0}
    assert "label" not in MLPClassifier().get_params()
    assert clone(Named("b")).label == "b"
