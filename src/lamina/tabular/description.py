"""Description of an ensemble: its recipes and networks, and the inputs of each column."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lamina.estimators.settings.hidden_layers import layer_widths
from lamina.significant import significant
from lamina.tabular.importances import column_names
from lamina.tabular.members import Member
from lamina.tabular.recipes import QUALITIES

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator

    from lamina.tabular.fitted import FittedTabular

# With hundreds of columns, only some are printed; `columns` has all.
MOST_COLUMNS_SHOWN = 30


@dataclass(frozen=True)
class NetworkOfMember:
    """One network of an ensemble.

    Attributes
    ----------
    recipe : str
    split : int
        Index of the split whose validation samples chose its epoch.
    weight : float
        Weight of its prediction; all weights sum to 1.
    n_inputs : int
    hidden_layer_sizes : tuple of int
    n_parameters : int
    """

    recipe: str
    split: int
    weight: float
    n_inputs: int
    hidden_layer_sizes: tuple[int, ...]
    n_parameters: int


@dataclass(frozen=True)
class ColumnOfTable:
    """One column of the training table.

    Attributes
    ----------
    column, kind, action : str
        As in `report_`.
    n_inputs : dict of str to int
        Number of inputs computed from it, by recipe.
    """

    column: str
    kind: str
    action: str
    n_inputs: dict[str, int]


@dataclass(frozen=True)
class EnsembleDescription:
    """Result of `describe`; it prints as text and is displayed as tables in a notebook.

    Attributes
    ----------
    title : str
    networks : tuple of NetworkOfMember
    columns : tuple of ColumnOfTable
    remarks : tuple of str
        Numbers of networks and parameters, and the validation score.
    """

    title: str
    networks: tuple[NetworkOfMember, ...]
    columns: tuple[ColumnOfTable, ...]
    remarks: tuple[str, ...]

    @property
    def n_parameters(self) -> int:
        """Number of parameters of all networks."""
        return sum(network.n_parameters for network in self.networks)

    def to_frame(self) -> pd.DataFrame:
        """Return the networks as a data frame, one row per network."""
        from pandas import DataFrame

        return DataFrame([asdict(network) for network in self.networks])

    def __repr__(self) -> str:
        parts = [_as_text(table) for table in self._tables()]
        return "\n".join([self.title, *parts, *self.remarks])

    def _repr_html_(self) -> str:
        parts = [_as_html(table) for table in self._tables()]
        title, *remarks = (f"<p>{html.escape(text)}</p>" for text in (self.title, *self.remarks))
        return "".join([title, *parts, *remarks])

    def _tables(self) -> list[list[list[str]]]:
        """Return the recipes and the columns as tables of texts, with headings first."""
        if not self.networks:
            return []
        recipes = list(dict.fromkeys(network.recipe for network in self.networks))
        rows = [["recipe", "networks", "weight", "inputs", "hidden layers", "parameters each"]]
        for recipe in recipes:
            networks = [network for network in self.networks if network.recipe == recipe]
            layers = " × ".join(map(str, networks[0].hidden_layer_sizes))
            weight = significant(sum(network.weight for network in networks), digits=3)
            sizes = f"{networks[0].n_inputs:,}", layers, f"{networks[0].n_parameters:,}"
            rows.append([recipe, str(len(networks)), weight, *sizes])
        inputs = [f"inputs of {recipe}" for recipe in recipes]
        columns = [["column", "kind", *inputs, "encoding"]]
        for each in self.columns[:MOST_COLUMNS_SHOWN]:
            counts = [f"{each.n_inputs[recipe]:,}" for recipe in recipes]
            columns.append([each.column, each.kind, *counts, each.action])
        left = len(self.columns) - MOST_COLUMNS_SHOWN
        columns += [[f"… and {left:,} more", *[""] * (len(recipes) + 2)]] if left > 0 else []
        return [rows, columns]


def describe_ensemble(model: FittedTabular) -> EnsembleDescription:
    """Describe an ensemble; if it is not fitted, describe the recipes of its quality."""
    title = type(model).__name__
    if "members_" not in vars(model):
        recipes = ", ".join(repr(recipe.name) for recipe in QUALITIES[model.quality].recipes)
        remark = f"quality={model.quality!r} tries the recipes {recipes}."
        return EnsembleDescription(f"{title}, not fitted", (), (), (remark,))
    networks = tuple(
        _network(member, float(weight))
        for member, weight in zip(model.members_, model.member_weights_, strict=True)
    )
    columns = _columns(model)
    score = model.validation_score_
    n_parameters = sum(network.n_parameters for network in networks)
    remarks = (
        f"{n_parameters:,} parameters in {len(networks)} networks.",
        f"Validation score: {score.metric} {significant(score.value)}, standard error "
        f"{significant(score.standard_error)}.",
        *model.remarks_,
    )
    outputs = getattr(model, "classes_", None)
    of_what = "values" if outputs is None else f"{len(outputs)} classes"
    title = f"{title} of {of_what} from {len(columns)} columns"
    return EnsembleDescription(title, networks, columns, remarks)


def _network(member: Member, weight: float) -> NetworkOfMember:
    network = member.network
    sizes = tuple(layer_widths(network))
    n_inputs, n_parameters = int(network.n_features_in_), int(network.n_parameters_)
    return NetworkOfMember(member.recipe, member.split, weight, n_inputs, sizes, n_parameters)


def _columns(model: FittedTabular) -> tuple[ColumnOfTable, ...]:
    of_recipes = {member.recipe: member for member in model.members_}
    counts = {
        recipe: Counter(map(str, model.columns_of_inputs(member)))
        for recipe, member in of_recipes.items()
    }
    return tuple(
        ColumnOfTable(
            name,
            record["kind"],
            record["action"],
            {recipe: count[name] for recipe, count in counts.items()},
        )
        for name, record in zip(column_names(model), model.report_, strict=True)
    )


def _as_text(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join([*lines, ""])


def _as_html(rows: Sequence[Sequence[str]]) -> str:
    headings, *others = rows
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in headings)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in others]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<table style="border-spacing: 1em 0.2em; text-align: left">{body}</table>'


def describe(model: BaseEstimator) -> EnsembleDescription:
    """Describe an estimator of lamina: its networks, with their layers, inputs and parameters.

    Parameters
    ----------
    model : TabularClassifier, TabularRegressor, MLPClassifier or MLPRegressor
        Fitted or not.

    Returns
    -------
    EnsembleDescription or NetworkDescription
        It prints as text and shows as tables in a notebook; `to_frame()` gives the numbers.

    Raises
    ------
    TypeError
        For any other object.

    Examples
    --------
    >>> import lamina
    >>> lamina.describe(lamina.TabularRegressor(quality="fast"))
    TabularRegressor, not fitted
    quality='fast' tries the recipes 'fast'.
    """
    describing = getattr(model, "describe", None)
    if isinstance(model, type) or not callable(describing) or not hasattr(model, "get_params"):
        raise TypeError(
            f"describe takes a TabularClassifier, TabularRegressor, MLPClassifier or MLPRegressor, "
            f"got {type(model).__name__}: give the estimator itself, such as pipeline[-1]"
        )
    description: EnsembleDescription = describing()
    return description
