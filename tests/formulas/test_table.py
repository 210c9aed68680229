"""Lookup of a record by its name."""

from dataclasses import dataclass

import pytest

from lamina.errors import UnknownNameError
from lamina.formulas.table import RecordTable


@dataclass(frozen=True)
class Spice:
    name: str


SPICES = RecordTable("spice", Spice("pepper"), Spice("saffron"))


def test_records_keep_the_order_of_their_definition():
    assert list(SPICES) == ["pepper", "saffron"]
    assert [record.name for record in SPICES.values()] == ["pepper", "saffron"]


@pytest.mark.parametrize("name", ["salt", None, 3, ["pepper"]])
def test_a_name_that_is_not_in_the_table_is_refused(name):
    with pytest.raises(UnknownNameError, match="is not a known spice"):
        SPICES[name]


def test_a_name_unlike_all_others_gets_no_suggestion():
    with pytest.raises(UnknownNameError) as refusal:
        SPICES["zzz"]
    assert "Did you mean" not in str(refusal.value)
    assert "'pepper', 'saffron'" in str(refusal.value)


@pytest.mark.parametrize("name", ["salt", None, 3])
def test_membership_is_false_for_values_that_are_not_names(name):
    assert name not in SPICES
