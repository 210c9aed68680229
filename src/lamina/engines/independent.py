"""Independent members: trainers of several networks side by side, as one trainer and one engine.

Every member takes the steps that it would take alone, with its own parameters, optimizer state,
order of samples and draws; all read the same arrays of samples. Threads take turns with the
members: each runs a few epochs of one, or a part of an epoch, then that of the next. Which thread
runs what changes no number.

Shapes: parameters (n_parameters,) of all members, in the layout of their spec; those of one member
(n_of_member,), in its own.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from threading import Event
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from lamina.blocks import member_seed
from lamina.engines.engine import Engine, Evaluator, Objective, Rows
from lamina.engines.optimizer import OptimizerSettings, OptimizerState
from lamina.engines.trainer import EpochReport, EpochsTrainer, TimeIsUp
from lamina.engines.turns import Member, Turns
from lamina.errors import UnsupportedBlockError
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec, ParameterLayout

# Seconds between looks at Ctrl-C while threads work.
LOOK = 0.05


class MemberGenerators(np.random.RandomState):
    """Generator of a fit with one for each member, seeded by it.

    Attributes
    ----------
    members : list of RandomState
        A member draws what it would draw in a fit of its own with its seed.
    """

    def __init__(self, random_state: np.random.RandomState, n_members: int) -> None:
        super().__init__(random_state._bit_generator)
        self.members = [np.random.RandomState(seed) for seed in draw_seeds(self, n_members)]


def draw_seeds(random_state: np.random.RandomState, n_members: int) -> list[int]:
    """Return the seed of each member."""
    seeds: list[int] = random_state.randint(2**32, size=n_members, dtype=np.uint32).tolist()
    return seeds


@lru_cache(maxsize=16)
def member_places(spec: NetworkSpec) -> tuple[NDArray[np.int64], ...]:
    """Return for each member the places of its parameters among those of all.

    Examples
    --------
    >>> spec = NetworkSpec.perceptron([1, 1], "relu", "identity").with_independent_members(2)
    >>> [places.tolist() for places in member_places(spec)]
    [[0, 2], [1, 3]]
    """
    layout = ParameterLayout.from_spec(spec)
    # Whole numbers up to 2**53 are exact in float64.
    views = layout.views(np.arange(float(layout.n_parameters)))
    parts = [part for of_role in views for part in of_role]
    return tuple(
        np.concatenate([part[member].ravel() for part in parts]).astype(np.int64)
        for member in range(spec.n_members)
    )


def member_networks(network: Network) -> list[Network]:
    """Return each independent member as a network of its own, with copies of its parameters."""
    spec = _member_of(network.spec)
    return [Network(spec, network.parameters[places]) for places in member_places(network.spec)]


def write_members(network: Network, members: Sequence[Network]) -> None:
    """Write the parameters of the members into those of all."""
    for places, member in zip(member_places(network.spec), members, strict=True):
        network.parameters[places] = member.parameters


def _member_of(spec: NetworkSpec) -> NetworkSpec:
    member = spec.independent_member
    if member is None:
        raise UnsupportedBlockError("the network has no independent members")
    return member


class IndependentTrainer(EpochsTrainer):
    """Trainers of all members as one; it copies parameters and states only when they are read.

    Attributes
    ----------
    losses : list of list of float
        Training loss of every epoch of each member.
    """

    def __init__(
        self,
        engine: Engine,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
        n_threads: int,
    ) -> None:
        self._spec, self._seed, self._keeps_average = spec, state.seed, state.keeps_average
        self._places = member_places(spec)
        member = _member_of(spec)
        self._members = [
            Member(
                engine.trainer(
                    member,
                    objective,
                    optimizer,
                    rows,
                    parameters[places],
                    state_of_member(state, places, i),
                )
            )
            for i, places in enumerate(self._places)
        ]
        self._n_threads = min(n_threads, len(self._members))
        self._threads = ThreadPoolExecutor(self._n_threads) if self._n_threads > 1 else None
        self._work = 3.0 * sum(block.fan_in * block.fan_out for block in member.blocks)
        self._stop = Event()
        self.losses: list[list[float]] = [[] for _ in self._members]

    @property
    def step(self) -> int:
        return max(member.trainer.step for member in self._members)

    def parameters(self) -> Array:
        return self._together([member.trainer.parameters() for member in self._members])

    def predicting(self) -> Array:
        return self._together([member.trainer.predicting() for member in self._members])

    def optimizer_state(self) -> OptimizerState:
        states = [member.trainer.optimizer_state() for member in self._members]
        slots = self._together([state.slots for state in states])
        return OptimizerState(slots, self.step, self._seed, self._keeps_average)

    def load(
        self, parameters: Array | None = None, optimizer_state: OptimizerState | None = None
    ) -> None:
        for i, (member, places) in enumerate(zip(self._members, self._places, strict=True)):
            member.trainer.load(
                None if parameters is None else parameters[places],
                None if optimizer_state is None else state_of_member(optimizer_state, places, i),
            )

    def epochs(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        reports: list[EpochReport],
        random_state: np.random.RandomState | None = None,
        multipliers: NDArray[np.float64] | None = None,
    ) -> None:
        batch_size = min(batch_size, len(order))
        generators: list[np.random.RandomState | None] = [None] * len(self._members)
        if random_state is not None:
            if not isinstance(random_state, MemberGenerators):
                random_state = MemberGenerators(random_state, len(self._members))
            generators = [*random_state.members]
        for member, generator in zip(self._members, generators, strict=True):
            member.begin(order, generator)
            member.trainer.deadline = self.deadline
            member.trainer.measures_gradient = self.measures_gradient
        work = self._work * batch_size
        turns = Turns.plan(batch_size, learning_rates, multipliers, work)
        try:
            self._run(turns)
        finally:
            self._report(reports)

    def _run(self, turns: Turns) -> None:
        """Run the turns of all members, in this thread or in several."""
        waiting = deque(self._members)
        self._stop.clear()
        if self._threads is None:
            self._take_turns(waiting, turns)
            return
        work = [
            self._threads.submit(self._take_turns, waiting, turns) for _ in range(self._n_threads)
        ]
        try:
            _wait_for(work)
        finally:
            self._stop.set()
            wait(work)
        for done in work:
            done.result()

    def _take_turns(self, waiting: deque[Member], turns: Turns) -> None:
        """Take turns with the members that no other thread has, until all are finished."""
        while not self._stop.is_set():
            if perf_counter() >= self.deadline and self._has_begun():
                raise TimeIsUp
            try:
                member = waiting.popleft()
            except IndexError:
                return
            try:
                goes_on = member.take_turn(turns)
            except BaseException:
                self._stop.set()
                raise
            if goes_on:
                waiting.append(member)

    def _has_begun(self) -> bool:
        return all(member.trainer.step for member in self._members)

    def _report(self, reports: list[EpochReport]) -> None:
        """Add the mean of the members' reports for every epoch that all have finished."""
        for each in zip(*(member.reports for member in self._members), strict=False):
            for losses, report in zip(self.losses, each, strict=True):
                losses.append(report.loss)
            reports.append(_mean_report(each))
            if not reports[-1].is_finite:
                break

    def _together(self, parts: list[Array]) -> Array:
        """Return numbers of each member, (…, n_of_member), in the layout of all."""
        shape = (*parts[0].shape[:-1], sum(part.shape[-1] for part in parts))
        together = np.empty(shape, parts[0].dtype)
        for places, part in zip(self._places, parts, strict=True):
            together[..., places] = part
        return together


def state_of_member(
    state: OptimizerState, places: NDArray[np.int64], member: int
) -> OptimizerState:
    """Return the state of the optimizer of one member alone."""
    slots = np.ascontiguousarray(state.slots[:, places])
    seed = member_seed(state.seed, member) if state.seed else 0
    return OptimizerState(slots, state.step, seed, state.keeps_average)


def _wait_for(work: list[Future[None]]) -> None:
    """Wait for all threads, and let this one see Ctrl-C in between."""
    left = set(work)
    while left:
        _, left = wait(left, timeout=LOOK)


def _mean_report(reports: tuple[EpochReport, ...]) -> EpochReport:
    is_broken = any(report.non_finite_block is not None for report in reports)
    norms = [report.norm_or_nan for report in reports]
    norm = float(np.mean(norms)) if all(map(math.isfinite, norms)) else None
    loss = float(np.mean([report.loss for report in reports]))
    return EpochReport(loss, reports[0].steps, 0 if is_broken else None, norm)


@dataclass
class IndependentEngine(Engine):
    """Engine of networks of independent members, by the engine of one.

    Attributes
    ----------
    member_engine : Engine
        With all threads, for one member after another.
    training_engine : Engine
        With the threads of one of several members that are trained at once.
    n_threads : int
        Number of members that are trained at once.
    """

    member_engine: Engine
    training_engine: Engine
    n_threads: int
    latest: IndependentTrainer | None = None

    @property
    def name(self) -> str:
        return self.member_engine.name

    @property
    def device(self) -> str | None:
        """Device of the members' engine, or None if it has no choice of them."""
        return getattr(self.member_engine, "device", None)

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> IndependentTrainer:
        self.latest = IndependentTrainer(
            self.training_engine,
            spec,
            objective,
            optimizer,
            rows,
            parameters,
            state,
            self.n_threads,
        )
        return self.latest

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        places = member_places(spec)
        of_member = self.member_engine.evaluator(_member_of(spec), objective, rows)

        def evaluate(parameters: Array) -> tuple[float, Array]:
            gradient, losses = np.empty_like(parameters), []
            for part in places:
                loss, gradient[part] = of_member(parameters[part])
                losses.append(loss)
            return float(np.mean(losses)), gradient / len(places)

        return evaluate

    def predict(self, network: Network, X: Matrix) -> Array:
        of_members = [self.member_engine.predict(each, X) for each in member_networks(network)]
        return np.asarray(sum(of_members[1:], of_members[0]) / len(of_members))

    def activations(self, network: Network, X: Matrix) -> list[Array]:
        raise UnsupportedBlockError(
            f"the {network.spec.n_members} independent members have activations of their own, and "
            "this needs those of one network: take one of the model's members_"
        )
