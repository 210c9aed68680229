"""Kinds of members: several networks in one estimator, by name.

lamina/blocks/ has the passes of each; here are the names, hyperparameters and defaults that users
choose.
"""

from __future__ import annotations

from dataclasses import dataclass

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.table import RecordTable

# The native core has this limit.
MOST_SHARED = 2**16
# Values of the hyperparameter `kind` of shared members.
ALL_SCALES, FIRST_SCALES_ALONE = "tabm", "tabm_mini"


@dataclass(frozen=True)
class MemberFormula:
    """Kind of members.

    Attributes
    ----------
    name : str
        Name in `members=`.
    equation, paper : str
        Formula as text, and its source.
    hyperparameters : tuple of Hyperparameter
    """

    name: str
    equation: str
    paper: str
    hyperparameters: tuple[Hyperparameter, ...]


MEMBER_FORMULAS = RecordTable(
    "kind of members",
    MemberFormula(
        name="independent",
        equation="the mean of the predictions of several networks, with initial weights and orders "
        "of samples of their own; trained side by side in threads, they read the same samples; "
        "validation, early stopping and the best epoch are those of the mean",
        paper="Lakshminarayanan, Pritzel, Blundell 2017, Simple and scalable predictive "
        "uncertainty estimation using deep ensembles",
        hyperparameters=(
            Hyperparameter("n_members", 5, "number of networks", kind="integer", at_least=2),
        ),
    ),
    MemberFormula(
        name="shared",
        equation="z = s ⊙ ((r ⊙ a_prev) W) + b, with a W that the members share, and r, s, b and "
        "an output layer of each; the loss is the mean of the members' losses, and a fit takes "
        "about as long as one with n_members times the samples",
        paper="Gorishniy, Kotelnikov, Babenko 2025, TabM; Wen, Tran, Ba 2020, BatchEnsemble",
        hyperparameters=(
            Hyperparameter(
                "n_members",
                32,
                "number of members",
                kind="integer",
                at_least=1,
                at_most=MOST_SHARED,
            ),
            Hyperparameter(
                "kind",
                ALL_SCALES,
                "numbers of each member beside its output layer: r, s and b of every hidden layer, "
                "or the r of the first layer alone",
                kind="name",
                names=(ALL_SCALES, FIRST_SCALES_ALONE),
            ),
            Hyperparameter(
                "first",
                "random_signs",
                "initial r of the first layer, 1 or -1, or standard normal, as the authors "
                "recommend for embedded inputs; all other scales start at 1",
                kind="name",
                names=("random_signs", "normal"),
            ),
            Hyperparameter(
                "own_rows",
                False,
                "if True, every member sees the samples of an epoch in an order of its own, so "
                "that a step has other samples for each",
                kind="boolean",
            ),
        ),
    ),
)
