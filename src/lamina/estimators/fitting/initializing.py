"""Create the random generator of a fit, and draw its initial parameters."""

from __future__ import annotations

import math

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike
from sklearn.utils import check_random_state

from lamina.blocks import AnyBlock
from lamina.engines.device import installed_memory as size_of_memory
from lamina.engines.independent import MemberGenerators, member_places
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.refusals import shown
from lamina.formulas import ACTIVATIONS, INITIALIZERS
from lamina.formulas.table import AnyArray, Array
from lamina.network import NetworkSpec, ParameterLayout, draw_parameters, given_parameters

GIGABYTE = 10**9


def require_memory(settings: FitSettings, spec: NetworkSpec, dtype: DTypeLike) -> None:
    """Check that the parameters and the optimizer's state fit into this machine's memory.

    The system may grant more memory than it has, and kill the process once it is used.

    Raises
    ------
    MemoryError
        For a network that is too large.
    """
    copies = 1 + (1 if settings.optimizer is None else len(settings.optimizer.slots))
    n_parameters = ParameterLayout.from_spec(spec).n_parameters
    needed = n_parameters * copies * np.dtype(dtype).itemsize
    if needed > installed_memory():
        made_by, cure = _makers(settings, spec)
        raise MemoryError(
            f"{made_by} with {spec.n_features} features and {spec.n_outputs} outputs makes "
            f"{n_parameters:,} parameters, which need {needed // GIGABYTE:,} GB with the state of "
            f"solver={settings.solver!r}; this machine has "
            f"{installed_memory() // GIGABYTE:,.0f} GB. Choose {cure}."
        )


def _makers(settings: FitSettings, spec: NetworkSpec) -> tuple[str, str]:
    """Return the settings that make the parameters, and how to have fewer of them."""
    names, cures = [f"hidden_layer_sizes={settings.widths!r}"], ["smaller hidden_layer_sizes"]
    if spec.n_members > 1:
        names.insert(0, f"n_members={spec.n_members} of members=")
        cures.insert(0, "fewer members")
    if settings.inputs:
        alone = len(settings.inputs) == 1
        inputs = shown(settings.inputs[0] if alone else list(settings.inputs))
        names.append(f"inputs={inputs} ({_first_layer(spec).fan_in:,} outputs)")
        cures.append("inputs with fewer outputs")
    return " and ".join(names), " or ".join(cures)


def _first_layer(spec: NetworkSpec) -> AnyBlock:
    """Return the first layer, of one member, behind an input stage."""
    return (spec if spec.independent_member is None else spec.independent_member).layers[0]


def installed_memory() -> float:
    """Return the size of this machine's memory in bytes, or infinity if the system hides it."""
    size = size_of_memory()
    return math.inf if size is None else float(size)


def make_fit_generator(settings: FitSettings, *, resumes: bool) -> np.random.RandomState:
    """Return the generator of a fit, with one for each independent member."""
    # A checkpoint holds its generator's state, so NumPy's global one stays untouched.
    seed = 0 if resumes and settings.random_state is None else settings.random_state
    random_state, n_members = make_generator(seed), settings.n_independent
    return random_state if n_members is None else MemberGenerators(random_state, n_members)


def first_parameters(
    settings: FitSettings,
    spec: NetworkSpec,
    random_state: np.random.RandomState,
    dtype: DTypeLike,
) -> Array:
    """Return the initial parameters: drawn by the named initializer, or given as arrays.

    Raises
    ------
    ValueError
        For arrays that do not fit the network.
    """
    initializer = settings.initializer
    if (member := spec.independent_member) is not None:
        parameters = np.empty(ParameterLayout.from_spec(spec).n_parameters, dtype)
        generators = random_state.members  # type: ignore[attr-defined]
        for places, generator in zip(member_places(spec), generators, strict=True):
            parameters[places] = first_parameters(settings, member, generator, dtype)
        return parameters
    if not isinstance(initializer, str):
        return given_parameters(spec, initializer, dtype, random_state)
    return draw_parameters(spec, random_state, dtype, initial_gains(settings, spec), initializer)


def reads_rows(settings: FitSettings) -> bool:
    """Return True if the initializer fits the drawn parameters to samples."""
    initializer = settings.initializer
    return isinstance(initializer, str) and INITIALIZERS[initializer].reads_rows


def is_whole_vector(initializer: object) -> bool:
    """Return True for an initializer that is one vector of all parameters."""
    if isinstance(initializer, (list, tuple)):
        return not any(map(np.ndim, initializer))
    return not isinstance(initializer, str)


def initial_gains(settings: FitSettings, spec: NetworkSpec) -> list[float]:
    """Return the gain that the initializer uses for each block's activation.

    For an output block without activation, scikit-learn uses the gain of the hidden layers.
    """
    initializer = INITIALIZERS[settings.initializer]
    names = [block.output_function for block in spec.layers]
    if settings.architecture.output_activation is None and initializer.output_as_hidden:
        if len(names) > 1:
            names[-1] = names[-2]
        elif not isinstance(activation := settings.architecture.activation, tuple):
            names[-1] = activation
    # An input stage has initial values of its own.
    of_stage = [1.0] * (len(spec.blocks) - len(names))
    return [*of_stage, *(initializer.gain(ACTIVATIONS[name]) for name in names)]


class _Unseeded(ISeedSequence):
    """Placeholder state of a generator that is seeded right after its creation."""

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint32) -> AnyArray:
        return np.zeros(n_words, dtype)


def make_generator(random_state: int | np.random.RandomState | None) -> np.random.RandomState:
    """Return the generator of scikit-learn's `check_random_state`, in a third of the time.

    NumPy seeds a new generator from the system's entropy before it takes the seed, which costs as
    much as thousands of steps of a small network.
    """
    if type(random_state) is not int and not isinstance(random_state, np.integer):
        return check_random_state(random_state)  # type: ignore[no-any-return]
    generator = np.random.RandomState(np.random.MT19937(_Unseeded()))  # type: ignore[arg-type]
    generator.seed(int(random_state))
    return generator
