"""Run `lamina info`: show the contents of a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from sklearn.base import is_classifier

from lamina import persistence
from lamina.choices import are_same
from lamina.cli.ensemble import describe_validation
from lamina.cli.prediction import load_model, read_ids, read_targets
from lamina.cli.recipe import get_encoding, get_network
from lamina.cli.report import count, plain_console, show_figures, show_table
from lamina.encoding import TableEncoding
from lamina.estimators.settings.refusals import shown
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.significant import significant
from lamina.tabular.base import TabularEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

MOST_LISTED = 12


def info(model_file: Path) -> int:
    """Run `lamina info` and return the exit code."""
    console = plain_console()
    model = load_model(model_file)
    file = persistence.describe(model_file)
    network, encoding = get_network(model), get_encoding(model)
    console.print(f"{type(network).__name__} in {model_file}", soft_wrap=True)
    console.print(f"  written by lamina {file['lamina']}, format {file['format_version']}")
    is_ensemble = isinstance(network, TabularEstimator)
    if not hasattr(network, "members_" if is_ensemble else "coefs_"):
        console.print("  not fitted")
        return 0
    if is_ensemble:
        show_networks(console, network)
    else:
        show_layers(console, network)
    if is_classifier(model):
        show_classes(console, model.classes_, read_targets(file["notes"]))
    if encoding is not None:
        show_columns(console, encoding)
    show_notes(console, file["notes"])
    return 0


def show_layers(console: Console, network: BaseEstimator) -> None:
    """Print the layers with their shapes, and the number of parameters."""
    described = network.describe()
    rows = [(b.layer, b.fan_in, b.fan_out, b.activation, b.n_parameters) for b in described.layers]
    texts = [(*row[:-1], f"{row[-1]:,}") for row in rows]
    show_table(console, ("layer", "fan_in", "fan_out", "activation", "parameters"), texts)
    console.print(f"{count(described.n_parameters, 'parameter')}, {described.dtype}")
    if changed := changed_settings(network):
        console.print(f"with {', '.join(changed)}", soft_wrap=True)
    for finding in described.diagnoses:
        console.print(finding, soft_wrap=True)


def changed_settings(network: BaseEstimator) -> list[str]:
    """Return the network's settings that differ from their defaults, with hyperparameters."""
    defaults = type(network)().get_params(deep=False)
    settings = network.get_params(deep=False)
    return [
        f"{name}={shown(value)}"
        for name, value in settings.items()
        if not are_same(value, defaults[name])
    ]


def show_networks(console: Console, ensemble: BaseEstimator) -> None:
    """Print the number of networks in an ensemble, and its out-of-fold score."""
    console.print(
        f"{count(len(ensemble.members_), 'network')}, quality {ensemble.quality}; "
        f"{describe_validation(ensemble)}",
        soft_wrap=True,
    )


def show_classes(
    console: Console, classes: AnyArray | Sequence[AnyArray], targets: Sequence[str]
) -> None:
    """Print the classes of one target, or of each of several."""
    if not isinstance(classes, list):
        console.print(f"{count(len(classes), 'class')}: {listed(classes)}", soft_wrap=True)
        return
    names = targets or [str(i + 1) for i in range(len(classes))]
    for name, labels in zip(names, classes, strict=True):
        console.print(f"{name}: {count(len(labels), 'class')}: {listed(labels)}", soft_wrap=True)


def show_columns(console: Console, encoding: TableEncoding) -> None:
    """Print the table's columns by kind, then those that the model does not use."""
    left_out = [name for name, texts in encoding.categories_.items() if not texts]
    left_out += encoding.left_out_
    for kind, noun in (("number", "number"), ("date", "date"), ("category", "text column")):
        names = [name for name, each in encoding.kinds_.items() if each == kind]
        names = [name for name in names if name not in left_out]
        if names:
            console.print(f"{count(len(names), noun)}: {listed(names)}", soft_wrap=True)
    if left_out:
        console.print(f"left out, and not needed: {listed(left_out)}", soft_wrap=True)


def show_notes(console: Console, notes: Mapping[str, Json]) -> None:
    """Print the training of a model and its metrics."""
    if "training" not in notes:
        return
    training = notes["training"]
    names = read_targets(notes)
    targets = ", ".join(map(repr, names))
    if ids := read_ids(notes):
        console.print(f"rows identified by {', '.join(map(repr, ids))}", soft_wrap=True)
    early = ", interrupted" if training["interrupted"] else ""
    length = count(training["networks"], "network") if "networks" in training else _epochs(training)
    console.print(
        f"trained {notes['created']} on {count(training['rows'], 'row')} of {notes['source']} to "
        f"predict {targets}: {length}, {training['seconds']:.1f} s{early}",
        soft_wrap=True,
    )
    if "refit" in notes:
        rows = count(notes["refit"]["rows"], "row")
        console.print(
            f"fitted again on all {rows}; the figures are those of the first fit", soft_wrap=True
        )
    figures = (
        ("held out", "held_out"),
        ("out of fold", "out_of_fold"),
        ("training", "on_training"),
    )
    columns = {heading: notes[key] for heading, key in figures if key in notes}
    if columns:
        show_figures(console, columns, names=names)


def _epochs(training: Mapping[str, Json]) -> str:
    return f"{count(training['epochs'], 'epoch')}, loss {significant(training['loss'])}"


def listed(names: Sequence[object] | AnyArray) -> str:
    """Return the first names and the number of further ones as text."""
    shown = ", ".join(str(name) for name in names[:MOST_LISTED])
    more = len(names) - MOST_LISTED
    return f"{shown} and {more:,} more" if more > 0 else shown
