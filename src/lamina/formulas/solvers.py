"""Solvers: the optimizers of minibatch steps, and those that use all samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.optimizer import Optimizer
from lamina.formulas.optimizers import OPTIMIZERS
from lamina.formulas.table import RecordTable


@dataclass(frozen=True)
class FullBatchSolver:
    """Solver that uses all samples at once: its iteration is an epoch, without a learning rate.

    It computes in float64, and needs a loss that is smooth and the same at every evaluation.

    Attributes
    ----------
    name : str
        Name in `solver=`.
    equation, paper : str
        Formula as text, and its source.
    hyperparameters : tuple of Hyperparameter
    """

    name: str
    equation: str
    paper: str
    hyperparameters: tuple[Hyperparameter, ...] = ()


MAX_FUN = Hyperparameter(
    "max_fun",
    15000,
    "number of evaluations of the loss after which the fit ends",
    kind="integer",
    at_least=1,
    is_estimator_parameter=True,
)

FULL_BATCH_SOLVERS = RecordTable(
    "full-batch solver",
    FullBatchSolver(
        name="lbfgs",
        equation="w ← w - η H g,  H ≈ (d²L/dw²)⁻¹ from the latest steps, η by a line search",
        paper="Byrd, Lu, Nocedal, Zhu 1995, A limited memory algorithm for bound constrained "
        "optimization",
        hyperparameters=(MAX_FUN,),
    ),
)
Solver: TypeAlias = Optimizer | FullBatchSolver
SOLVERS: RecordTable[Solver] = RecordTable(
    "solver", *FULL_BATCH_SOLVERS.values(), *OPTIMIZERS.values()
)
# A lookup in a set takes less time than one in a table, and every fit makes several.
_FULL_BATCH = frozenset(FULL_BATCH_SOLVERS)


def is_minibatch(solver: object) -> bool:
    """Return False for a solver that uses all samples at once.

    Parameters
    ----------
    solver : str or object
        Name, or an object with a `name`.

    Examples
    --------
    >>> is_minibatch("adam"), is_minibatch("lbfgs")
    (True, False)
    """
    return getattr(solver, "name", solver) not in _FULL_BATCH
