"""Records of activations: two functions, and the texts that derive from them.

Shapes: z, a and the result are (n_samples, fan_out), float32 or float64; all functions are
elementwise. A learned parameter of units is (fan_out,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import TypeAlias, cast

import numpy as np

from lamina.formulas.code import Code
from lamina.formulas.equations import equation
from lamina.formulas.hyperparameters import Hyperparameter, complete
from lamina.formulas.rendering import c_code, numpy_code, onnx_code, scipy_code
from lamina.formulas.table import Array, RecordTable
from lamina.formulas.tracing import Operand, trace, variable

ActivationName: TypeAlias = "str | ActivationChoice"


@dataclass(frozen=True)
class UnitParameter:
    """Parameter that every unit learns in addition to its weights and its bias.

    Attributes
    ----------
    name : str
    initial : float
        Value before the first step.
    derivative : callable
        `derivative(z, *others)` is da/d(parameter), with the parameters that it `reads`; of a
        normalization, in terms of ẑ.
    symbol : str
        Symbol in formulas.
    input : str
        Name of the argument of `derivative` in code: 'z', or 'z_hat' for a normalization.
    rate_group : str
        Name in RATE_GROUPS.
    reads : tuple of (str, str)
        Name and symbol of other learned parameters of the unit that `derivative` reads.
    equation : str, optional
        Text that replaces the derivative's equation.
    """

    name: str
    initial: float
    derivative: Callable[..., Array]
    symbol: str
    input: str = "z"
    rate_group: str = "activation"
    reads: tuple[tuple[str, str], ...] = ()
    equation: str | None = None

    @cached_property
    def derivative_equation(self) -> str:
        """Derivative as text."""
        if self.equation is not None:
            return self.equation
        symbol = "ẑ" if self.input == "z_hat" else self.input
        others = [symbol for _, symbol in self.reads]
        return equation("", trace(self.derivative, [symbol, *others])).removeprefix(" = ")

    @cached_property
    def derivative_code(self) -> str:
        """Derivative as a NumPy expression in `input`."""
        others = [name for name, _ in self.reads]
        return scipy_code(trace(self.derivative, [self.input, *others]))


@dataclass(frozen=True)
class ActivationChoice:
    """Activation by name, with values of its hyperparameters that are not all defaults.

    A block has such a choice or, for defaults, the name alone; `ACTIVATIONS.choose` decides which,
    so that equal activations are equal values. `ACTIVATIONS[choice]` is the record with its values.

    Attributes
    ----------
    name : str
    values : tuple of (str, float)
        Value of every hyperparameter, in the order of the record.

    Examples
    --------
    >>> from lamina.formulas import ACTIVATIONS
    >>> choice = ACTIVATIONS.choose("elu", {"alpha": 0.5})
    >>> str(choice), ACTIVATIONS[choice].equation
    ('elu(alpha=0.5)', 'f(z) = z for z ≥ 0, else α (exp(z) - 1), α = 0.5')
    >>> ACTIVATIONS.choose("elu", {"alpha": 1.0})
    'elu'
    """

    name: str
    values: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value:g}' for name, value in self.values)})"

    def to_json(self) -> dict[str, object]:
        """Return name and values as plain values."""
        return {"name": self.name, "values": dict(self.values)}


@dataclass(frozen=True, eq=False)
class Activation:
    """Activation function.

    Attributes
    ----------
    name : str
        Name in `activation=`.
    value : callable
        `value(z, *parameters, **hyperparameters)` is a = f(z). In a record hyperparameters are
        bound, so that it is called as `value(z, *parameters)`.
    derivative : callable
        `derivative(z, a, *parameters, **hyperparameters)` is f'(z), bound likewise; many
        derivatives are shorter in terms of a = f(z).
    paper : str
        Source of the formula.
    torch : str
        Class in `torch.nn` or in lamina.export.torch_layers, which takes the
        hyperparameters by the same names, with n for the number of units; a name in lower case is
        a function of `torch`.
    gain : float
        k of the Glorot bound √(k / (fan_in + fan_out)) of the initial weights; scikit-learn's
        rule is 2 for the logistic function and 6 for all others.
    known_he_gain : float, optional
        `he_gain` for the defaults, where files and tests fix its digits; None computes it.
    parameters : tuple of UnitParameter
        Learned parameters of its units; empty for most.
    hyperparameters : tuple of Hyperparameter
        In the order in which engines receive their values; empty for most.
    values : mapping of str to float
        Values of the hyperparameters that are not defaults.
    overrides : mapping of str to str
        Texts that replace a derived one, by name: 'equation', 'derivative_equation', 'numpy', 'c',
        'onnx', 'derivative_code'. tests/contracts/test_derived_code.py lists them with the reason.
    """

    name: str
    value: Callable[..., Array]
    derivative: Callable[..., Array]
    paper: str
    torch: str
    gain: float = 6.0
    known_he_gain: float | None = None
    parameters: tuple[UnitParameter, ...] = ()
    hyperparameters: tuple[Hyperparameter, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.hyperparameters:
            for function in ("value", "derivative"):
                bound = partial(getattr(self, function), **self.all_values)
                object.__setattr__(self, function, bound)

    @property
    def all_values(self) -> dict[str, float]:
        """Value of every hyperparameter."""
        owner = f"activation {self.name!r}"
        return cast("dict[str, float]", complete(owner, self.hyperparameters, self.values))

    @property
    def numbers(self) -> list[float]:
        """Values of the hyperparameters, in the order in which engines receive them."""
        return [float(value) for value in self.all_values.values()]

    @cached_property
    def he_gain(self) -> float:
        """Return g of weights with standard deviation g / √fan_in.

        They keep the size of a from layer to layer: g = 1 / √(mean of f(z)² over standard normal
        z).
        """
        if self.known_he_gain is not None and not self.values:
            return self.known_he_gain
        z = np.linspace(-12, 12, 4801)[:, np.newaxis]
        initial = (np.full(1, parameter.initial) for parameter in self.parameters)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
        return float(1 / np.sqrt(np.sum(self.value(z, *initial) ** 2 * density)))

    @cached_property
    def equation(self) -> str:
        """Formula as text, with the values of hyperparameters behind it."""
        return self._text("equation", lambda: self._equation("f(z)", self.value, ["z"]))

    @cached_property
    def derivative_equation(self) -> str:
        """Formula of the derivative as text, in terms of z or of a = f(z)."""
        return self._text(
            "derivative_equation", lambda: self._equation("f'(z)", self.derivative, ["z", "a"])
        )

    @cached_property
    def code(self) -> Code:
        """Formula in PyTorch, ONNX, NumPy and C."""
        names = [parameter.name for parameter in self.parameters]
        values = ", ".join(f"{name}={value!r}" for name, value in self.values.items())

        def text(language: str, code: Callable[[Operand], str]) -> str:
            return self._text(language, lambda: code(trace(self.value, ["z", *names])))

        return Code(
            torch=f"{self.torch}({values})" if values else self.torch,
            onnx=text("onnx", onnx_code),
            numpy=text("numpy", numpy_code),
            c=text("c", c_code),
        )

    @cached_property
    def derivative_code(self) -> str:
        """Derivative in NumPy and scipy.special, in z, a = f(z) and learned parameters by name."""
        names = [parameter.name for parameter in self.parameters]
        return self._text(
            "derivative_code", lambda: scipy_code(trace(self.derivative, ["z", "a", *names]))
        )

    def _text(self, name: str, derive: Callable[[], str]) -> str:
        return self.overrides[name] if name in self.overrides else derive()

    def _equation(self, left: str, function: Callable[..., Array], names: list[str]) -> str:
        symbols = [parameter.symbol for parameter in self.parameters]
        letters = {each.name: each.symbol or each.name for each in self.hyperparameters}
        named = {name: variable(letter) for name, letter in letters.items()}
        text = equation(left, trace(function, [*names, *symbols], **named))
        notes = [
            f", where each unit learns its {each.symbol}, from {each.initial:g} on"
            for each in self.parameters
            if left == "f(z)"
        ]
        values = [
            f", {letters[name]} = {value:g}"
            for name, value in self.all_values.items()
            if letters[name] in text.removeprefix(left)
        ]
        return text + "".join(notes) + "".join(values)


class ActivationTable(RecordTable[Activation]):
    """Table of activations, in which a choice of hyperparameters is looked up too."""

    def __getitem__(self, name: ActivationName) -> Activation:
        if not isinstance(name, ActivationChoice):
            return super().__getitem__(name)
        return _with_values(super().__getitem__(name.name), name.values)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name.name if isinstance(name, ActivationChoice) else name)

    def choose(self, name: str, values: Mapping[str, object]) -> ActivationName:
        """Return the name alone if all values are defaults, else an ActivationChoice.

        Raises
        ------
        UnknownNameError
            For an unknown name of an activation or a hyperparameter.
        ValueError
            For a value that the hyperparameter does not allow.
        """
        record = self[name]
        chosen = complete(f"activation {name!r}", record.hyperparameters, values)
        if all(chosen[each.name] == each.default for each in record.hyperparameters):
            return name
        return ActivationChoice(
            name, tuple((key, float(cast(float, value))) for key, value in chosen.items())
        )

    def from_json(self, plain: object) -> ActivationName:
        """Return the activation that a file names: a name, or a name and values.

        Raises
        ------
        ValueError
            For anything else.
        """
        if isinstance(plain, str | ActivationChoice):
            return plain
        if not isinstance(plain, Mapping) or set(plain) != {"name", "values"}:
            raise ValueError(f"not the description of an activation: {plain!r}")
        if not isinstance(plain["values"], Mapping):
            raise ValueError(f"not the values of hyperparameters: {plain['values']!r}")
        return self.choose(plain["name"], plain["values"])


@lru_cache(maxsize=256)
def _with_values(record: Activation, values: tuple[tuple[str, float], ...]) -> Activation:
    defaults = {each.name: each.default for each in record.hyperparameters}
    others = {name: value for name, value in values if value != defaults[name]}
    return replace(record, values=others)
