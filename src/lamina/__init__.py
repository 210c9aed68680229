"""Multi-layer perceptrons: scikit-learn's interface and numbers, at native speed."""

from typing import TYPE_CHECKING, Any

from lamina.estimators import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from lamina.persistence import load, save

__all__ = ["MLPClassifier", "MLPRegressor", "__version__", "load", "save"]

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    # Fits and predictions need no files: a fifth of the time of importing lamina would be theirs.
    if name in ("load", "save"):
        from lamina import persistence

        return getattr(persistence, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
