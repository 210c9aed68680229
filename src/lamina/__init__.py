"""Multi-layer perceptrons: scikit-learn's interface and numbers, at native speed."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.engines.configuration import show_config
    from lamina.engines.devices import devices
    from lamina.estimators import MLPClassifier, MLPRegressor
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
    from lamina.studies import sweep, trace_step
    from lamina.tabular import TabularClassifier, TabularRegressor, describe

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "TabularClassifier",
    "TabularRegressor",
    "__version__",
    "describe",
    "devices",
    "from_sklearn",
    "from_torch",
    "load",
    "save",
    "show_config",
    "sweep",
    "to_c",
    "to_onnx",
    "to_python",
    "to_sklearn",
    "to_torch",
    "trace_step",
]

__version__ = "0.1.0.dev0"

_HOMES = {
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "TabularClassifier": "tabular",
    "TabularRegressor": "tabular",
    "describe": "tabular",
    "devices": "engines.devices",
    "load": "persistence",
    "save": "persistence",
    "show_config": "engines.configuration",
    "sweep": "studies",
    "trace_step": "studies",
    **dict.fromkeys(
        ("from_sklearn", "from_torch", "to_c", "to_onnx", "to_python", "to_sklearn", "to_torch"),
        "export",
    ),
}


def __getattr__(name: str) -> Any:
    # The estimators take scikit-learn's second and a half, which `lamina workbench` has not before
    # its page is there; and fits need none of the files and exports.
    if name in _HOMES:
        value = getattr(import_module(f"lamina.{_HOMES[name]}"), name)
    elif not name.startswith("_") and find_spec(f"lamina.{name}") is not None:
        value = import_module(f"lamina.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
