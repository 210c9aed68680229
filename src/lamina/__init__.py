"""Multi-layer perceptrons: scikit-learn's interface and numbers, at native speed."""

from typing import TYPE_CHECKING, Any

from lamina.estimators import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from lamina.export import (
        from_sklearn,
        from_torch,
        to_c,
        to_onnx,
        to_python,
        to_sklearn,
        to_torch,
    )
    from lamina.persistence import load, save

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "__version__",
    "from_sklearn",
    "from_torch",
    "load",
    "save",
    "to_c",
    "to_onnx",
    "to_python",
    "to_sklearn",
    "to_torch",
]

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    # Fits and predictions need none of these: a fifth of the time of importing lamina would be
    # that of files alone.
    if name in ("load", "save"):
        from lamina import persistence

        return getattr(persistence, name)
    if name in __all__:
        from lamina import export

        return getattr(export, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
