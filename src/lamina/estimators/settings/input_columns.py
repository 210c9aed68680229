"""Columns of X that the objects of `inputs=` take: read, checked and resolved to indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lamina.choices import Input, classes_of
from lamina.errors import suggestion
from lamina.estimators.settings.refusals import shown
from lamina.formulas import INPUT_FORMULAS
from lamina.formulas.table import AnyArray


class ColumnInputs(NamedTuple):
    """An object of `inputs=` with the indices of its columns."""

    chosen: Input
    columns: tuple[int, ...]

    @property
    def reads_categories(self) -> bool:
        """True if the numbers in its columns are values of a category."""
        return reads_categories(self.chosen)


class Names(NamedTuple):
    """Columns of X: how many there are, and their names if they have some."""

    n_features: int
    names: Sequence[str] | None

    def describe(self, column: int) -> str:
        """Return the column in words: "2 ('age')"."""
        return str(column) if self.names is None else f"{column} ({self.names[column]!r})"


def read_inputs(inputs: Any) -> tuple[Input, ...]:
    """Return the objects of a valid `inputs=`: none, one, or several."""
    if inputs is None:
        return ()
    several = inputs if isinstance(inputs, (list, tuple)) else (inputs,)
    classes = classes_of("inputs")
    return tuple(classes[each]() if isinstance(each, str) else each for each in several)


def reads_categories(chosen: Input) -> bool:
    """Return True if the numbers in an object's columns are values of a category."""
    return INPUT_FORMULAS[chosen.name].reads_categories


def unusable_inputs(model: Any) -> str | None:
    """Return the reason why `inputs=` has no meaning for any X, with the cure, or None."""
    inputs = model.inputs
    if isinstance(inputs, (list, tuple)) and (message := _unusable_list(inputs)) is not None:
        return message
    coded = next((each for each in read_inputs(inputs) if reads_categories(each)), None)
    for name in ("input_dropout", "input_noise"):
        if coded is not None and (value := getattr(model, name)):
            return (
                f"{name}={value!r} changes the numbers of X, and inputs={shown(inputs)} reads some "
                f"of them as categories, of which no other number may be made. Set {name}=0, or "
                "dropout=… for the hidden layers."
            )
    return None


def _unusable_list(inputs: Sequence[Any]) -> str | None:
    if not inputs:
        return f"inputs={inputs!r} is empty. Write inputs=None, and every column enters as it is."
    for i, each in enumerate(inputs):
        if isinstance(each, str):
            cls = classes_of("inputs").get(each)
            name = "Periodic" if cls is None else cls.__name__
            return (
                f"inputs[{i}]={each!r} in a list is a name, which takes no columns"
                f"{'.' if cls else ' and is unknown.'}{suggestion(each, classes_of('inputs'))} "
                f"Write lamina.inputs.{name}(columns=…)."
            )
        if each.columns is None:
            name = type(each).__name__
            alone = f", or inputs={shown(each)} alone for all columns" if len(inputs) == 1 else ""
            return (
                f"inputs[{i}]={shown(each)} in a list takes no columns. Write {name}(columns=…) "
                f"with the indices or names of its columns{alone}."
            )
    return None


def assign_columns(inputs: Sequence[Input], X: Names) -> list[ColumnInputs]:
    """Return each object with its columns; columns that none takes enter as they are, last.

    Raises
    ------
    ValueError
        For a column that X does not have, or that is taken twice; names the object, the column and
        the cure.

    Examples
    --------
    >>> from lamina.inputs import Periodic, Scaled
    >>> chosen = (Periodic(columns="b"), Scaled(columns=[-1]))
    >>> [(type(one).__name__, columns) for one, columns in assign_columns(chosen, Names(3, "abc"))]
    [('Periodic', (1,)), ('Scaled', (2,)), ('Identity', (0,))]
    """
    assigned: list[ColumnInputs] = []
    taken: dict[int, Input] = {}
    for each in inputs:
        columns = _indices(each, X)
        for column in columns:
            if column in taken:
                raise ValueError(
                    f"column {X.describe(column)} of X is in {shown(taken[column])} and in "
                    f"{shown(each)} of inputs=, and every column enters once. Leave it out of one "
                    "of them."
                )
        taken |= dict.fromkeys(columns, each)
        assigned.append(ColumnInputs(each, columns))
    rest = tuple(column for column in range(X.n_features) if column not in taken)
    identity = classes_of("inputs")["identity"]()
    return [*assigned, ColumnInputs(identity, rest)] if rest else assigned


def _indices(chosen: Input, X: Names) -> tuple[int, ...]:
    """Return the indices of an object's columns, in the order in which it names them."""
    selected: Any = chosen.columns
    if selected is None:
        return tuple(range(X.n_features))
    if isinstance(selected, slice):
        columns = _of_slice(chosen, selected, X)
    else:
        entries = np.atleast_1d(np.asarray(selected)).tolist()
        if isinstance(entries[0], bool):
            columns = _of_mask(chosen, entries, X)
        else:
            columns = [_index(chosen, each, X) for each in entries]
    if not columns:
        raise ValueError(
            f"{shown(chosen)} of inputs= selects none of the {X.n_features} columns of X. Select "
            "one, or leave the object out."
        )
    twice = next((column for i, column in enumerate(columns) if column in columns[:i]), None)
    if twice is not None:
        raise ValueError(
            f"{shown(chosen)} of inputs= has column {X.describe(twice)} twice. Name it once."
        )
    return tuple(columns)


def _of_slice(chosen: Input, selected: slice, X: Names) -> list[int]:
    start, stop = selected.start, selected.stop
    # As in pandas and scikit-learn, a slice of names includes its last one.
    if isinstance(stop, str):
        stop = _index(chosen, stop, X) + 1
    if isinstance(start, str):
        start = _index(chosen, start, X)
    try:
        return list(range(X.n_features))[slice(start, stop, selected.step)]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{shown(chosen)} of inputs= has no valid slice: {error}. Write whole numbers or names "
            "of columns, such as slice(0, 3)."
        ) from None


def _of_mask(chosen: Input, mask: list[bool], X: Names) -> list[int]:
    if len(mask) != X.n_features:
        raise ValueError(
            f"the mask of {shown(chosen)} in inputs= has {len(mask)} entries, and X has "
            f"{X.n_features} columns. Write one entry for each column."
        )
    return [column for column, is_selected in enumerate(mask) if is_selected]


def _index(chosen: Input, selected: int | str, X: Names) -> int:
    """Return the index of a column that is selected by its index or its name."""
    if not isinstance(selected, str):
        if not -X.n_features <= selected < X.n_features:
            raise ValueError(
                f"{shown(chosen)} of inputs= has column {selected}, and X has {X.n_features} "
                f"columns: their indices go from 0 to {X.n_features - 1}, or from -1 at the end."
            )
        return int(selected) % X.n_features
    if X.names is None:
        raise ValueError(
            f"{shown(chosen)} of inputs= has column {selected!r} by its name, and X has no names "
            f"of columns. Pass X as a data frame whose column names are all text, or use indices "
            f"from 0 to {X.n_features - 1}."
        )
    names = list(X.names)
    if selected not in names:
        raise ValueError(
            f"{shown(chosen)} of inputs= has column {selected!r}, which X does not have."
            f"{suggestion(selected, names)} X has {_listed(names)}."
        )
    return names.index(selected)


def _listed(names: list[str]) -> str:
    most = 20
    listed = ", ".join(map(repr, names[:most]))
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"


def names_in(feature_names: AnyArray | None, n_features: int) -> Names:
    """Return the columns of X with the names that a fitted estimator has for them, if any."""
    return Names(n_features, None if feature_names is None else [*map(str, feature_names)])
