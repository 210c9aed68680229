"""lamina's kernels: whole epochs in C++, without the GIL."""

from collections.abc import Sequence
from typing import Annotated, overload

import numpy
from numpy.typing import NDArray


BLOCKS: dict = ...

INPUTS: dict = ...

ACTIVATIONS: dict = ...

LOSSES: dict = ...

CUSTOM_LOSS: int = -1

INVERSE_LINKS: dict = ...

OPTIMIZERS: dict = ...

PRECISIONS: dict = {'bfloat16' : 0}

NORMALIZATIONS: dict = {'batch' : 0, 'layer' : 1}

NO_NORMALIZATION: int = -1

FULL_PRECISION: int = -1

FUNCTIONS: dict = ...

FINISHED: int = 0

STOPPED: int = 1

ZERO_WEIGHT: int = 2

NON_FINITE: int = 3

class InputGroup:
    """Columns of X with one kind of inputs."""

    def __init__(self, kind: int, columns: Sequence[int], n_outputs: int = 1, n_terms: int = 0, n_codes: Sequence[int] = [], scaled: bool = False) -> None:
        """
        kind is a value of INPUTS. n_outputs: learned outputs of a column; n_terms: its
        frequencies or bins; n_codes: number of codes of every column; scaled: whether each
        output has a learned factor.
        """

class Block:
    """One layer of a network."""

    def __init__(self, kind: int, fan_in: int, fan_out: int, activation: int = 0, hyperparameters: Sequence[float] = [], normalization: int = -1, residual: bool = False, dropout: float = 0.0, ntk: bool = False, blend: bool = False, n_members: int = 1, repeats: bool = False, scales_inputs: bool = False, scales_outputs: bool = False, own_biases: bool = False) -> None:
        """
        kind is a value of BLOCKS. The others describe a dense block: activation is a value
        of ACTIVATIONS, with its hyperparameters; normalization one of NORMALIZATIONS, or
        NO_NORMALIZATION. Members: their number, whether all of them read one input, and
        which parameters they have of their own.
        """

class Declaration:
    """Blocks of a network and its inputs."""

    def __init__(self, blocks: Sequence[Block], heads: Sequence[int], input_dropout: float, input_noise: float, precision: int, groups: Sequence[InputGroup] = []) -> None:
        """
        heads: number of outputs of each, empty if all outputs form one. precision is a value
        of PRECISIONS, or FULL_PRECISION. groups: those of an input stage.
        """

class Objective:
    """A loss and a penalty on the weights."""

    def __init__(self, loss: int, hyperparameters: Sequence[float], n_targets: int, l2: float, l1: float, smoothing_place: int, target_smoothing: float) -> None:
        """
        loss is a value of LOSSES, or CUSTOM_LOSS; n_targets is zero for predictions alone.
        smoothing_place is the place of label smoothing among the hyperparameters, or -1;
        target_smoothing the fraction with which numbers as targets are smoothed.
        """

class Optimizer:
    """An optimizer and its settings."""

    def __init__(self, optimizer: int, hyperparameters: Sequence[float], amsgrad: bool, weight_decay: float, max_gradient_norm: float, average_decay: float, span_ends: Sequence[int] = [], rate_factors: Sequence[float] = [], decay_factors: Sequence[float] = []) -> None:
        """
        optimizer is a value of OPTIMIZERS; average_decay is -1 if no average is kept. Factors
        of the learning rate and decay of spans of the parameters, by their ends; all one if
        there are none.
        """

class Report:
    """Result of an epoch, or of one pass over all samples."""

    @property
    def ending(self) -> int:
        """FINISHED, STOPPED, ZERO_WEIGHT or NON_FINITE."""

    @property
    def loss(self) -> float:
        """Mean over the samples, penalty included."""

    @property
    def steps(self) -> int:
        """Number of updates."""

    @property
    def non_finite_block(self) -> int:
        """Index of the first block that is not finite, or -1."""

    @property
    def gradient_norm(self) -> float:
        """Mean over the steps, before clipping, if it was measured."""

LBFGS_SLOTS: int = 21

LBFGS_NUMBERS: int = 237

LBFGS_DONE: int = 0

LBFGS_STOPPED: int = 1

LBFGS_FAILED: int = 2

LBFGS_ZERO_WEIGHT: int = 3

class LbfgsReport:
    """Result of iterations of L-BFGS in one call."""

    @property
    def losses(self) -> list[float]:
        """Loss at the end of each iteration."""

    @property
    def steps(self) -> list[float]:
        """Step of the line search in each iteration."""

    @property
    def ending(self) -> int:
        """LBFGS_DONE, LBFGS_STOPPED, LBFGS_FAILED or LBFGS_ZERO_WEIGHT."""

    @property
    def last_loss(self) -> float:
        """Loss of the latest evaluation."""

class Lbfgs:
    """L-BFGS that proposes where to evaluate next."""

    def __init__(self, parameters: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], slots: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], numbers: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')]) -> None:
        """
        It changes all three in place: slots (LBFGS_SLOTS, n_parameters), and LBFGS_NUMBERS
        numbers, which are zero at first.
        """

    def begin(self, loss: float, gradient: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)]) -> None:
        """
        Receive the loss and gradient at the parameters, without any earlier pairs.
        """

    def propose(self, trial: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')]) -> bool:
        """Write where to evaluate next; return False if no step lowers the loss."""

    def receive(self, loss: float, gradient: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)]) -> bool:
        """
        Receive the loss and gradient at the trial; return True if it is the next iterate.
        """

    @property
    def has_begun(self) -> bool: ...

    @property
    def loss(self) -> float:
        """Loss at the parameters."""

    @property
    def evaluations(self) -> int:
        """Number of evaluations in the whole fit."""

    @property
    def step(self) -> float:
        """Step of the line search in the latest iteration."""

    @property
    def largest_gradient(self) -> float:
        """Largest magnitude of an element of the gradient at the parameters."""

    @property
    def decrease(self) -> float:
        """
        Decrease of the loss in the latest iteration, relative to the largest of both losses
        and 1.
        """

class Rows32:
    """
    The rows that a network reads; it copies nothing. A weight of two
    dimensions is that of each target of each row.
    """

    def __init__(self, n_samples: int, dense: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)] | None, csr_values: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)] | None, csr_columns: Annotated[NDArray[numpy.int32], dict(order='C', device='cpu', writable=False)] | None, csr_starts: Annotated[NDArray[numpy.int64], dict(order='C', device='cpu', writable=False)] | None, targets: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)] | None, codes: Annotated[NDArray[numpy.int32], dict(order='C', device='cpu', writable=False)] | None, weight: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)] | None) -> None: ...

class Network32:
    """Working memory and passes of one network."""

    def __init__(self, declaration: Declaration, objective: Objective, largest_batch: int) -> None:
        """
        With CUSTOM_LOSS, `epochs` and `loss_and_gradient` need python_loss(logits, y,
        weight), which returns (value, delta).
        """

    def epochs(self, rows: Rows32, order: Annotated[NDArray[numpy.int64], dict(order='C', device='cpu')], batch_size: int, learning_rates: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], multipliers: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)] | None, optimizer: Optimizer, measures_gradient: bool, parameters: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], slots: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], step: int, seed: int, n_threads: int, chooses_threads: bool, bit_generator: object | None, python_loss: object | None, seconds: float) -> list[Report]:
        """
        Run one epoch for each row of learning rates, within a time limit in seconds, and
        report each. A bit generator, if not None, shuffles `order` before each epoch.
        order: (n_samples), or (n_samples, n_members) with an order of each member, which are
        shuffled one after another. chooses_threads: whether one thread takes the steps if
        that is faster. multipliers: of dropout, weight decay and label smoothing, (epochs,
        steps, 3).
        """

    def raise_interrupt(self) -> None:
        """
        Raise the exception of a signal handler or of the loss during the last `epochs` or
        `minimise`.
        """

    def loss_and_gradient(self, rows: Rows32, parameters: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], gradient: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], n_threads: int, python_loss: object | None) -> Report: ...

    def predict(self, inverse_link: int, rows: Rows32, parameters: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], prediction: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], activations: Sequence[Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]], n_threads: int) -> int:
        """
        Return a value of Ending: NON_FINITE if a dense X has such an element. activations:
        destinations of a of every block except the last, or an empty list.
        """

    def predict_few(self, inverse_link: int, X: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], parameters: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], prediction: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]) -> int:
        """
        Predict from unpacked weights; any number of threads may share the network.
        """

class Rows64:
    """
    The rows that a network reads; it copies nothing. A weight of two
    dimensions is that of each target of each row.
    """

    def __init__(self, n_samples: int, dense: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)] | None, csr_values: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)] | None, csr_columns: Annotated[NDArray[numpy.int32], dict(order='C', device='cpu', writable=False)] | None, csr_starts: Annotated[NDArray[numpy.int64], dict(order='C', device='cpu', writable=False)] | None, targets: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)] | None, codes: Annotated[NDArray[numpy.int32], dict(order='C', device='cpu', writable=False)] | None, weight: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)] | None) -> None: ...

class Network64:
    """Working memory and passes of one network."""

    def __init__(self, declaration: Declaration, objective: Objective, largest_batch: int) -> None:
        """
        With CUSTOM_LOSS, `epochs` and `loss_and_gradient` need python_loss(logits, y,
        weight), which returns (value, delta).
        """

    def minimise(self, lbfgs: Lbfgs, rows: Rows64, n_iterations: int, tol: float, loss_tol: float, max_evaluations: int, n_threads: int, python_loss: object | None, seconds: float) -> LbfgsReport:
        """
        Run iterations of L-BFGS until a limit, within a time limit in seconds.
        """

    def epochs(self, rows: Rows64, order: Annotated[NDArray[numpy.int64], dict(order='C', device='cpu')], batch_size: int, learning_rates: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], multipliers: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)] | None, optimizer: Optimizer, measures_gradient: bool, parameters: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], slots: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], step: int, seed: int, n_threads: int, chooses_threads: bool, bit_generator: object | None, python_loss: object | None, seconds: float) -> list[Report]:
        """
        Run one epoch for each row of learning rates, within a time limit in seconds, and
        report each. A bit generator, if not None, shuffles `order` before each epoch.
        order: (n_samples), or (n_samples, n_members) with an order of each member, which are
        shuffled one after another. chooses_threads: whether one thread takes the steps if
        that is faster. multipliers: of dropout, weight decay and label smoothing, (epochs,
        steps, 3).
        """

    def raise_interrupt(self) -> None:
        """
        Raise the exception of a signal handler or of the loss during the last `epochs` or
        `minimise`.
        """

    def loss_and_gradient(self, rows: Rows64, parameters: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], gradient: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], n_threads: int, python_loss: object | None) -> Report: ...

    def predict(self, inverse_link: int, rows: Rows64, parameters: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], prediction: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], activations: Sequence[Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')]], n_threads: int) -> int:
        """
        Return a value of Ending: NON_FINITE if a dense X has such an element. activations:
        destinations of a of every block except the last, or an empty list.
        """

    def predict_few(self, inverse_link: int, X: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], parameters: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], prediction: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')]) -> int:
        """
        Predict from unpacked weights; any number of threads may share the network.
        """

def instruction_set() -> str:
    """
    Return the set of kernels in use: LAMINA_INSTRUCTION_SET's, else the fastest.
    """

def bfloat16_unit() -> str:
    """
    Return the unit of products in bfloat16: 'amx', 'emulated' with the same bits, or
    'avx512_bf16', which sums in an order of its own.
    """

def instruction_sets() -> list[str]:
    """
    Return the sets of kernels that this machine supports, the fastest first.
    """

def spin_loops() -> list[tuple[str, str, int]]:
    """
    Return the loops that spin32 and spin64 number: instruction set, operation, and chains.
    Only spin32 has 'multiply_add_bfloat16'.
    """

def spin32(loop: int, rounds: int, n_threads: int) -> tuple[int, float]:
    """
    Run one of spin_loops() on each thread; return the number of operations, each on one number,
    and the mean of the results.
    """

@overload
def multiply(A: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], B: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], C: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], A_is_transposed: bool, B_is_transposed: bool, n_threads: int, precision: int) -> None: ...

@overload
def multiply(A: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], B: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], C: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')], A_is_transposed: bool, B_is_transposed: bool, n_threads: int, precision: int) -> None:
    """
    Write the matrix product A B into C; one of them may be stored transposed.
    """

@overload
def evaluate(function: int, x: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], y: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]) -> None: ...

@overload
def evaluate(function: int, x: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], y: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu')]) -> None:
    """Apply one of FUNCTIONS to x, and write the result into y."""

def spin64(loop: int, rounds: int, n_threads: int) -> tuple[int, float]:
    """
    Run one of spin_loops() on each thread; return the number of operations, each on one number,
    and the mean of the results.
    """

def end_calls(seconds: float) -> None:
    """
    Ask the calls of all other threads to stop, wait at most this many seconds for them,
    and prevent new calls: for the end of the interpreter.
    """

def forget_calls() -> None:
    """
    Reset the count of running calls: for a forked child, which has only one thread.
    """

def has_variable(name: str) -> bool:
    """
    Return True if an environment variable is set and not empty, faster than os.environ.
    """
