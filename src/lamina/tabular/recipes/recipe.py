"""Recipe: all settings of a network for a table, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lamina.choices import Input
from lamina.files.model_file import Json

Kind = Literal["binary", "multiclass", "regression"]

# With more samples, a network is trained for fewer epochs, so that its time grows slowly.
SAMPLES_OF_ALL_EPOCHS = 5_000
FEWEST_EPOCHS = 12
# Batch sizes by the smallest number of samples they are used for.
BATCH_SIZES: Mapping[int, int] = {0: 128, 12_000: 256, 50_000: 512, 200_000: 1024}


@dataclass(frozen=True)
class Recipe:
    """Settings of one kind of network.

    Attributes
    ----------
    name : str
    n_bins : int
        Number of bins of each number; 1 for none.
    epochs : int
        Maximum number of epochs for at most 5,000 samples; for more, fewer in inverse proportion.
    network : mapping of str to value
        Parameters of MLPClassifier and MLPRegressor.
    uses_texts : bool
        True if the words of texts are inputs. They are useless for names and essential for free
        texts, so such a recipe is an additional candidate for tables with a text column.
    embedding : Input, optional
        Learned inputs for the numbers that are no dates.
    needs_numbers : bool
        True if the embedding alone distinguishes the recipe: a table without numbers to embed
        leaves it out.
    other_inputs : Input, optional
        Inputs for all other columns; by default they enter as they are.
    regression : mapping of str to value, optional
        Parameters that replace those of `network` for a regression.
    batch_sizes : mapping of int to int
        Batch sizes by the smallest number of samples they are used for.
    """

    name: str
    n_bins: int
    epochs: int
    network: Mapping[str, Json]
    uses_texts: bool = False
    embedding: Input | None = None
    needs_numbers: bool = False
    other_inputs: Input | None = None
    regression: Mapping[str, Json] = field(default_factory=dict)
    batch_sizes: Mapping[int, int] = field(default_factory=lambda: BATCH_SIZES)

    def settings(self, n_samples: int, kind: Kind) -> dict[str, Json]:
        """Return the network's parameters for a number of samples and a kind of target."""
        fraction = min(1.0, SAMPLES_OF_ALL_EPOCHS / n_samples)
        size = max(least for least in self.batch_sizes if least <= n_samples)
        return {
            **self.network,
            **(self.regression if kind == "regression" else {}),
            "max_iter": max(min(FEWEST_EPOCHS, self.epochs), round(self.epochs * fraction)),
            "batch_size": self.batch_sizes[size],
        }

    def inputs(self, embedded: Sequence[int], others: Sequence[int]) -> list[Input]:
        """Return the objects of `inputs=` for the columns of numbers and all other columns."""
        pairs = ((self.embedding, embedded), (self.other_inputs, others))
        return [
            type(chosen)(**{**chosen.values, "columns": list(columns)})
            for chosen, columns in pairs
            if chosen is not None and columns
        ]


@dataclass(frozen=True)
class Quality:
    """Recipes and folds for one value of `quality`.

    Attributes
    ----------
    name : str
    n_folds : int
        Number of folds for at most 5,000 samples.
    n_folds_large : int
        Number of folds for more samples.
    recipes : tuple of Recipe
        Weighted by the out-of-fold score.
    most_recipes : int
        Maximum number of recipes that are fitted on all folds.
    """

    name: str
    n_folds: int
    n_folds_large: int
    recipes: tuple[Recipe, ...]
    most_recipes: int = 1

    def folds(self, n_samples: int) -> int:
        """Return the number of folds for a number of samples."""
        return self.n_folds if n_samples <= SAMPLES_OF_ALL_EPOCHS else self.n_folds_large
