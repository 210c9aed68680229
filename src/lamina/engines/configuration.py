"""The parts of this machine that lamina uses: engines, instruction set, unit of bfloat16, cores."""

from __future__ import annotations

from typing import Literal, TypedDict, overload

from lamina.engines.choose import available_engines, native_units
from lamina.engines.threads import usable_cores
from lamina.errors import UnknownNameError, suggestion

MODES = ("stdout", "dicts")


class Configuration(TypedDict):
    """Values of `show_config`; None where the native engine does not load."""

    engines: list[str]
    instruction_set: str | None
    bfloat16_unit: str | None
    cores: int


@overload
def show_config(mode: Literal["stdout"] = "stdout") -> None: ...


@overload
def show_config(mode: Literal["dicts"]) -> Configuration: ...


def show_config(mode: str = "stdout") -> Configuration | None:
    """Show the engines and the parts of this machine that they use.

    Parameters
    ----------
    mode : {'stdout', 'dicts'}, default='stdout'
        'stdout' prints, 'dicts' returns a dict, as in `numpy.show_config`.

    Returns
    -------
    dict or None
        `engines`, the fastest on the CPU first; `instruction_set` of the native kernels, 'avx512',
        'avx2' or 'baseline'; `bfloat16_unit`, which computes the products of
        `precision='bfloat16'`: 'amx', 'avx512_bf16' or 'emulated'; `cores`, the default number of
        threads at most.

    Examples
    --------
    >>> import lamina
    >>> lamina.show_config(mode="dicts")["engines"][0]
    'native'
    """
    if mode not in MODES:
        raise UnknownNameError(
            f"mode={mode!r} is none of 'stdout' and 'dicts'.{suggestion(mode, MODES)}"
        )
    units = native_units()
    configuration = Configuration(
        engines=available_engines(),
        instruction_set=None if units is None else units.instruction_set,
        bfloat16_unit=None if units is None else units.bfloat16,
        cores=usable_cores(),
    )
    if mode == "dicts":
        return configuration
    print("engines:", ", ".join(configuration["engines"]))
    print("instruction set:", configuration["instruction_set"])
    print("products in bfloat16:", configuration["bfloat16_unit"])
    print("cores:", configuration["cores"])
    return None
