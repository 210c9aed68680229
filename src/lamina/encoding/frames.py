"""Data frames of any library as pandas frames, through narwhals."""

from __future__ import annotations

from typing import Any

from scipy import sparse

from lamina.errors import TableError

# Numbers of float64 in 1 GiB.
MOST_DENSE = 1 << 27


def as_pandas(X: Any) -> Any:
    """A data frame of pandas, polars, pyarrow or another library as a pandas one.

    Parameters
    ----------
    X : data frame or array-like

    Returns
    -------
    pandas.DataFrame or None
        None where X is no data frame.

    Raises
    ------
    TableError
        For a lazy frame, whose rows are still to be computed.
    """
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return X
    # It takes time to import, and only frames need it.
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


def _to_pandas(series: Any) -> Any:
    column = series.to_pandas()
    column.index = range(len(column))
    return column


def without_sparsity(X: Any) -> Any:
    """A sparse matrix as a dense array; anything else as it is.

    Raises
    ------
    TableError
        For a sparse matrix whose dense array would take more than 1 GiB.
    """
    if not sparse.issparse(X):
        return X
    if X.ndim == 2 and X.shape[0] * X.shape[1] > MOST_DENSE:
        raise TableError(
            f"the sparse table of shape {X.shape} would have {X.shape[0] * X.shape[1]:,} numbers, "
            f"and {MOST_DENSE:,} are the most: choose columns, for example by sklearn."
            "feature_selection or TruncatedSVD, or give the matrix to MLPClassifier or "
            "MLPRegressor, which learn from it as it is"
        )
    return X.toarray()


def array_columns(array: Any, names: Any = None) -> dict[str, Any]:
    """Return the columns of an array of shape (n_samples, n_columns) as pandas Series, by name."""
    from pandas import Series

    names = [f"x{i}" for i in range(array.shape[1])] if names is None else names
    return {name: Series(array[:, i]) for i, name in enumerate(names)}
