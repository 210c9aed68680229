"""Formulas of the inputs: what the first block writes for each column of X, by name.

lamina/blocks/inputs/ has the passes of each; here are the names, hyperparameters and defaults that
users choose, and the equation of one column x.
"""

from __future__ import annotations

from dataclasses import dataclass

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.table import RecordTable

PERIODIC_PAPER = (
    "Gorishniy, Rubachev, Babenko 2022, On embeddings for numerical features in tabular deep "
    "learning; Holzmüller, Grinsztajn, Steinwart 2024, Better by default (PBLD)"
)
PIECEWISE_PAPER = (
    "Gorishniy, Rubachev, Babenko 2022, On embeddings for numerical features in tabular deep "
    "learning; Gorishniy, Kotelnikov, Babenko 2025, TabM (version B)"
)

COLUMNS = Hyperparameter(
    "columns",
    None,
    "columns of X that it takes, all of them by default",
    kind="columns",
)
SCALED = Hyperparameter(
    "scaled",
    False,
    "True multiplies each output by a learned factor, 1 at the start (RealMLP's scaling layer), at "
    "the learning rate of the group 'scale'",
    kind="boolean",
)


@dataclass(frozen=True)
class InputFormula:
    """Formula of a column's inputs.

    Attributes
    ----------
    name : str
        Name in `inputs=`, and of the kind of group in lamina/blocks/inputs/.
    equation, paper : str
        Formula as text, and its source.
    hyperparameters : tuple of Hyperparameter
    reads_categories : bool
        True if the numbers in its columns are values of a category, which a fit numbers from 1.
    """

    name: str
    equation: str
    paper: str
    hyperparameters: tuple[Hyperparameter, ...] = (COLUMNS,)
    reads_categories: bool = False


INPUT_FORMULAS = RecordTable(
    "kind of inputs",
    InputFormula(
        name="identity",
        equation="x, the column as it is",
        paper="Rosenblatt 1958, The perceptron",
    ),
    InputFormula(
        name="scaled",
        equation="s x, with a factor s that each column learns, 1 at the start",
        paper="Holzmüller, Grinsztajn, Steinwart 2024, Better by default (the scaling layer)",
    ),
    InputFormula(
        name="periodic",
        equation="[x, cos(2π w₁ x + b₁) W₂ + b₂], with w₁, b₁, W₂ and b₂ that each column learns",
        paper=PERIODIC_PAPER,
        hyperparameters=(
            COLUMNS,
            Hyperparameter(
                "n_frequencies",
                16,
                "number of frequencies w₁ of a column",
                kind="integer",
                at_least=1,
            ),
            Hyperparameter(
                "n_outputs",
                3,
                "number of outputs of a column beside x itself",
                kind="integer",
                at_least=1,
            ),
            Hyperparameter(
                "sigma",
                1.0,
                "standard deviation of the initial frequencies, the larger the finer the detail",
                above=0,
            ),
            SCALED,
        ),
    ),
    InputFormula(
        name="piecewise_linear",
        equation="w x + b + PLE(x) V, where PLE(x) has, for each bin, the fraction of the bin that "
        "lies below x; each column learns w, b and V, and its bins are fixed",
        paper=PIECEWISE_PAPER,
        hyperparameters=(
            COLUMNS,
            Hyperparameter(
                "n_bins",
                48,
                "number of bins of a column, or fewer if it has fewer values; of three or more, "
                "two lie outside of the values in training",
                kind="integer",
                at_least=1,
            ),
            Hyperparameter(
                "n_outputs", 16, "number of outputs of a column", kind="integer", at_least=1
            ),
            Hyperparameter(
                "bins",
                "quantiles",
                "source of the bins: quantiles of the column, or the splits of a decision tree "
                "that predicts the target from it",
                kind="name",
                names=("quantiles", "tree"),
            ),
            SCALED,
        ),
    ),
    InputFormula(
        name="categorical",
        equation="E[code], the row of a learned matrix for the category; row 0 is for categories "
        "that are missing or that the fit has not seen",
        paper="Guo, Berkhahn 2016, Entity embeddings of categorical variables",
        hyperparameters=(
            COLUMNS,
            Hyperparameter(
                "n_outputs",
                "auto",
                "number of outputs of a column; 'auto' is its number of categories, at most 8",
                kind="integer",
                at_least=1,
                names=("auto",),
            ),
            SCALED,
        ),
        reads_categories=True,
    ),
    InputFormula(
        name="one_hot",
        equation="1 in the place of the category, else 0; all 0 for categories that are missing or "
        "that the fit has not seen",
        paper="Suits 1957, Use of dummy variables in regression equations",
        hyperparameters=(COLUMNS, SCALED),
        reads_categories=True,
    ),
)
