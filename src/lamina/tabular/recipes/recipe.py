"""Recipe: all settings of a network for a table, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
    embedding : mapping of str to value, optional
        Parameters of lamina.inputs.PiecewiseLinear for the numbers that are no dates. A table
        without such numbers leaves the recipe out.
    """

    name: str
    n_bins: int
    epochs: int
    network: Mapping[str, Json]
    uses_texts: bool = False
    embedding: Mapping[str, Json] | None = None

    def settings(self, n_samples: int) -> dict[str, Json]:
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
