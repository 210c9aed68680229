"""A table as a matrix: scikit-learn's imputer, scaler and one-hot encoder, column by column.

Shapes: the table (n_samples, n_columns); numbers (n_samples, n_numbers) float64, NaN where missing;
texts (n_samples, n_categorical) object, None where missing; the matrix (n_samples, n_features_out)
float64: standardised numbers, then one 0/1 column for each number that was missing in training,
then the calendar parts of dates, levels of whole numbers and components of texts, then one 0/1
column for each category that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from lamina.encoding.calendar import PARTS, calendar_columns, check_parts, varying_parts
from lamina.encoding.column_form import ColumnForm
from lamina.encoding.columns import READERS, Kind, frequent
from lamina.encoding.feature_columns import names_of_features
from lamina.encoding.integer_levels import integer_levels, level_columns
from lamina.encoding.table_numbers import fit_numbers
from lamina.encoding.table_plain import from_plain, to_plain
from lamina.encoding.table_reading import columns_of_new, training_columns
from lamina.encoding.table_report import ColumnRecord, report_columns
from lamina.encoding.text_components import TextComponents, fit_text_components
from lamina.encoding.unfamiliar import Unfamiliar, find_unfamiliar, ranges_of, rare_among
from lamina.encoding.whole_numbers import as_known, in_one_writing
from lamina.errors import TableError

# Below this width the memory that a sparse matrix saves is not worth the slower products.
SPARSE_FROM_WIDTH = 256
SPARSE_BELOW_DENSITY = 0.1


class TableEncoding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers, dates, categories and missing values of a table, as one matrix of float64.

    - Numbers and booleans: the median where missing, then mean 0 and variance 1; a further 0/1
      column tells the rows where the value was missing, if any was in training.
    - Dates: days since 1970, then like numbers; and day of the week, month and hour, each if it
      varies in training.
    - All else is a category: one 0/1 column each, and one for a missing value if any was in
      training. A category that is rare in training, or unknown to it, is 0 in all of them. A
      whole number is one category whether it is written 2 or 2.0.
    - A text column of a data frame whose cells are numbers or dates in any usual form ("$1,200",
      "12,5 %", "31.12.2024") is read as such. Single odd cells in it are missing. In a later
      table, "?", "n/a" and the like are missing among numbers; other odd cells are errors.
    - A column of a data frame is left out if it has no value, is constant, equals another column or
      numbers the rows.

    Columns are found by name: their order is free, and further columns are ignored. Data frames are
    those of pandas, polars, pyarrow and other libraries that narwhals supports.

    Parameters
    ----------
    min_frequency : int, default=2
        The training rows that a category must appear in to get a column of its own.
    max_categories : int or None, default=None
        The most columns that a category column turns into; the most frequent ones are kept. None
        for no limit.
    sparse_output : bool or 'auto', default='auto'
        Whether the matrix is a sparse one (csr); 'auto' decides by its width and density.
    column_types : dict of str to {'number', 'date', 'category', 'text'}, default=None
        What columns of a data frame hold, where it is not what their values say. A column that is
        named here is left out only if it has no value.
    calendar_parts : list of str, default=None
        The parts of dates, of 'weekday', 'month', 'hour' (the default), 'weekend',
        'month_of_year', 'hour_of_day' (a 0/1 column each), 'half_day', 'day_of_month',
        'day_of_year', 'half_year', 'year' and 'date_of_year' (a 0/1 column for each day, where
        dates cover three years). A part has columns if it varies in training.
    integer_categories : int, default=0
        A column of whole numbers with 3 to so many values, each in three rows on average, has a 0/1
        column for each value as well, unless `column_types` calls it a 'number'. 0 for none.
    text_components : int, default=0
        The most columns that short texts turn into beside their categories: main directions of
        their hashed n-grams of 2 to 4 characters. Columns of `column_types` 'text' have them, and
        text columns of more than 40 values that share words. 0 for none.

    Attributes
    ----------
    kinds_ : dict of str to {'number', 'moment', 'category'}
        What each column of the training table holds.
    left_out_ : dict of str to str
        Why columns are left out, by name.
    forms_ : dict of str to ColumnForm
        How text columns are written, by name.
    calendar_ : dict of str to list of str
        The parts that each date turns into, beside its day.
    categories_ : dict of str to list
        The categories kept of each categorical column; None stands for a missing value. An empty
        list belongs to a column that is left out, because every value of it is rare.
    rare_ : dict of str to list of str
        The rare categories of each categorical column, unless they are too many.
    ranges_ : dict of str to (float, float)
        The least and the greatest number of each column of numbers.
    levels_ : dict of str to list of float
        The values of each column that `integer_categories` chose.
    texts_ : dict of str to TextComponents
        Of each column of short texts.
    report_ : list of ColumnRecord
        What each column was taken for, and what is done with it, in words.
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
    left_out_: dict[str, str]
    forms_: dict[str, ColumnForm]
    calendar_: dict[str, list[str]]
    categories_: dict[str, list[str | None]]
    rare_: dict[str, list[str]]
    ranges_: dict[str, tuple[float, float]]
    levels_: dict[str, list[float]]
    texts_: dict[str, TextComponents]
    report_: list[ColumnRecord]
    sparse_: bool
    imputer_: Any
    scaler_: Any
    one_hot_: Any

    _parameter_constraints: ClassVar[dict[str, Any]] = {
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
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, means, variances and categories.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_columns)
        y : ignored

        Raises
        ------
        TableError
            For a table without rows or columns, two columns of one name, an infinite number, a
            column of lists, or where no column has anything to tell.
        """
        typed = training_columns(self, X)
        columns, self.kinds_, self.forms_ = typed.columns, typed.kinds, typed.forms
        self.left_out_ = typed.left_out
        self._fit_numbers(columns)
        parts = check_parts(self.calendar_parts)
        self.calendar_ = {
            name: varying_parts(READERS["moment"](name, columns[name]), parts)
            for name in self._moments()
        }
        texts = {
            name: in_one_writing(READERS["category"](name, columns[name]))
            for name in self._categorical()
        }
        self.texts_ = fit_text_components(texts, self.column_types, self.text_components)
        limits = self.min_frequency, self.max_categories
        self._set_categories({name: frequent(values, *limits) for name, values in texts.items()})
        self.rare_ = rare_among(texts, self.categories_)
        self.sparse_ = self._is_sparse()
        self.report_ = report_columns(self, typed)
        return self

    def transform(self, X: Any) -> NDArray[np.float64] | sparse.csr_array:
        """The table as a matrix.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_columns)

        Returns
        -------
        ndarray or csr_array of float64, of shape (n_samples, n_features_out)

        Raises
        ------
        TableError
            For a table without rows, a column that is missing or there twice, or a value that is
            none of the column's kind.
        """
        check_is_fitted(self)
        columns = columns_of_new(self, X)
        blocks: list[Any] = []
        if self.imputer_ is not None:
            numbers = self._read(columns, self._numeric())
            imputed, n_numbers = self.imputer_.transform(numbers), numbers.shape[1]
            blocks += [self.scaler_.transform(imputed[:, :n_numbers]), imputed[:, n_numbers:]]
        for name, parts in self.calendar_.items():
            blocks.append(calendar_columns(READERS["moment"](name, columns[name]), parts))
        for name, levels in self.levels_.items():
            blocks.append(level_columns(READERS["number"](name, columns[name]), levels))
        for name, components in self.texts_.items():
            blocks.append(components.columns(READERS["category"](name, columns[name])))
        if self.one_hot_ is not None:
            kept = [name for name, texts in self.categories_.items() if texts]
            texts = self._read(columns, kept)
            for i, name in enumerate(kept):
                texts[:, i] = as_known(texts[:, i], self.categories_[name])
            blocks.append(self.one_hot_.transform(texts))
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
        return names_of_features(self)

    def find_unfamiliar(self, X: Any) -> list[Unfamiliar]:
        """Find the columns of a table with values that training did not have, with remarks.

        Values are unknown categories, numbers beyond the training range by more than its width, or
        missing where none was missing. A rare category of training is no unknown one.

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

    def to_plain(self) -> dict[str, Any]:
        """The fitted state as JSON's values and NumPy arrays, for `from_plain`.

        Returns
        -------
        dict
            Keys 'parameters', 'columns' (pairs of name and kind), 'named', 'sparse', 'categories'
            (a list of str or None for each categorical column), 'numbers' (None, or a dict of
            'median', 'had_missing', 'mean', 'variance', 'scale' of shape (n_numbers,), 'n_rows'),
            'left_out', 'forms', 'calendar', 'rare', 'ranges' (by name), 'report'.
        """
        check_is_fitted(self)
        return to_plain(self)

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
        >>> table = pd.DataFrame({"age": [20.0, 30.0], "city": ["Rome", "Oslo"]})
        >>> encoding = TableEncoding(min_frequency=1).fit(table)
        >>> TableEncoding.from_plain(encoding.to_plain()).transform(table)
        array([[-1.,  0.,  1.],
               [ 1.,  1.,  0.]])
        """
        self = cls(**plain["parameters"])
        from_plain(self, plain)
        return self

    def _numeric(self) -> list[str]:
        return [name for name, kind in self._used() if kind != "category"]

    def _moments(self) -> list[str]:
        return [name for name, kind in self._used() if kind == "moment"]

    def _categorical(self) -> list[str]:
        return [name for name, kind in self._used() if kind == "category"]

    def _used(self) -> list[tuple[str, Kind]]:
        """The columns that are not left out, and their kinds."""
        return [(name, kind) for name, kind in self.kinds_.items() if name not in self.left_out_]

    def _read(self, columns: dict[str, Any], names: list[str]) -> NDArray[Any]:
        """The named columns side by side, each read as what it is."""
        return np.array([READERS[self.kinds_[name]](name, columns[name]) for name in names]).T

    def _fit_numbers(self, columns: dict[str, Any]) -> None:
        names = self._numeric()
        numbers = self._read(columns, names) if names else None
        self.imputer_, self.scaler_ = fit_numbers(names, numbers)
        self.ranges_ = ranges_of(names, numbers)
        types, kinds = self.column_types or {}, self.kinds_
        free = [n for n in names if kinds[n] == "number" and types.get(n) != "number"]
        by_name = {} if numbers is None else {n: numbers[:, names.index(n)] for n in free}
        self.levels_ = integer_levels(by_name, self.integer_categories, self.min_frequency)

    def _set_categories(self, categories: dict[str, list[str | None]]) -> None:
        self.categories_ = categories
        kept = [np.array(texts, dtype=object) for texts in categories.values() if texts]
        self.one_hot_ = None
        if kept:
            encoder = OneHotEncoder(categories=kept, handle_unknown="ignore")
            self.one_hot_ = encoder.fit(np.array([[texts[0] for texts in kept]], dtype=object))
        elif self.imputer_ is None and not self.texts_:
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
        full += sum(len(PARTS[part].suffixes) for ps in self.calendar_.values() for part in ps)
        full += sum(components.width for components in self.texts_.values())
        width = full + sum(map(len, self.categories_.values()))
        filled = full + sum(1 for texts in self.categories_.values() if texts)
        return width >= SPARSE_FROM_WIDTH and filled < SPARSE_BELOW_DENSITY * width


def _dense(block: Any) -> NDArray[np.float64]:
    return np.asarray(block.toarray() if sparse.issparse(block) else block)
