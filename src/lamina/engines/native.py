"""The native engine: whole epochs in C++.

Only this module, native_losses.py, native_networks.py and native_measures.py import lamina._native.

Shapes and dtypes are engine.py's. The kernels read C-contiguous arrays, int32 csr columns and int64
csr row starts, which `_row_arrays` prepares once for every fit.
"""

from __future__ import annotations

import atexit
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from typing import ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina import _native
from lamina.blocks import MemberHeads
from lamina.engines.custom_loss import value_and_delta
from lamina.engines.engine import (
    NON_FINITE_ROWS,
    Engine,
    Objective,
    Rows,
    require_finite,
)
from lamina.engines.lbfgs import LbfgsSettings
from lamina.engines.native_losses import Native, NativeLbfgsTrainer, NativeLoss, refuse_zero_weight
from lamina.engines.native_networks import declare_network, stage_work
from lamina.engines.optimizer import OptimizerSettings, OptimizerState, spans_of_step
from lamina.engines.threads import choose_threads, sharing_cores
from lamina.engines.trainer import EpochReport, EpochsTrainer, LocalTrainer, TimeIsUp
from lamina.errors import NonFiniteError, UnsupportedBlockError
from lamina.formulas import LOSSES, OPTIMIZERS, PENALTIES
from lamina.formulas.hyperparameters import as_numbers
from lamina.formulas.losses import LABEL_SMOOTHING
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.network import Network, NetworkSpec, ParameterLayout

# For this many samples, packing the weights first does not pay.
FEW_ROWS = 16
# Daemon threads must stop before the interpreter ends; a loss in Python may delay them.
atexit.register(_native.end_calls, seconds=10.0)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_native.forget_calls)
PythonLoss: TypeAlias = Callable[[Array, AnyArray, Array | None], tuple[AnyArray, AnyArray]]
# A prediction needs no loss; any entry of the table will do.
NO_OBJECTIVE = Objective("squared_error")


class NativeUnits(NamedTuple):
    """Names of the instruction set of the kernels, and of the unit of their bfloat16 products."""

    instruction_set: str
    bfloat16: str

    @property
    def emulates_bfloat16(self) -> bool:
        """True if products in bfloat16 are slower than in float32."""
        return self.bfloat16 == "emulated"


def _row_arrays(X: Matrix, y: AnyArray | None = None, weight: AnyArray | None = None) -> Native:
    """Return the samples in the kernels' form; arrays that already fit are not copied."""
    make = _native.Rows32 if X.dtype == np.float32 else _native.Rows64
    dense = values = columns = starts = targets = codes = None
    if isinstance(X, np.ndarray):
        dense = np.ascontiguousarray(X)
    else:
        values = np.ascontiguousarray(X.data)
        columns = np.ascontiguousarray(X.indices, dtype=np.int32)
        starts = np.ascontiguousarray(X.indptr, dtype=np.int64)
    if y is not None and y.dtype.kind == "i":
        codes = np.ascontiguousarray(y, dtype=np.int32)
    elif y is not None:
        targets = np.ascontiguousarray(y, dtype=X.dtype)
    if weight is not None:
        weight = np.ascontiguousarray(weight, dtype=X.dtype)
    return make(X.shape[0], dense, values, columns, starts, targets, codes, weight)


def _network(
    spec: NetworkSpec,
    objective: Objective,
    dtype: np.dtype[np.generic],
    precision: str | None,
    largest_batch: int,
    y: AnyArray | None = None,
) -> Native:
    NativeEngine.require_kinds(spec)
    make = _native.Network32 if dtype == np.float32 else _native.Network64
    n_targets = 0 if y is None else objective.n_targets(spec, y)
    return make(declare_network(spec, precision), _objective(objective, n_targets), largest_batch)


def _objective(objective: Objective, n_targets: int) -> _native.Objective:
    loss, numbers, smoothing_place = _native.CUSTOM_LOSS, [], -1
    if isinstance(objective.loss, str):
        loss, carried = _native.LOSSES[objective.loss], LOSSES[objective.loss].hyperparameters
        numbers = as_numbers(carried, objective.hyperparameters)
        if LABEL_SMOOTHING in carried:
            smoothing_place = carried.index(LABEL_SMOOTHING)
    l1_fraction = PENALTIES[objective.penalty].l1_fraction(objective.l1_ratio)
    return _native.Objective(
        loss=loss,
        hyperparameters=numbers,
        n_targets=n_targets,
        l2=objective.alpha * (1 - l1_fraction),
        l1=objective.alpha * l1_fraction,
        smoothing_place=smoothing_place,
        target_smoothing=objective.target_smoothing,
    )


def _python_loss(
    objective: Objective, y: AnyArray
) -> Callable[..., tuple[AnyArray, AnyArray]] | None:
    """Return the function that the kernels call with a chunk of samples, for a custom loss."""
    loss, columns = objective.loss, y.shape[1:]
    if isinstance(loss, str):
        return None

    def compute(logits: Array, y: AnyArray, weight: Array | None) -> tuple[AnyArray, AnyArray]:
        return value_and_delta(loss, logits, y.reshape(len(y), *columns), weight)

    return compute


def _optimizer(settings: OptimizerSettings, spec: NetworkSpec) -> _native.Optimizer:
    record, most = OPTIMIZERS[settings.name], settings.max_gradient_norm
    spans = spans_of_step(ParameterLayout.from_spec(spec), settings)
    return _native.Optimizer(
        optimizer=_native.OPTIMIZERS[settings.name],
        hyperparameters=as_numbers(record.hyperparameters, settings.hyperparameters),
        amsgrad=settings.amsgrad,
        weight_decay=settings.weight_decay,
        max_gradient_norm=math.inf if most is None else most,
        average_decay=-1.0 if settings.average_decay is None else settings.average_decay,
        span_ends=[span.part.stop for span in spans],
        rate_factors=[span.rate_factor for span in spans],
        decay_factors=[span.decay_factor for span in spans],
    )


def _row_work(spec: NetworkSpec, dtype: np.dtype[np.generic], passes: int) -> float:
    """Return the work per sample for `passes` over the weights, as `choose_threads` counts it."""
    weights = sum(block.fan_in * block.fan_out for block in spec.layers)
    return passes * (weights + stage_work(spec.input_stage)) * dtype.itemsize / 8


@dataclass
class NativeTrainer(EpochsTrainer, LocalTrainer):
    """One fit: arrays of the samples, and a network whose memory serves every epoch."""

    spec: NetworkSpec
    objective: Objective
    optimizer: OptimizerSettings
    rows: Rows
    _parameters: Array
    _state: OptimizerState
    n_threads: int | None
    precision: str | None
    deadline: float = field(default=math.inf, init=False)
    measures_gradient: bool = field(default=False, init=False)
    _largest_batch: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._arrays = _row_arrays(*self.rows)
        self._row_work = _row_work(self.spec, self._parameters.dtype, passes=3)
        self._python_loss = _python_loss(self.objective, self.rows.y)
        self._optimizer = _optimizer(self.optimizer, self.spec)

    def epochs(
        self,
        order: NDArray[np.int64],
        batch_size: int,
        learning_rates: NDArray[np.float64],
        reports: list[EpochReport],
        random_state: np.random.RandomState | None = None,
        multipliers: NDArray[np.float64] | None = None,
    ) -> None:
        if random_state is not None and type(random_state) is not np.random.RandomState:
            # A user-defined shuffle; the kernels only implement NumPy's.
            super().epochs(order, batch_size, learning_rates, reports, random_state, multipliers)
            return
        batch_size = min(batch_size, len(order))
        self._make_room(batch_size)
        with sharing_cores():
            ended: list[_native.Report] = self._native.epochs(
                self._arrays,
                order,
                batch_size,
                learning_rates,
                None if multipliers is None else np.ascontiguousarray(multipliers),
                self._optimizer,
                self.measures_gradient,
                self._parameters,
                self._state.slots,
                self._state.step,
                self._state.seed,
                choose_threads(self._row_work * batch_size, learning_rates.size, self.n_threads),
                self.n_threads is None,
                None if random_state is None else random_state._bit_generator,
                self._python_loss,
                self.deadline - perf_counter(),
            )
        if self._state.keeps_average:
            n_trained = ParameterLayout.from_spec(self.spec).n_trained
            self._state.take_over_statistics(self._parameters, n_trained)
        for report in ended:
            self._state.step += report.steps
            if report.ending in (_native.FINISHED, _native.NON_FINITE):
                steps, block = report.steps, report.non_finite_block
                norm = report.gradient_norm if self.measures_gradient and steps else None
                reports.append(EpochReport(report.loss, steps, None if block < 0 else block, norm))
        self._native.raise_interrupt()
        if ended:
            ending = ended[-1].ending
            refuse_zero_weight(ending == _native.ZERO_WEIGHT)
            if ending == _native.STOPPED:
                raise TimeIsUp

    def _make_room(self, batch_size: int) -> None:
        if batch_size > self._largest_batch:
            dtype = self._parameters.dtype
            self._native = _network(
                self.spec, self.objective, dtype, self.precision, batch_size, self.rows.y
            )
            self._largest_batch = batch_size


@dataclass(frozen=True)
class NativeEngine(Engine):
    """Engine in C++, for every processor.

    Attributes
    ----------
    n_threads : int or None
        Number of threads of every call; by default the cost model chooses. It does not change
        results.
    precision : str or None
        Name in PRECISIONS, to which both operands of every product are rounded; only for float32.
        The product of a csr X with the first weights stays in float32.
    """

    n_threads: int | None = None
    precision: str | None = None
    name: ClassVar[str] = "native"
    own_rows: ClassVar[bool] = True
    minimises: ClassVar[bool] = True
    reads_rows_in_place: ClassVar[bool] = True
    kinds: ClassVar[frozenset[str]] = frozenset(_native.BLOCKS) | frozenset(_native.INPUTS)

    # Each read of an unset variable by os.environ takes a tenth of a prediction of one sample.
    has_variable = staticmethod(_native.has_variable)

    @staticmethod
    def units() -> NativeUnits:
        """Return the parts of the processor that the kernels use."""
        return NativeUnits(_native.instruction_set(), _native.bfloat16_unit())

    @classmethod
    def require_kinds(cls, spec: NetworkSpec) -> None:
        """Raise UnsupportedBlockError for a kind that the core does not support."""
        for block in spec.blocks:
            lacking = sorted(block.kinds - cls.kinds)
            if lacking:
                kinds = " and ".join(map(repr, sorted(_native.BLOCKS)))
                raise UnsupportedBlockError(
                    f"engine='native' supports blocks of kind {kinds} alone, and block "
                    f"{block.name!r} is of kind {lacking[0]!r}; engine='reference' supports "
                    "every kind"
                )

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> NativeTrainer | NativeLbfgsTrainer:
        spec.require_inputs(rows.X)
        if isinstance(optimizer, LbfgsSettings):
            loss = self.evaluator(spec, objective, rows)
            return NativeLbfgsTrainer(loss, optimizer, parameters, state, spec)
        return NativeTrainer(
            spec, objective, optimizer, rows, parameters, state, self.n_threads, self.precision
        )

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> NativeLoss:
        spec.require_inputs(rows.X)
        n_samples, dtype = rows.X.shape[0], rows.X.dtype
        return NativeLoss(
            _network(spec, objective, dtype, self.precision, n_samples, rows.y),
            _row_arrays(*rows),
            _row_work(spec, dtype, passes=3) * n_samples,
            self.n_threads,
            _python_loss(objective, rows.y),
        )

    def predict(self, network: Network, X: Matrix) -> Array:
        spec, parameters = network.spec, network.parameters
        if spec.input_stage is not None:
            require_finite(X if isinstance(X, np.ndarray) else X.data)
            spec.require_inputs(X)
        n_samples, dtype = X.shape[0], parameters.dtype
        if n_samples <= FEW_ROWS and isinstance(X, np.ndarray) and self.precision is None:
            few = _latest.get(spec, dtype)
            if few is not None:
                prediction = np.empty((n_samples, few.n_outputs), dtype)
                X = X if X.flags.c_contiguous else np.ascontiguousarray(X)
                ending = few.outline.predict_few(few.inverse_link, X, parameters, prediction)
                if ending == _native.NON_FINITE:
                    raise NonFiniteError(NON_FINITE_ROWS)
                return prediction
        prediction = np.empty((n_samples, spec.n_outputs), dtype)
        self._pass(network, X, [prediction])
        return prediction

    def activations(self, network: Network, X: Matrix) -> list[Array]:
        spec = network.spec
        spec.require_inputs(X)
        widths = [*(block.width_out for block in spec.blocks[:-1]), spec.n_outputs]
        layers = [np.empty((X.shape[0], width), network.dtype) for width in widths]
        self._pass(network, X, layers)
        return layers

    def _pass(self, network: Network, X: Matrix, into: list[Array]) -> None:
        """Write every block's a, or only the last, which the prediction replaces, into `into`."""
        if not isinstance(X, np.ndarray):
            require_finite(X.data)
        spec, parameters = network.spec, network.parameters
        n_samples, dtype = X.shape[0], parameters.dtype
        code = _native.INVERSE_LINKS[spec.inverse_link]
        compiled = _network(spec, NO_OBJECTIVE, dtype, self.precision, n_samples)
        work = _row_work(spec, dtype, passes=1) * n_samples
        threads = choose_threads(work, requested=self.n_threads)
        *hidden, prediction = into
        ending = compiled.predict(code, _row_arrays(X), parameters, prediction, hidden, threads)
        if ending == _native.NON_FINITE:
            raise NonFiniteError(NON_FINITE_ROWS)


class _FewRows(NamedTuple):
    """A network that predicts a few samples: compiled without parameters, and never modified."""

    outline: Native
    inverse_link: int
    n_outputs: int


@lru_cache(maxsize=64)
def _few_rows(spec: NetworkSpec, dtype: np.dtype[np.generic]) -> _FewRows | None:
    # Cached, because for a single sample building a network takes longer than using it.
    if MemberHeads.kind in spec.kinds:
        return None
    outline = _network(spec, NO_OBJECTIVE, dtype, None, FEW_ROWS)
    return _FewRows(outline, _native.INVERSE_LINKS[spec.inverse_link], spec.n_outputs)


class _Latest:
    """The latest answer of `_few_rows`, because its cache takes longer to hash a specification."""

    def __init__(self) -> None:
        self._found: tuple[object, object, _FewRows | None] = None, None, None

    def get(self, spec: NetworkSpec, dtype: np.dtype[np.generic]) -> _FewRows | None:
        # One tuple, so that threads never see parts of two answers.
        latest_spec, latest_dtype, few = self._found
        if latest_spec is not spec or latest_dtype is not dtype:
            few = _few_rows(spec, dtype)
            self._found = spec, dtype, few
        return few


_latest = _Latest()
