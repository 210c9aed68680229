"""Data sets by name: arrays from `load`, and files from `path`."""

from lamina.datasets.bundled import BUNDLED
from lamina.datasets.dataset import Dataset, DatasetRecord
from lamina.datasets.drawn import make_curve, make_hills, make_plane, make_spirals, make_xor
from lamina.datasets.files import FROM_FILES
from lamina.datasets.made import MADE
from lamina.datasets.quadrants import make_quadrants
from lamina.datasets.shipped import SHIPPED, path
from lamina.errors import UnknownNameError
from lamina.formulas.table import RecordTable

__all__ = [
    "DATASETS",
    "SHIPPED",
    "Dataset",
    "DatasetRecord",
    "load",
    "make_curve",
    "make_hills",
    "make_plane",
    "make_quadrants",
    "make_spirals",
    "make_xor",
    "path",
]

DATASETS = RecordTable("data set", *BUNDLED, *FROM_FILES, *MADE)


def load(name: str) -> Dataset:
    """Return the data set of a name as arrays.

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
        For any other name; the message lists the names and the nearest match.
    FileNotFoundError
        If the environment variable LAMINA_DATA names a folder that lacks the file.

    Examples
    --------
    >>> from lamina.datasets import load
    >>> iris = load("iris")
    >>> iris.X.shape, iris.task, iris.target_names
    ((150, 4), 'classification', ('setosa', 'versicolor', 'virginica'))
    >>> load("irsi")
    Traceback (most recent call last):
    ...
    lamina.errors.UnknownNameError: 'irsi' is not a known data set. Did you mean 'iris'? Known: ...
    """
    if isinstance(name, str) and name in SHIPPED:
        raise UnknownNameError(
            f"{name!r} is a table with categories, which has no array form: read the file "
            f"lamina.datasets.path({name!r}), for instance with pandas.read_csv"
        )
    return DATASETS[name].load()
