"""Choose the engine: the native one if it loads, PyTorch for a GPU, else the reference."""

from __future__ import annotations

import os
import warnings
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lamina.engines.custom_loss import is_torch_loss
from lamina.engines.device import CPU
from lamina.engines.devices import choose_device, is_torch_installed, kind_of, require_torch
from lamina.engines.engine import Engine
from lamina.engines.independent import IndependentEngine
from lamina.engines.reference import ReferenceEngine
from lamina.engines.threads import usable_cores
from lamina.errors import (
    DeviceError,
    NativeUnavailableWarning,
    SlowPrecisionWarning,
    UnknownNameError,
    suggestion,
)
from lamina.formulas.precisions import TF32, emulated

if TYPE_CHECKING:
    from lamina.engines.native import NativeEngine, NativeUnits
    from lamina.network import NetworkSpec

ENGINES = ("native", "reference", "pytorch")
PYTORCH = "pytorch"
ENVIRONMENT_VARIABLE = "LAMINA_ENGINE"


def available_engines() -> list[str]:
    """Return the names of the engines that are available on this machine.

    'pytorch' is one of them where PyTorch is installed, which this does not import.

    Examples
    --------
    >>> "reference" in available_engines()
    True
    """
    native = ["native"] if _native() is not None else []
    return [*native, "reference", *([PYTORCH] if is_torch_installed() else [])]


def native_units() -> NativeUnits | None:
    """Return the parts of the processor that the native engine uses; None if it does not load."""
    native = _native()
    return None if native is None else native.units()


def choose_engine(
    name: str | None = None,
    n_threads: int | None = None,
    precision: str | None = None,
    spec: NetworkSpec | None = None,
    device: str | None = None,
) -> Engine:
    """Return the engine with that name or for that device, or of LAMINA_ENGINE, or the fastest.

    Parameters
    ----------
    name : {'native', 'reference', 'pytorch'}, optional
    n_threads : int, optional
        Number of threads of the native engine; by default its cost model chooses.
    precision : str, optional
        Name in PRECISIONS, to which both operands of every product are rounded, or 'tf32', which
        only GPUs of NVIDIA compute and all else takes as float32; only for float32. By default
        they are not rounded.
    spec : NetworkSpec, optional
        Network to compute. If the native engine lacks one of its kinds of blocks, the reference
        engine is chosen, with a warning that names the kind.
    device : str, optional
        'cpu', 'cuda', 'cuda:1', 'mps' or 'auto', the best device that is present. All but the CPU
        imply the engine 'pytorch'. By default the CPU.

    Raises
    ------
    UnknownNameError
        For a name that is not an engine.
    ImportError
        If the native engine is requested by name and its extension cannot be loaded.
    UnsupportedBlockError
        If the native engine is requested by name and lacks a kind of block.
    DeviceError
        For a device that is absent, and for a GPU with another engine than 'pytorch'.
    TorchMissingError
        If the engine or the device needs PyTorch, which is not installed.

    Examples
    --------
    >>> choose_engine("reference").name
    'reference'
    """
    if precision == TF32 and kind_of(choose_place(name, device)[1]) != "cuda":
        precision = emulated(precision)
    # First the defaults: a single sample is predicted in a few microseconds.
    native = _native()
    is_default = name is None and device is None and spec is None
    if is_default and native is not None and not native.has_variable(ENVIRONMENT_VARIABLE):
        return _native_engine(n_threads, precision)
    member = None if spec is None else spec.independent_member
    if spec is not None and member is not None:
        if choose_place(name, device)[0] == PYTORCH:
            # PyTorch has threads of its own, and a device takes the work of one.
            only = choose_engine(name, None, precision, member, device)
            return IndependentEngine(only, only, 1)
        n_threads = usable_cores() if n_threads is None else n_threads
        each = max(1, n_threads // spec.n_members)
        together = choose_engine(name, n_threads, precision, member, device)
        alone = choose_engine(name, each, precision, member, device)
        return IndependentEngine(together, alone, n_threads)
    name, device = choose_place(name, device)
    if name == PYTORCH:
        return _pytorch_engine(device, precision)
    if name == "reference":
        return ReferenceEngine(precision)
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


def choose_place(
    name: str | None, device: str | None, *, float64: bool = False
) -> tuple[str | None, str]:
    """Return the engine's name, or None for the fastest on the CPU, and its device in full.

    Parameters
    ----------
    name : {'native', 'reference', 'pytorch'}, optional
    device : str, optional
    float64 : bool
        True if the engine must compute in float64.

    Raises
    ------
    UnknownNameError, DeviceError, TorchMissingError
        As in `choose_engine`.

    Examples
    --------
    >>> choose_place("reference", "auto")
    ('reference', 'cpu')
    """
    from_environment = None if name else os.environ.get(ENVIRONMENT_VARIABLE) or None
    name = name or from_environment
    if name not in (None, *ENGINES):
        raise UnknownNameError(
            f"{name!r} is not a known engine.{suggestion(name, ENGINES)} Known: "
            f"{', '.join(map(repr, ENGINES))}."
        )
    if name == PYTORCH:
        require_torch(f"engine={name!r}")
    elif name is not None and device == "auto":
        return name, CPU
    place = CPU if device is None else choose_device(device, float64=float64)
    if place == CPU:
        return name, CPU
    if name not in (None, PYTORCH) and from_environment is None:
        raise DeviceError(f"device={device!r} needs the engine 'pytorch', not {name!r}.")
    return PYTORCH, place


def is_gpu(device: str | None) -> bool:
    """Return True if the name of a device, or None for the CPU, chooses a GPU that is present.

    Raises
    ------
    DeviceError, TorchMissingError
        As in `choose_engine`.
    """
    return choose_place(None, device)[1] != CPU


def adapt_loss(loss: Any) -> Any:
    """Return a loss of torch.nn as a custom loss, and any other loss as it is.

    Raises
    ------
    ValueError
        For a loss that is reduced to one number.
    """
    if not is_torch_loss(loss):
        return loss
    return import_module("lamina.engines.pytorch.losses").TorchLoss(loss)


@lru_cache(maxsize=64)
def _pytorch_engine(device: str, precision: str | None) -> Engine:
    module = import_module("lamina.engines.pytorch.engine")
    engine: Engine = module.PyTorchEngine(device, precision)
    return engine


@lru_cache(maxsize=64)
def _native_engine(n_threads: int | None, precision: str | None) -> NativeEngine:
    # Cached: it holds only its settings, and a single sample is predicted in a few microseconds.
    from lamina.engines.native import NativeEngine

    if precision is not None and NativeEngine.units().emulates_bfloat16:
        _warn_of_emulation(precision)
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


@cache
def _warn_of_emulation(precision: str) -> None:
    warnings.warn(
        f"precision={precision!r} is slower than float32 here: the processor has neither "
        "AVX-512-BF16 nor AMX, or LAMINA_INSTRUCTION_SET excludes them. Set precision=None and "
        "dtype='float32' to compute faster.",
        SlowPrecisionWarning,
        stacklevel=5,
    )
