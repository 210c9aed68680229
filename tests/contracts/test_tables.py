"""Every table: its records are documented, and the engines know them."""

import importlib
import importlib.util

import pytest

from lamina import formulas
from lamina.errors import UnknownNameError

TABLES = {name: getattr(formulas, name) for name in formulas.__all__ if name.isupper()}
RECORDS = [record for table in TABLES.values() for record in table.values()]

every_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
every_record = pytest.mark.parametrize(
    "record", RECORDS, ids=lambda record: f"{type(record).__name__}-{record.name}"
)


@every_record
def test_a_record_has_a_name_an_equation_and_a_source(record):
    fields = [field for field in ("name", "equation", "paper") if hasattr(record, field)]
    assert fields[:2] == ["name", "equation"]
    for field in fields:
        text = getattr(record, field)
        assert text.strip() == text != ""


@every_table
def test_a_table_returns_each_record_by_its_name(table):
    assert len(table) == len(list(table)) > 0
    for name in table:
        assert name in table
        assert table[name].name == name


@every_table
def test_a_misspelt_name_is_refused_with_the_nearest_and_all_names(table):
    for name in table:
        with pytest.raises(
            UnknownNameError, match=f"'{name}x' is not a known {table.kind}"
        ) as refusal:
            table[f"{name}x"]
        assert f"Did you mean {name!r}?" in str(refusal.value)
        assert all(repr(allowed) in str(refusal.value) for allowed in table)


@every_table
def test_a_table_refuses_two_records_of_one_name(table):
    record = next(iter(table.values()))
    with pytest.raises(ValueError, match="share a name"):
        type(table)(table.kind, record, record)


def test_every_loss_names_an_inverse_link_of_the_table():
    assert {loss.inverse_link for loss in formulas.LOSSES.values()} <= set(formulas.INVERSE_LINKS)


@pytest.mark.parametrize("name", ["ACTIVATIONS", "LOSSES", "OPTIMIZERS", "PRECISIONS"])
def test_the_native_engine_has_the_same_records(name):
    # Looked up by name as engines are; if the extension cannot be built, the reference is used.
    if importlib.util.find_spec("lamina._native") is None:
        pytest.skip("the native extension is not built")
    numbers = getattr(importlib.import_module("lamina._native"), name)
    assert set(numbers) == set(TABLES[name])
    assert len(set(numbers.values())) == len(numbers)
