"""A table as a matrix: scikit-learn's imputer, scaler and one-hot encoder, column by column.

Shapes: the table (n_rows, n_columns); numbers (n_rows, n_numbers) float64, NaN where missing; texts
(n_rows, n_categorical) object, None where missing; the matrix (n_rows, n_features_out) float64:
standardised numbers, then one 0/1 column for each number that was missing in training, then one 0/1
column for each category that is kept.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from lamina.encoding.columns import READERS, Kind, frequent, kind_of
from lamina.errors import TableError, suggestion

# Below this width the memory that a sparse matrix saves is not worth the slower products.
SPARSE_FROM_WIDTH = 256
SPARSE_BELOW_DENSITY = 0.1


class TableEncoding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers, dates, categories and missing values of a table, as one matrix of float64.

    - Numbers and booleans: the median where missing, then mean 0 and variance 1; a further 0/1
      column tells the rows where the value was missing, if any was in training.
    - Dates: days since 1970, then like numbers.
    - All else is a category: one 0/1 column each, and one for a missing value if any was in
      training. A category that is rare in training, or unknown to it, is 0 in all of them.

    Columns are found by name: their order is free, and further columns are passed over.

    Parameters
    ----------
    min_frequency : int, default=2
        The training rows that a category must appear in to get a column of its own.
    max_categories : int, default=256
        The most columns that a category column turns into; the most frequent ones are kept.
    sparse_output : bool or 'auto', default='auto'
        Whether the matrix is a sparse one (csr); 'auto' decides by its width and density.

    Attributes
    ----------
    kinds_ : dict of str to {'number', 'moment', 'category'}
        What each column of the training table holds.
    categories_ : dict of str to list
        The categories kept of each categorical column; None stands for a missing value. An empty
        list belongs to a column that is passed over, because every value of it is rare.
    sparse_ : bool
        Whether `transform` returns a sparse matrix.
    imputer_, scaler_ : SimpleImputer and StandardScaler, or None where no column holds numbers
    one_hot_ : OneHotEncoder, or None where no category is kept
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where the table had names.

    Examples
    --------
    >>> import pandas as pd
    >>> from lamina.encoding import TableEncoding
    >>> table = pd.DataFrame({"age": [20, 40, None, 30], "city": ["Rome", "Oslo", "Rome", "Oslo"]})
    >>> encoding = TableEncoding().fit(table)
    >>> encoding.get_feature_names_out().tolist()
    ['age', 'age is missing', 'city=Oslo', 'city=Rome']
    >>> encoding.transform(pd.DataFrame({"city": ["Paris"], "age": [30]}))
    array([[0., 0., 0., 0.]])
    """

    kinds_: dict[str, Kind]
    categories_: dict[str, list[str | None]]
    sparse_: bool
    imputer_: Any
    scaler_: Any
    one_hot_: Any

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
        "max_categories": [Interval(Integral, 1, None, closed="left")],
        "sparse_output": ["boolean", StrOptions({"auto"})],
    }

    def __init__(
        self,
        *,
        min_frequency: int = 2,
        max_categories: int = 256,
        sparse_output: bool | str = "auto",
    ) -> None:
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.sparse_output = sparse_output

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, means, variances and categories.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_columns)
        y : ignored

        Raises
        ------
        TableError
            For a table without rows or columns, two columns of one name, a column without any
            value, an infinite number, or where no column has anything to tell.
        """
        columns = self._training_columns(X)
        self.kinds_ = {name: kind_of(name, column) for name, column in columns.items()}
        self._fit_numbers(columns)
        self._set_categories(
            {
                name: frequent(
                    READERS["category"](name, columns[name]),
                    self.min_frequency,
                    self.max_categories,
                )
                for name in self._categorical()
            }
        )
        self.sparse_ = self._is_sparse()
        return self

    def transform(self, X: Any) -> NDArray[np.float64] | sparse.csr_array:
        """The table as a matrix.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_columns)

        Returns
        -------
        ndarray or csr_array of float64, of shape (n_rows, n_features_out)

        Raises
        ------
        TableError
            For a column that is missing, or a value that is none of the column's kind.
        """
        check_is_fitted(self)
        columns = self._known_columns(X)
        blocks: list[Any] = []
        if self.imputer_ is not None:
            numbers = self._read(columns, self._numeric())
            imputed, n_numbers = self.imputer_.transform(numbers), numbers.shape[1]
            blocks += [self.scaler_.transform(imputed[:, :n_numbers]), imputed[:, n_numbers:]]
        if self.one_hot_ is not None:
            kept = [name for name, texts in self.categories_.items() if texts]
            blocks.append(self.one_hot_.transform(self._read(columns, kept)))
        if self.sparse_:
            return sparse.csr_array(sparse.hstack([sparse.csr_array(block) for block in blocks]))
        return np.hstack([_dense(block) for block in blocks])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """A name for each column of the matrix, such as 'age', 'age is missing', 'city=Oslo'.

        Parameters
        ----------
        input_features : ignored unless given; then it must be the names of the training table

        Returns
        -------
        ndarray of str objects of shape (n_features_out,)
        """
        check_is_fitted(self)
        if input_features is not None and list(input_features) != list(self.kinds_):
            raise ValueError(
                "input_features is not equal to feature_names_in_; it should have length equal to "
                f"n_features_in_={self.n_features_in_}, and be {list(self.kinds_)}"
            )
        numeric = self._numeric()
        names = [*numeric, *(f"{numeric[i]} is missing" for i in self._indicated())]
        for name, texts in self.categories_.items():
            names += [f"{name} is missing" if text is None else f"{name}={text}" for text in texts]
        return np.array(names, dtype=object)

    def to_plain(self) -> dict[str, Any]:
        """The fitted state as JSON's values and NumPy arrays, for `from_plain`.

        Returns
        -------
        dict
            Keys 'parameters', 'columns' (pairs of name and kind), 'named', 'sparse', 'categories'
            (a list of str or None for each categorical column), 'numbers' (None, or a dict of
            'median', 'had_missing', 'mean', 'variance', 'scale' of shape (n_numbers,), 'n_rows').
        """
        check_is_fitted(self)
        return {
            "parameters": self.get_params(),
            "columns": [[name, kind] for name, kind in self.kinds_.items()],
            "named": hasattr(self, "feature_names_in_"),
            "sparse": self.sparse_,
            "categories": [list(texts) for texts in self.categories_.values()],
            "numbers": self._plain_numbers(),
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """The encoding that `to_plain` described: its `transform` gives the same bits.

        Raises
        ------
        ValueError, KeyError, TypeError
            For what no `to_plain` returns.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame({"age": [20.0, 30.0], "city": ["Rome", "Rome"]})
        >>> encoding = TableEncoding().fit(table)
        >>> TableEncoding.from_plain(encoding.to_plain()).transform(table)
        array([[-1.,  1.],
               [ 1.,  1.]])
        """
        self = cls(**plain["parameters"])
        self.kinds_ = dict(plain["columns"])
        if not set(self.kinds_.values()) <= set(READERS):
            raise ValueError(f"columns are of kinds {', '.join(READERS)}, got {plain['columns']!r}")
        self.n_features_in_ = len(self.kinds_)
        if plain["named"]:
            self.feature_names_in_ = np.array(list(self.kinds_), dtype=object)
        self._set_numbers(plain["numbers"])
        texts = map(list, plain["categories"])
        self._set_categories(dict(zip(self._categorical(), texts, strict=True)))
        self.sparse_ = bool(plain["sparse"])
        return self

    def _training_columns(self, X: Any) -> dict[str, Any]:
        """The table's columns by name, as pandas Series; remembers names and their number."""
        if not _is_frame(X):
            return _array_columns(validate_data(self, X, **_ARRAY))
        names = [str(name) for name in X.columns]
        if not names:
            raise TableError("the table has no columns")
        if not len(X):
            raise TableError("the table has no rows: 0 sample(s), while a minimum of 1 is required")
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise TableError(f"two columns are named {min(twice)!r}: rename one of them")
        validate_data(self, X, skip_check_array=True)
        return {name: X.iloc[:, i] for i, name in enumerate(names)}

    def _known_columns(self, X: Any) -> dict[str, Any]:
        """The training table's columns in a new table: by name, or by place where it had none."""
        if not _is_frame(X):
            return _array_columns(validate_data(self, X, reset=False, **_ARRAY), self.kinds_)
        if not hasattr(self, "feature_names_in_"):
            validate_data(self, X, reset=False, skip_check_array=True)
            return {name: X.iloc[:, i] for i, name in enumerate(self.kinds_)}
        for name in self.kinds_:
            if name not in X.columns:
                found = ", ".join(repr(str(column)) for column in X.columns)
                raise TableError(
                    f"the table has no column {name!r}, which the model needs."
                    f"{suggestion(name, map(str, X.columns))} It has: {found or 'no columns'}."
                )
        return {name: X[name] for name in self.kinds_}

    def _numeric(self) -> list[str]:
        return [name for name, kind in self.kinds_.items() if kind != "category"]

    def _categorical(self) -> list[str]:
        return [name for name, kind in self.kinds_.items() if kind == "category"]

    def _read(self, columns: dict[str, Any], names: list[str]) -> NDArray[Any]:
        """The named columns side by side, each read as what it is."""
        return np.array([READERS[self.kinds_[name]](name, columns[name]) for name in names]).T

    def _fit_numbers(self, columns: dict[str, Any]) -> None:
        self.imputer_ = self.scaler_ = None
        names = self._numeric()
        if not names:
            return
        numbers = self._read(columns, names)
        missing = np.isnan(numbers)
        with np.errstate(all="ignore"):
            # SimpleImputer's own median, of a masked array, takes 20 times as long.
            present = (c[~m] for c, m in zip(numbers.T, missing.T, strict=True))
            self.imputer_ = _imputer(np.array([*map(np.median, present)]), missing.any(axis=0))
            imputed = self.imputer_.transform(numbers)[:, : len(names)]
            self.scaler_ = StandardScaler().fit(imputed)
        for i, name in enumerate(names):
            if not np.isfinite(self.scaler_.var_[i]):
                raise TableError(
                    f"column {name!r} holds numbers up to {np.nanmax(abs(numbers[:, i])):g}, whose "
                    "variance is infinite: divide them by a power of ten, or take their logarithm"
                )

    def _plain_numbers(self) -> dict[str, Any] | None:
        if self.imputer_ is None:
            return None
        had_missing = np.zeros(len(self.imputer_.statistics_), dtype=bool)
        had_missing[self._indicated()] = True
        return {
            "median": self.imputer_.statistics_,
            "had_missing": had_missing,
            "mean": self.scaler_.mean_,
            "variance": self.scaler_.var_,
            "scale": self.scaler_.scale_,
            "n_rows": int(self.scaler_.n_samples_seen_),
        }

    def _set_numbers(self, plain: Any) -> None:
        self.imputer_ = self.scaler_ = None
        n_numbers = len(self._numeric())
        if plain is None and n_numbers == 0:
            return
        learned = ("median", "mean", "variance", "scale")
        median, mean, variance, scale = (_vector(plain, name, n_numbers) for name in learned)
        had_missing = _vector(plain, "had_missing", n_numbers).astype(bool)
        self.imputer_ = _imputer(median, had_missing)
        self.scaler_ = StandardScaler().fit(np.zeros((1, n_numbers)))
        self.scaler_.mean_, self.scaler_.var_, self.scaler_.scale_ = mean, variance, scale
        self.scaler_.n_samples_seen_ = int(plain["n_rows"])

    def _set_categories(self, categories: dict[str, list[str | None]]) -> None:
        self.categories_ = categories
        kept = [np.array(texts, dtype=object) for texts in categories.values() if texts]
        self.one_hot_ = None
        if kept:
            encoder = OneHotEncoder(categories=kept, handle_unknown="ignore")
            self.one_hot_ = encoder.fit(np.array([[texts[0] for texts in kept]], dtype=object))
        elif self.imputer_ is None:
            raise TableError(
                f"no column of the table has a value in {self.min_frequency} rows or more, so "
                "there is nothing to learn from: add rows or columns, or lower min_frequency"
            )

    def _indicated(self) -> list[int]:
        """Which numbers have a 0/1 column for missing values, by their place among the numbers."""
        indicator = None if self.imputer_ is None else self.imputer_.indicator_
        return [] if indicator is None else indicator.features_.tolist()

    def _is_sparse(self) -> bool:
        if self.sparse_output != "auto":
            return bool(self.sparse_output)
        full = len(self._numeric()) + len(self._indicated())
        width = full + sum(map(len, self.categories_.values()))
        filled = full + sum(1 for texts in self.categories_.values() if texts)
        return width >= SPARSE_FROM_WIDTH and filled < SPARSE_BELOW_DENSITY * width


_ARRAY: dict[str, Any] = {"dtype": None, "ensure_all_finite": "allow-nan"}


def _is_frame(X: Any) -> bool:
    return hasattr(X, "iloc") and hasattr(X, "columns")


def _array_columns(array: NDArray[Any], names: Any = None) -> dict[str, Any]:
    from pandas import Series

    names = [f"x{i}" for i in range(array.shape[1])] if names is None else names
    return {name: Series(array[:, i]) for i, name in enumerate(names)}


def _imputer(median: NDArray[np.float64], had_missing: NDArray[np.bool_]) -> Any:
    """A SimpleImputer that has learned these medians, and which columns had missing values."""
    # Imported at the top, it would be half of the time that `import lamina` takes.
    from sklearn.impute import SimpleImputer

    # Fitted to a row of zeros and one with the gaps, it has all its parts; what is learned is then
    # put in place by its public name.
    gaps = np.where(had_missing, np.nan, 0.0)
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    imputer.fit(np.stack([np.zeros_like(gaps), gaps])).statistics_ = median
    return imputer


def _vector(plain: Any, name: str, length: int) -> NDArray[np.float64]:
    vector = np.array(plain[name], dtype=np.float64)
    if vector.shape != (length,):
        raise ValueError(f"{name!r} has shape {vector.shape}, where ({length},) is expected")
    return vector


def _dense(block: Any) -> NDArray[np.float64]:
    return np.asarray(block.toarray() if sparse.issparse(block) else block)
