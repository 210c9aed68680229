"""Mathematics by name: tables of formulas, from which names, errors, docs and engines derive."""

from lamina.formulas.activation import Activation, ActivationChoice
from lamina.formulas.activations import ACTIVATIONS
from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.initializers import INITIALIZERS, Initializer
from lamina.formulas.input_formulas import INPUT_FORMULAS, InputFormula
from lamina.formulas.inverse_links import INVERSE_LINKS, InverseLink
from lamina.formulas.losses import LOSSES, Loss
from lamina.formulas.member_formulas import MEMBER_FORMULAS, MemberFormula
from lamina.formulas.normalizations import NORMALIZATIONS, Normalization
from lamina.formulas.optimizer import Optimizer
from lamina.formulas.optimizers import OPTIMIZERS
from lamina.formulas.penalties import PENALTIES, Penalty
from lamina.formulas.precisions import PRECISIONS, Precision
from lamina.formulas.schedule import Schedule
from lamina.formulas.schedules import SCHEDULES
from lamina.formulas.solvers import FULL_BATCH_SOLVERS, SOLVERS, FullBatchSolver, is_minibatch

__all__ = [
    "ACTIVATIONS",
    "FULL_BATCH_SOLVERS",
    "INITIALIZERS",
    "INPUT_FORMULAS",
    "INVERSE_LINKS",
    "LOSSES",
    "MEMBER_FORMULAS",
    "NORMALIZATIONS",
    "OPTIMIZERS",
    "PENALTIES",
    "PRECISIONS",
    "SCHEDULES",
    "SOLVERS",
    "Activation",
    "ActivationChoice",
    "FullBatchSolver",
    "Hyperparameter",
    "Initializer",
    "InputFormula",
    "InverseLink",
    "Loss",
    "MemberFormula",
    "Normalization",
    "Optimizer",
    "Penalty",
    "Precision",
    "Schedule",
    "is_minibatch",
]
