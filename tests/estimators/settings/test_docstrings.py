"""Docstrings of both estimators are complete, from one description of each parameter."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.constraints import PARAMETERS
from lamina.estimators.settings.docstrings import described
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.estimators.settings.parameter import with_formulas
from lamina.formulas import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, PENALTIES, SCHEDULES
from lamina.inputs import Categorical

CLASSES = pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
TABLES = {
    "activation": ACTIVATIONS,
    "solver": OPTIMIZERS,
    "learning_rate": SCHEDULES,
    "initializer": INITIALIZERS,
}
ENTRY = re.compile(r"^(\w+) : (\S.*)\n    \S", re.MULTILINE)


def section(cls: type, title: str) -> str:
    doc = inspect.getdoc(cls) or ""
    [text] = re.findall(
        rf"^{title}\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n)", doc, re.DOTALL | re.MULTILINE
    )
    return str(text)


@CLASSES
def test_a_docstring_has_an_entry_for_each_parameter_in_the_order_of_the_signature(
    cls: type,
) -> None:
    entries = dict(ENTRY.findall(section(cls, "Parameters")))
    signature = inspect.signature(cls).parameters
    assert list(entries) == list(signature)
    for name, parameter in signature.items():
        assert entries[name].endswith(f", default={parameter.default!r}")


@CLASSES
def test_a_docstring_has_its_sections_in_the_order_of_numpydoc(cls: type) -> None:
    titles = re.findall(r"^(\w[\w ]*)\n-{4,}$", inspect.getdoc(cls) or "", re.MULTILINE)
    assert titles == ["Parameters", "Attributes", "See Also", "Examples"]


@CLASSES
def test_numpydoc_reads_every_entry(cls: type) -> None:
    docscrape = pytest.importorskip("numpydoc.docscrape")
    doc = docscrape.ClassDoc(cls)
    assert [each.name for each in doc["Parameters"]] == [*inspect.signature(cls).parameters]
    assert all(
        each.desc and each.type for part in ("Parameters", "Attributes") for each in doc[part]
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@CLASSES
def test_a_docstring_lists_every_public_attribute_of_a_fit(cls: type) -> None:
    X, y = np.column_stack([np.arange(6.0) / 6, np.arange(6.0)]), np.arange(6) % 2
    options = {"scale_target": True} if cls is MLPRegressor else {}
    options |= {"hidden_layer_sizes": (2,), "normalization": "batch", "max_iter": 2}
    options |= {"inputs": [Categorical(columns=1)], "engine": "reference"}
    model = cls(**options)
    fitted = {name for name in vars(model.fit(X, y)) if name.endswith("_")}
    fitted |= {name for name in dir(cls) if name.endswith("_") and not name.startswith("_")}
    documented = dict(ENTRY.findall(section(cls, "Attributes")))
    assert fitted - set(documented) == set()
    # A data frame gives names, and a source an encoding.
    assert set(documented) - fitted == {"feature_names_in_", "encoding_"}


@pytest.mark.parametrize("name", TABLES)
def test_a_description_mentions_every_formula_of_its_table(name: str) -> None:
    description = PARAMETERS[name].description
    assert [each for each in TABLES[name] if repr(each) not in description] == []


def test_the_loss_mentions_every_loss_of_numbers() -> None:
    _, description = described(MLPRegressor)["loss"]
    assert [each for each in REGRESSION_LOSSES if repr(each) not in description] == []


def test_formulas_without_a_line_of_their_own_get_their_equation() -> None:
    description = with_formulas("Penalty: 'l2' is the default.", PENALTIES)
    first, blank, *lines = description.splitlines()
    assert (first, blank) == ("Penalty: 'l2' is the default.", "")
    assert lines == [f"- {n!r}: {PENALTIES[n].equation}." for n in PENALTIES if n != "l2"]


@pytest.mark.repository
@CLASSES
def test_the_source_has_a_docstring_with_an_example_for_editors(cls: type) -> None:
    tree = ast.parse(Path(inspect.getfile(cls)).read_text(encoding="utf-8"))
    [node] = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    doc = ast.get_docstring(node) or ""
    assert doc.startswith("Multi-layer perceptron for ")
    assert f">>> from lamina import {cls.__name__}" in doc
