"""Docstrings of the estimators, assembled from the descriptions of parameters and attributes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from textwrap import indent
from typing import TypeVar

from lamina.estimators.settings.parameter import Parameter

FIRST_SECTION_AFTER = "See Also\n--------\n"


Class = TypeVar("Class", bound=type)
Entry = tuple[str, str]


def with_parameters(attributes: Mapping[str, Entry]) -> Callable[[Class], Class]:
    """Return a decorator that adds two sections to a class's docstring: parameters, attributes.

    Parameters
    ----------
    attributes : dict of str to Attribute
        Fitted attributes by name.
    """

    def decorate(cls: Class) -> Class:
        # Python removes docstrings with -OO.
        if cls.__doc__ is not None:
            before, heading, after = inspect.cleandoc(cls.__doc__).partition(FIRST_SECTION_AFTER)
            sections = _section("Parameters", described(cls)) + _section("Attributes", attributes)
            cls.__doc__ = f"{before}{sections}{heading}{after}"
        return cls

    return decorate


def described(cls: type) -> dict[str, Entry]:
    """Return the type, with the default, and the description of each parameter of an estimator.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> described(MLPClassifier)["power_t"]
    ('float, default=0.5', "Exponent of 'invscaling'.")
    """
    parameters: Mapping[str, Parameter] = cls._parameters  # type: ignore[attr-defined]
    signature = inspect.signature(cls).parameters
    return {
        name: (
            f"{parameters[name].kind}, default={default.default!r}",
            parameters[name].description,
        )
        for name, default in signature.items()
    }


def _section(title: str, entries: Mapping[str, Entry]) -> str:
    texts = [
        f"{name} : {kind}\n{indent(inspect.cleandoc(text), '    ')}\n"
        for name, (kind, text) in entries.items()
    ]
    return f"{title}\n{'-' * len(title)}\n{''.join(texts)}\n"
