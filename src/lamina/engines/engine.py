"""Protocol of engines: the operations that training needs, with equal results in every engine.

Shapes: X (n_samples, n_features) dense C-contiguous or csr; y (n_samples, n_targets) in X's dtype,
or int32 class codes if the loss's targets are 'codes': (n_samples,), or (n_samples, n_heads) for
heads; parameters and gradient (n_parameters,).
X, y, weights and parameters share one dtype, float32 or float64, which the estimator ensures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np

from lamina.engines.custom_loss import CustomLoss
from lamina.engines.optimizer import OptimizerSettings, OptimizerState
from lamina.engines.trainer import Trainer
from lamina.errors import NonFiniteError
from lamina.formulas import LOSSES, PENALTIES
from lamina.formulas.hyperparameters import Hyperparameters, names_of
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.network import Network, NetworkSpec

Evaluator: TypeAlias = Callable[[Array], tuple[float, Array]]


class Rows(NamedTuple):
    """Samples that an engine trains on.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_targets), or int32 class codes
        Not read by `predict`.
    weight : ndarray of shape (n_samples,) or (n_samples, n_targets), or None if all are one
        A weight of each target of each sample requires a loss of LOSSES; 0 marks a missing target,
        whose y is any number for which the loss is defined. See batch_loss.py for the equation.
    """

    X: Matrix
    y: AnyArray
    weight: AnyArray | None


@dataclass(frozen=True)
class Objective:
    """Objective function: a loss, and alpha times a penalty on the weights.

    Attributes
    ----------
    loss : str or CustomLoss
        Name in LOSSES, or a custom loss.
    alpha : float
    penalty : str
        Name in PENALTIES.
    hyperparameters : mapping of str to float or sequence of float
        Values of the hyperparameters that the loss's record lists.
    l1_ratio : float
        Fraction of ‖W‖₁ in an elastic net.
    target_smoothing : float
        ε with which the targets of a loss of values are smoothed in y; 0 if they are not. Losses of
        codes smooth by a hyperparameter.
    """

    loss: str | CustomLoss
    alpha: float = 0.0
    penalty: str = "l2"
    hyperparameters: Hyperparameters = field(default_factory=dict)
    l1_ratio: float = 0.5
    target_smoothing: float = 0.0

    def __post_init__(self) -> None:
        PENALTIES[self.penalty]
        expected = names_of(LOSSES[self.loss].hyperparameters) if isinstance(self.loss, str) else ()
        if set(self.hyperparameters) != set(expected):
            raise ValueError(f"{self.loss} needs {expected}, got {tuple(self.hyperparameters)}")

    def n_targets(self, spec: NetworkSpec, y: AnyArray) -> int:
        """Return the number of columns of y, or of its codes, for the outputs of a network.

        Raises
        ------
        ValueError
            If some outputs belong to no target.
        """
        if not isinstance(self.loss, str):
            return 1 if y.ndim == 1 else int(y.shape[1])
        loss = LOSSES[self.loss]
        if loss.targets == "codes":
            return len(spec.heads) or 1
        n_targets, left_over = divmod(spec.n_outputs, loss.outputs_per_target(self.hyperparameters))
        if left_over:
            raise ValueError(f"{self.loss} cannot divide {spec.n_outputs} outputs among targets")
        return n_targets


class Engine(Protocol):
    """Engine that trains and evaluates networks.

    Attributes
    ----------
    own_rows : bool
        True if the trainers take an order of samples for each member of a network.
    """

    own_rows: ClassVar[bool] = False

    # True if `trainer` accepts the settings of L-BFGS; otherwise SciPy minimises.
    minimises: ClassVar[bool] = False

    # True if an evaluator sees later changes of the dense arrays that it was made with.
    reads_rows_in_place: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Name of the engine: 'reference', 'native', …"""
        ...

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> Trainer:
        """Return a trainer that begins with these parameters and this state.

        A LocalTrainer changes both in place; others copy them, and leave the arrays as they are.
        """
        ...

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        """Return a function from parameters to the loss, penalty included, and its gradient.

        It holds the samples and memory for repeated calls, in one thread at a time; each gradient,
        of shape (n_parameters,), is a new array.
        """
        ...

    def loss_and_gradient(
        self, spec: NetworkSpec, objective: Objective, rows: Rows, parameters: Array
    ) -> tuple[float, Array]:
        """Return the loss and its gradient for one vector of parameters."""
        return self.evaluator(spec, objective, rows)(parameters)

    def predict(self, network: Network, X: Matrix) -> Array:
        """Return the network's prediction, of shape (n_samples, n_outputs).

        If the network has heads, the inverse link acts on each head's logits separately.

        Raises
        ------
        NonFiniteError
            For samples with an element that is infinite or NaN, so callers need not check them.
        """
        ...

    def activations(self, network: Network, X: Matrix) -> list[Array]:
        """Return every block's a, (n_samples, width_out), and the prediction in place of the last.

        Raises
        ------
        NonFiniteError
            As in `predict`.
        """
        ...


NON_FINITE_ROWS = "X contains infinity or NaN in the dtype of the parameters."


def require_finite(values: AnyArray) -> None:
    """Raise the error for samples whose values are not all finite."""
    if not np.isfinite(values).all():
        raise NonFiniteError(NON_FINITE_ROWS)
