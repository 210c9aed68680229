"""Encode a table as a matrix with scikit-learn's imputer, scaler and one-hot encoder.

Shapes: the table (n_samples, n_columns); numbers (n_samples, n_numbers) float64, NaN where missing;
texts (n_samples, n_categorical) object, None where missing; the matrix (n_samples, n_features_out)
float64. Its columns are, in this order: standardised numbers; one 0/1 column for each number with
missing values in training; calendar parts of dates; levels of integers; components of texts; and
one 0/1 column for each category that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import sparse
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.calendar import PARTS, calendar_columns, check_parts, varying_parts
from lamina.encoding.columns import READERS, frequent
from lamina.encoding.feature_columns import names_of_features
from lamina.encoding.fitted_table import FittedTable
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.integer_levels import integer_levels, level_columns
from lamina.encoding.table_numbers import fit_numbers
from lamina.encoding.table_plain import from_plain, to_plain
from lamina.encoding.table_reading import columns_of_new, training_columns
from lamina.encoding.table_report import count_values, report_columns
from lamina.encoding.text_components import fit_text_components
from lamina.encoding.unfamiliar import Unfamiliar, find_ranges, find_unfamiliar, rare_among
from lamina.encoding.whole_numbers import unify_spellings, with_known_spelling
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray, Array

if TYPE_CHECKING:
    import pandas as pd

# Below this width, a sparse matrix saves little memory and its products are slower.
SPARSE_FROM_WIDTH = 256
SPARSE_BELOW_DENSITY = 0.1


class TableEncoding(TransformerMixin, FittedTable):  # type: ignore[misc]
    """Encode numbers, dates, categories and missing values of a table as a matrix of float64.

    - Numbers and booleans: missing values become the median, then mean 0 and variance 1. If any
      value was missing in training, a 0/1 column marks the rows with missing values.
    - Dates: days since 1970, treated like numbers; also day of the week, month and hour, each if it
      varies in training.
    - Other columns are categories: one 0/1 column for each category, and one for missing values if
      there were any in training. A category that is rare in training, or unknown, is 0 in all of
      them. An integer is the same category whether it is written 2 or 2.0.
    - A text column of a data frame whose cells are numbers or dates in a common form ("$1,200",
      "12,5 %", "31.12.2024") is read as such. Single odd cells in it are missing values. In a later
      table, "?", "n/a" and so on are missing values among numbers; other odd cells are errors.
    - A column of a data frame is left out if it has no value, is constant, equals another column or
      numbers the rows.

    Columns are matched by name, in any order, and further columns are ignored. Data frames may be
    those of pandas, polars, pyarrow and other libraries that narwhals supports.

    Parameters
    ----------
    min_frequency : int, default=2
        Minimum number of training rows of a category with its own column.
    max_categories : int or None, default=None
        Maximum number of columns for one category column; the most frequent categories are kept.
        None for no limit.
    sparse_output : bool or 'auto', default='auto'
        If True, the matrix is sparse (CSR); 'auto' decides by its width and density.
    column_types : dict of str to {'number', 'date', 'category', 'text'}, default=None
        Types of columns of a data frame, if they differ from those of the values. A column named
        here is left out only if it has no value.
    calendar_parts : list of str, default=None
        Parts of dates, among 'weekday', 'month', 'hour' (the default), 'weekend', 'month_of_year',
        'hour_of_day' (a 0/1 column each), 'half_day', 'day_of_month', 'day_of_year', 'half_year',
        'year' and 'date_of_year' (a 0/1 column for each day, if the dates cover three years). A
        part has columns if it varies in training.
    integer_categories : int, default=0
        A column of integers with 3 to this many distinct values, each in three rows on average,
        also gets a 0/1 column for each value, unless `column_types` declares it a 'number'. 0 for
        none.
    text_components : int, default=0
        Maximum number of columns for short texts, in addition to their categories: principal
        directions of their hashed n-grams of 2 to 4 characters. They are used for columns of type
        'text' in `column_types`, and for text columns of more than 40 values that share words. 0
        for none.

    Attributes
    ----------
    kinds_ : dict of str to {'number', 'date', 'category'}
        Kind of each column of the training table.
    left_out_ : dict of str to str
        Reasons why columns are left out, by name.
    forms_ : dict of str to ColumnForm
        Forms of text columns, by name.
    zoned_ : dict of str to bool
        True if all dates of a column have a time zone, False if none has one, by name; absent if
        it has both kinds.
    time_zones_ : dict of str to str
        Name of the time zone of each date column whose dtype has one.
    calendar_ : dict of str to list of str
        Calendar parts of each date column, in addition to its day.
    categories_ : dict of str to list
        Categories kept of each categorical column; None stands for a missing value. The list is
        empty for a column that is left out because all its values are rare.
    rare_ : dict of str to list of str
        Rare categories of each categorical column, unless there are too many.
    ranges_ : dict of str to (float, float)
        Minimum and maximum of each column of numbers.
    levels_ : dict of str to list of float
        Values of each column selected by `integer_categories`.
    texts_ : dict of str to TextComponents
        Components of each column of short texts.
    report_ : list of ColumnRecord
        Detected kind and encoding of each column, as text.
    sparse_ : bool
        True if `transform` returns a sparse matrix.
    imputer_, scaler_ : SimpleImputer and StandardScaler, or None if no column holds numbers
    one_hot_ : OneHotEncoder, or None if no category is kept
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if the table had names.

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

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
        "max_categories": [Interval(Integral, 1, None, closed="left"), None],
        "sparse_output": ["boolean", StrOptions({"auto"})],
        "column_types": [dict, None],
        "calendar_parts": ["array-like", None],
        "integer_categories": [Interval(Integral, 0, None, closed="left")],
        "text_components": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        min_frequency: int = 2,
        max_categories: int | None = None,
        sparse_output: bool | str = "auto",
        column_types: Mapping[str, str] | None = None,
        calendar_parts: Sequence[str] | None = None,
        integer_categories: int = 0,
        text_components: int = 0,
    ) -> None:
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.sparse_output = sparse_output
        self.column_types = column_types
        self.calendar_parts = calendar_parts
        self.integer_categories = integer_categories
        self.text_components = text_components

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: ArrayOrTable, y: ArrayOrTable = None) -> Self:
        """Fit the medians, means, variances and categories.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_columns)
        y : ignored

        Raises
        ------
        TableError
            If the table has no rows or columns, two columns of one name, an infinite number, a
            column of lists, or no column that can be used.
        """
        typed = training_columns(self, X)
        columns, self.kinds_, self.forms_ = typed.columns, typed.kinds, typed.forms
        self.left_out_ = typed.left_out
        self._fit_numbers(columns)
        parts = check_parts(self.calendar_parts)
        self.calendar_ = {
            name: varying_parts(READERS["date"](name, columns[name]), parts)
            for name in self._dates()
        }
        texts = {
            name: unify_spellings(READERS["category"](name, columns[name]))
            for name in self._categorical()
        }
        self.texts_ = fit_text_components(texts, self.column_types, self.text_components)
        limits = self.min_frequency, self.max_categories
        self._set_categories({name: frequent(values, *limits) for name, values in texts.items()})
        self.rare_ = rare_among(texts, self.categories_)
        self.sparse_ = self._is_sparse()
        counts = {name: count_values(column) for name, column in columns.items()}
        self.report_ = report_columns(self, counts, typed.remarks)
        return self

    def transform(self, X: ArrayOrTable) -> Array | sparse.csr_array:
        """Encode a table as a matrix.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        ndarray or csr_array of float64, of shape (n_samples, n_features_out)

        Raises
        ------
        TableError
            If the table has no rows, if a column is missing or occurs twice, or if a value is not
            of the column's kind.
        """
        check_is_fitted(self)
        columns = columns_of_new(self, X)
        blocks: list[ArrayOrTable] = []
        if self.imputer_ is not None and self.scaler_ is not None:
            numbers = self._read(columns, self._numeric())
            imputed, n_numbers = self.imputer_.transform(numbers), numbers.shape[1]
            blocks += [self.scaler_.transform(imputed[:, :n_numbers]), imputed[:, n_numbers:]]
        for name, parts in self.calendar_.items():
            blocks.append(calendar_columns(READERS["date"](name, columns[name]), parts))
        for name, levels in self.levels_.items():
            blocks.append(level_columns(READERS["number"](name, columns[name]), levels))
        for name, components in self.texts_.items():
            blocks.append(components.columns(READERS["category"](name, columns[name])))
        if self.one_hot_ is not None:
            kept = [name for name, texts in self.categories_.items() if texts]
            texts = self._read(columns, kept)
            for i, name in enumerate(kept):
                texts[:, i] = with_known_spelling(texts[:, i], self.categories_[name])
            blocks.append(self.one_hot_.transform(texts))
        if self.sparse_:
            return sparse.csr_array(sparse.hstack([sparse.csr_array(block) for block in blocks]))
        return np.hstack([_dense(block) for block in blocks])

    def get_feature_names_out(self, input_features: Iterable[str] | None = None) -> AnyArray:
        """Return a name for each column of the matrix, such as 'age', 'age is missing',
        'city=Oslo'.

        Parameters
        ----------
        input_features : None or array-like of str
            If given, it must equal the names of the training table.

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
        return names_of_features(self)

    def find_unfamiliar(self, X: ArrayOrTable) -> list[Unfamiliar]:
        """Find the columns of a table with values that training lacked, with remarks.

        These are unknown categories, numbers outside the training range by more than its width, and
        missing values in a column that had none. A rare category of training is not unknown.

        Examples
        --------
        >>> import pandas as pd
        >>> from lamina.encoding import TableEncoding
        >>> table = pd.DataFrame({"x": [1, 2, 3, 4], "city": ["Rome", "Oslo", "Rome", "Oslo"]})
        >>> [found] = TableEncoding().fit(table).find_unfamiliar(table.assign(city="rome"))
        >>> found.remark
        "4 of 4 cells of 'city' are unknown to the model, e.g. 'rome' in row 1; training has 'Rome'"
        """
        check_is_fitted(self)
        return find_unfamiliar(self, columns_of_new(self, X))

    def to_plain(self) -> dict[str, Json]:
        """Return the fitted state as JSON values and NumPy arrays, for `from_plain`.

        Returns
        -------
        dict
            Keys 'parameters', 'columns' (pairs of name and kind), 'named', 'sparse', 'categories'
            (a list of str or None for each categorical column), 'numbers' (None, or a dict of
            'median', 'had_missing', 'mean', 'variance', 'scale' of shape (n_numbers,), 'n_rows'),
            'left_out', 'forms', 'zoned', 'time_zones', 'calendar', 'rare', 'ranges' (by name),
            'report'.
        """
        check_is_fitted(self)
        return to_plain(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Json]) -> Self:
        """Return the encoding from a result of `to_plain`; `transform` gives the same bits.

        Raises
        ------
        ValueError, KeyError, TypeError
            If `plain` is not a valid result of `to_plain`.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame({"age": [20.0, 30.0], "city": ["Rome", "Oslo"]})
        >>> encoding = TableEncoding(min_frequency=1).fit(table)
        >>> TableEncoding.from_plain(encoding.to_plain()).transform(table)
        array([[-1.,  0.,  1.],
               [ 1.,  1.,  0.]])
        """
        self = cls(**plain["parameters"])
        from_plain(self, plain)
        return self

    def _read(self, columns: dict[str, pd.Series], names: list[str]) -> AnyArray:
        """Return the named columns side by side, each read by its kind."""
        return np.array([READERS[self.kinds_[name]](name, columns[name]) for name in names]).T

    def _fit_numbers(self, columns: dict[str, pd.Series]) -> None:
        names = self._numeric()
        numbers = self._read(columns, names) if names else None
        self.imputer_, self.scaler_ = fit_numbers(names, numbers)
        self.ranges_ = find_ranges(names, numbers)
        types, kinds = self.column_types or {}, self.kinds_
        free = [n for n in names if kinds[n] == "number" and types.get(n) != "number"]
        by_name = {} if numbers is None else {n: numbers[:, names.index(n)] for n in free}
        self.levels_ = integer_levels(by_name, self.integer_categories, self.min_frequency)

    def _is_sparse(self) -> bool:
        if self.sparse_output != "auto":
            return bool(self.sparse_output)
        full = len(self._numeric()) + len(self._indicated())
        full += sum(len(PARTS[part].suffixes) for ps in self.calendar_.values() for part in ps)
        full += sum(components.width for components in self.texts_.values())
        width = full + sum(map(len, self.categories_.values()))
        filled = full + sum(1 for texts in self.categories_.values() if texts)
        return width >= SPARSE_FROM_WIDTH and filled < SPARSE_BELOW_DENSITY * width


def _dense(block: ArrayOrTable) -> Array:
    return np.asarray(block.toarray() if sparse.issparse(block) else block)
