"""Device of an estimator: allowed values, contradictions, and the engine that it implies."""

from __future__ import annotations

from lamina.engines.choose import PYTORCH, choose_place
from lamina.engines.device import AUTO, CPU, NAMES, is_device_name
from lamina.engines.devices import kind_of, require_tf32
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import Names
from lamina.formulas import PRECISIONS, is_minibatch
from lamina.formulas.precisions import TF32


class DeviceNames(Names):
    """Set of the names of devices; a number may follow, as in 'cuda:1'."""

    def __init__(self) -> None:
        super().__init__(set(NAMES))

    def is_satisfied_by(self, val: object) -> bool:
        """Return True for a name that some machine may have."""
        return is_device_name(val)

    def __str__(self) -> str:
        return f"{super().__str__()} (or with a number, as in 'cuda:1')"


class PrecisionNames(Names):
    """Set of the names of precisions, of which some need a GPU."""

    def __init__(self) -> None:
        super().__init__({*PRECISIONS, TF32})


def gpu_of_another_engine(model: Parametrized) -> str | None:
    if model.engine in (None, PYTORCH) or model.device in (None, CPU, AUTO):
        return None
    return (
        f"device={model.device!r} computes with the engine {PYTORCH!r}, and "
        f"engine={model.engine!r} computes on the CPU only. Leave engine=None, or set device=None."
    )


def threads_of_another_engine(model: Parametrized) -> str | None:
    on_gpu = model.device not in (None, CPU, AUTO)
    if model.n_threads is None or not (on_gpu or model.engine == PYTORCH):
        return None
    where = f"device={model.device!r}" if on_gpu else f"engine={PYTORCH!r}"
    cure = "" if on_gpu else f" Call torch.set_num_threads({model.n_threads}) for PyTorch's own."
    return (
        f"n_threads={model.n_threads!r} counts threads of the native engine, which {where} does "
        f"not use. Set n_threads=None.{cure}"
    )


def float64_on_mps(model: Parametrized) -> str | None:
    if model.device != "mps" or not _needs_float64(model):
        return None
    setting = f"solver={model.solver!r}" if _is_full_batch(model) else f"dtype={model.dtype!r}"
    cure = "choose another solver" if _is_full_batch(model) else "set dtype=None"
    return (
        f"{setting} computes in float64, and device='mps' has float32 only. Set device='cpu', or "
        f"{cure}."
    )


def tf32_of_another_unit(model: Parametrized) -> str | None:
    if model.precision != TF32:
        return None
    if model.engine not in (None, PYTORCH):
        other = f"engine={model.engine!r}"
    elif model.device in (None, CPU, "mps"):
        other = f"device={model.device!r}"
    else:
        return None
    return (
        f"precision={TF32!r} is computed by the tensor cores of NVIDIA's GPUs only, and not with "
        f"{other}. Set device='cuda' with engine=None, or precision=None."
    )


def resolve_place(model: Parametrized) -> tuple[str | None, str]:
    """Return the engine's name, or None for the fastest, and the full name of a present device.

    Raises
    ------
    DeviceError
        For a device that is not on this machine, or lacks the precision; it is a ValueError.
    TorchMissingError
        If PyTorch is needed and not installed; it is an ImportError.
    """
    engine, device = choose_place(model.engine, model.device, float64=_needs_float64(model))
    if model.precision == TF32:
        require_tf32(device)
    return engine, device


def implied_dtype(model: Parametrized, device: str) -> str | None:
    """Return the dtype of a fit on a device, or None for that of X."""
    return "float32" if model.precision is not None or kind_of(device) == "mps" else model.dtype


def _needs_float64(model: Parametrized) -> bool:
    return model.dtype == "float64" or _is_full_batch(model)


def _is_full_batch(model: Parametrized) -> bool:
    return not is_minibatch(model.solver)


DEVICE_CONTRADICTIONS = (
    gpu_of_another_engine,
    threads_of_another_engine,
    float64_on_mps,
)
