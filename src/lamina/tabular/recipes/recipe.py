"""A recipe: everything that is chosen about a network for a table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["binary", "multiclass", "regression"]

# Beyond so many samples a network learns for fewer epochs, so that its time grows slowly.
SAMPLES_OF_ALL_EPOCHS = 5_000
FEWEST_EPOCHS = 12
# The batch size by the least number of samples that it is for.
BATCH_SIZES: Mapping[int, int] = {0: 128, 12_000: 256, 50_000: 512, 200_000: 1024}


@dataclass(frozen=True)
class Recipe:
    """How the networks of one kind are made.

    Attributes
    ----------
    name : str
    n_bins : int
        The bins of each number; 1 for none beside the number itself.
    epochs : int
        For at most 5,000 samples; fewer, in inverse proportion, for more.
    network : mapping of str to value
        Parameters of MLPClassifier and MLPRegressor.
    uses_texts : bool
        Whether the words of short texts are inputs. Names make them useless, and free texts live
        by them: a recipe with texts is one more candidate, for tables that have such a column.
    """

    name: str
    n_bins: int
    epochs: int
    network: Mapping[str, Any]
    uses_texts: bool = False

    def settings(self, n_samples: int) -> dict[str, Any]:
        """Return the network's parameters for a number of samples."""
        fraction = min(1.0, SAMPLES_OF_ALL_EPOCHS / n_samples)
        size = max(least for least in BATCH_SIZES if least <= n_samples)
        return {
            **self.network,
            "max_iter": max(min(FEWEST_EPOCHS, self.epochs), round(self.epochs * fraction)),
            "batch_size": BATCH_SIZES[size],
        }


@dataclass(frozen=True)
class Quality:
    """What is fitted for one value of `quality`.

    Attributes
    ----------
    name : str
    n_folds : int
        Each recipe is fitted once without each of so many parts of the samples.
    n_folds_large : int
        The same for more than 5,000 samples.
    recipes : tuple of Recipe
        Their weights are chosen by the out-of-fold score.
    most_recipes : int
        So many at most go from the first two folds to all.
    """

    name: str
    n_folds: int
    n_folds_large: int
    recipes: tuple[Recipe, ...]
    most_recipes: int = 1

    def folds(self, n_samples: int) -> int:
        """Return the number of folds for a number of samples."""
        return self.n_folds if n_samples <= SAMPLES_OF_ALL_EPOCHS else self.n_folds_large
