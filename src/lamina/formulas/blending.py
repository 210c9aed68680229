"""Activations with a learned blend, g(z) = z + θ (f(z) - z), where each unit learns its θ.

At θ = 1, where a unit starts, g is f; at θ = 0 it is the identity (Holzmüller, Grinsztajn,
Steinwart 2024, Better by default: strong pre-tuned MLPs and boosted trees on tabular data).

    dg/dz = 1 + θ (f'(z) - 1);  dg/dθ = f(z) - z;  dg/ds = θ df/ds of a learned parameter s of f
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from lamina.formulas.activation import Activation, UnitParameter
from lamina.formulas.table import Array

PAPER = "Holzmüller, Grinsztajn, Steinwart 2024, Better by default: strong pre-tuned MLPs"
NAME, SYMBOL, START = "blend", "θ", 1.0
# Formulas in other languages around that of f, which replaces {}.
AROUND = {
    "numpy": "z + blend * ({} - z)",
    "c": "z + blend * ({} - z)",
    "onnx": "Add(z, Mul(blend, Sub({}, z)))",
    "derivative_code": "1 + blend * ({} - 1)",
}


@lru_cache(maxsize=256)
def blended(record: Activation) -> Activation:
    """Return the record of g for the record of f.

    Examples
    --------
    >>> from lamina.formulas import ACTIVATIONS
    >>> record = blended(ACTIVATIONS["relu"])
    >>> record.equation
    'f(z) = z + θ (h(z) - z), h(z) = max(0, z), where each unit learns its θ, from 1 on'
    >>> record.code.numpy
    'z + blend * (np.maximum(z, 0) - z)'
    """

    def value(z: Array, *learned: Array) -> Array:
        *of_f, blend = learned
        return z + blend * (record.value(z, *of_f) - z)

    def derivative(z: Array, a: Array, *learned: Array) -> Array:
        *of_f, blend = learned
        return 1 + blend * (record.derivative(z, record.value(z, *of_f), *of_f) - 1)

    return Activation(
        name=f"blended_{record.name}",
        value=value,
        derivative=derivative,
        paper=f"{record.paper}; {PAPER}",
        torch=f"Blended({_module(record)}, n)",
        gain=record.gain,
        parameters=(*map(_of_f, record.parameters), _blend(record)),
        overrides=_overrides(record),
    )


def _of_f(parameter: UnitParameter) -> UnitParameter:
    """Return a learned parameter of f as one of g."""

    def derivative(z: Array, blend: Array) -> Array:
        return blend * parameter.derivative(z)

    return replace(parameter, derivative=derivative, reads=((NAME, SYMBOL),))


def _blend(record: Activation) -> UnitParameter:
    def derivative(z: Array, *of_f: Array) -> Array:
        return record.value(z, *of_f) - z

    reads = tuple((each.name, each.symbol) for each in record.parameters)
    return UnitParameter(NAME, START, derivative, SYMBOL, reads=reads, equation="(h(z) - z)")


def _module(record: Activation) -> str:
    """Return the module of f as text."""
    torch = record.code.torch
    if torch.islower():
        return f"Elementwise({torch!r})"
    return torch if "(" in torch else f"{torch}()"


def _overrides(record: Activation) -> dict[str, str]:
    """Return the equations, and the code around that of f where it does not derive."""
    value = record.equation.removeprefix("f(z)")
    in_terms_of_h = re.sub(r"(?<!\w)a(?![a-z])", "h(z)", record.derivative_equation)
    derivative = in_terms_of_h.removeprefix("f'(z)")
    note = f", where each unit learns its {SYMBOL}, from {START:g} on"
    return {
        "equation": f"f(z) = z + {SYMBOL} (h(z) - z), h(z){value}{note}",
        "derivative_equation": f"f'(z) = 1 + {SYMBOL} (h'(z) - 1), h'(z){derivative}",
        **{
            name: AROUND[name].format(text)
            for name, text in record.overrides.items()
            if name in AROUND
        },
    }
