"""Convert data frames of any library to pandas, through narwhals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from scipy import sparse

from lamina.errors import TableError
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    import narwhals as nw
    import pandas as pd

# X or y as users pass them: an array-like, a sparse matrix, or a data frame of any library.
ArrayOrTable: TypeAlias = Any
# Count of float64 numbers in 1 GiB.
MOST_DENSE = 1 << 27


def as_pandas(X: ArrayOrTable) -> pd.DataFrame | None:
    """Convert a data frame of pandas, polars, pyarrow or another library to pandas.

    Parameters
    ----------
    X : data frame or array-like

    Returns
    -------
    pandas.DataFrame or None
        None if X is not a data frame.

    Raises
    ------
    TableError
        If X is a lazy frame, whose rows are not computed yet.
    """
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return X
    # Only data frames need this slow import.
    import narwhals as nw

    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise TableError("the table is a lazy frame: give frame.collect()")
    if not isinstance(frame, nw.DataFrame):
        return None
    from pandas import DataFrame

    names = frame.columns
    columns = [_to_pandas(frame.get_column(name)) for name in names]
    read = DataFrame(dict(enumerate(columns)))
    read.columns = names
    return read


def _to_pandas(series: nw.Series[pd.Series]) -> pd.Series:
    column = series.to_pandas()
    column.index = range(len(column))
    return column


def without_sparsity(X: ArrayOrTable) -> ArrayOrTable:
    """Convert a sparse matrix to a dense array; return anything else unchanged.

    Raises
    ------
    TableError
        If the dense array would take more than 1 GiB.
    """
    if not sparse.issparse(X):
        return X
    if X.ndim == 2 and X.shape[0] * X.shape[1] > MOST_DENSE:
        raise TableError(
            f"the sparse table of shape {X.shape} would have {X.shape[0] * X.shape[1]:,} numbers, "
            f"but at most {MOST_DENSE:,} are allowed: select columns, for example with "
            "sklearn.feature_selection or TruncatedSVD, or use MLPClassifier or MLPRegressor, "
            "which accept the sparse matrix"
        )
    return X.toarray()


def array_columns(array: AnyArray, names: Iterable[str] | None = None) -> dict[str, pd.Series]:
    """Return the columns of an array of shape (n_samples, n_columns) as pandas Series, by name."""
    from pandas import Series

    names = [f"x{i}" for i in range(array.shape[1])] if names is None else names
    return {name: Series(array[:, i]) for i, name in enumerate(names)}


def pandas_or(instead: str) -> Any:
    """Return pandas; if it is missing, raise an ImportError that names the alternative.

    Examples
    --------
    >>> pandas_or("to_dict()").DataFrame({"epoch": [1, 2]}).shape
    (2, 1)
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(f"to_frame needs pandas: pip install pandas, or use {instead}") from error
    return pandas
