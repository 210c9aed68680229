"""Choose the engine: the native one if it loads, else the reference."""

from __future__ import annotations

import os
import warnings
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from lamina.engines.engine import Engine
from lamina.engines.independent import IndependentEngine
from lamina.engines.reference import ReferenceEngine
from lamina.engines.threads import usable_cores
from lamina.errors import NativeUnavailableWarning, UnknownNameError, suggestion

if TYPE_CHECKING:
    from lamina.engines.native import NativeEngine
    from lamina.network import NetworkSpec

ENGINES = ("native", "reference")
ENVIRONMENT_VARIABLE = "LAMINA_ENGINE"


def available_engines() -> list[str]:
    """Return the names of the engines that are available on this machine."""
    return [name for name in ENGINES if name == "reference" or _native() is not None]


def choose_engine(
    name: str | None = None,
    n_threads: int | None = None,
    precision: str | None = None,
    spec: NetworkSpec | None = None,
) -> Engine:
    """Return the engine with that name, or of LAMINA_ENGINE, or the fastest that loads.

    Parameters
    ----------
    name : {'native', 'reference'}, optional
    n_threads : int, optional
        Number of threads of the native engine; by default its cost model chooses.
    precision : str, optional
        Name in PRECISIONS, to which both operands of every product are rounded; only for
        float32. By default they are not rounded.
    spec : NetworkSpec, optional
        Network to compute. If the native engine lacks one of its kinds of blocks, the reference
        engine is chosen, with a warning that names the kind.

    Raises
    ------
    UnknownNameError
        For a name that is not an engine.
    ImportError
        If the native engine is requested by name and its extension cannot be loaded.
    UnsupportedBlockError
        If the native engine is requested by name and lacks a kind of block.

    Examples
    --------
    >>> choose_engine("reference").name
    'reference'
    """
    member = None if spec is None else spec.independent_member
    if spec is not None and member is not None:
        n_threads = usable_cores() if n_threads is None else n_threads
        each = max(1, n_threads // spec.n_members)
        together = choose_engine(name, n_threads, precision, member)
        return IndependentEngine(together, choose_engine(name, each, precision, member), n_threads)
    name = name or os.environ.get(ENVIRONMENT_VARIABLE) or None
    if name not in (None, *ENGINES):
        raise UnknownNameError(
            f"{name!r} is not a known engine.{suggestion(name, ENGINES)} "
            "Known: 'native', 'reference'."
        )
    if name == "reference":
        return ReferenceEngine(precision)
    native = _native()
    if native is not None:
        if spec is None or spec.kinds <= native.kinds:
            return _native_engine(n_threads, precision)
        if name == "native":
            native.require_kinds(spec)
        _warn_of_kinds(spec.kinds - native.kinds)
        return ReferenceEngine(precision)
    if name == "native":
        raise ImportError("the native extension could not be loaded; reinstall lamina to build it")
    _warn_once()
    return ReferenceEngine(precision)


@lru_cache(maxsize=64)
def _native_engine(n_threads: int | None, precision: str | None) -> NativeEngine:
    # Cached: it holds only its settings, and a single sample is predicted in a few microseconds.
    from lamina.engines.native import NativeEngine

    return NativeEngine(n_threads, precision)


@cache
def _native() -> type[NativeEngine] | None:
    try:
        from lamina.engines.native import NativeEngine
    except ImportError:
        return None
    return NativeEngine


@cache
def _warn_of_kinds(kinds: frozenset[str]) -> None:
    named = " and ".join(map(repr, sorted(kinds)))
    warnings.warn(
        f"the native engine has no blocks of kind {named}; the NumPy engine is used instead, "
        "slowly. Choose engine='reference' to do so without this warning.",
        NativeUnavailableWarning,
        stacklevel=4,
    )


@cache
def _warn_once() -> None:
    warnings.warn(
        "lamina's native extension could not be loaded; the NumPy engine is used instead, "
        "with the same results but slowly. Reinstall lamina to build it.",
        NativeUnavailableWarning,
        stacklevel=4,
    )
