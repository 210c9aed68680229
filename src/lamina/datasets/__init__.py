"""Known data sets by name: the records from which `--dataset` and its error messages derive."""

from lamina.datasets.bundled import BUNDLED
from lamina.datasets.dataset import Dataset, DatasetRecord
from lamina.datasets.drawn import make_curve, make_hills, make_slope, make_spirals, make_xor
from lamina.datasets.files import FROM_FILES
from lamina.datasets.made import MADE
from lamina.datasets.quadrants import make_quadrants
from lamina.formulas.table import Table

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetRecord",
    "load",
    "make_curve",
    "make_hills",
    "make_quadrants",
    "make_slope",
    "make_spirals",
    "make_xor",
]

DATASETS = Table("data set", *BUNDLED, *FROM_FILES, *MADE)


def load(name: str) -> Dataset:
    """The data set of that name.

    Parameters
    ----------
    name : str
        One of the names in `DATASETS`.

    Returns
    -------
    Dataset

    Raises
    ------
    UnknownNameError
        For any other name; the message lists the known ones and the nearest match.
    FileNotFoundError
        Where the environment variable LAMINA_DATA names a folder that lacks the file.

    Examples
    --------
    >>> from lamina.datasets import load
    >>> iris = load("iris")
    >>> iris.X.shape, iris.task, iris.target_names
    ((150, 4), 'classification', ('setosa', 'versicolor', 'virginica'))
    >>> load("irsi")
    Traceback (most recent call last):
    ...
    lamina.errors.UnknownNameError: 'irsi' is no data set. Did you mean 'iris'? Known: ...
    """
    return DATASETS[name].load()
