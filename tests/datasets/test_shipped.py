"""The tables installed with lamina are present, small, readable and attributed."""

from pathlib import Path

import pandas as pd
import pytest

from lamina.datasets import SHIPPED, load, path
from lamina.errors import UnknownNameError
from lamina.tables.reading import read_table

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_table_is_a_file_with_its_target(name):
    table = pd.read_csv(path(name))
    record = SHIPPED[name]
    assert record.target in table.columns
    assert table[record.target].notna().all()
    assert f"{len(table):,} " in record.about
    assert (table[record.target].dtype.kind in "if") == (record.task == "regression")


def test_the_tables_have_numbers_categories_dates_and_missing_values():
    penguins = read_table(path("penguins"))
    assert penguins["body_mass_g"].dtype.kind == "f"
    assert penguins["egg_date"].dtype.kind == "M"
    assert penguins["sex"].isna().sum() == 11
    assert read_table(path("bikes"))["date"].dtype.kind == "M"


def test_all_tables_together_are_small():
    assert sum(path(name).stat().st_size for name in SHIPPED) <= 200_000


@pytest.mark.parametrize("name", SHIPPED)
def test_source_and_licence_are_in_the_docstring_and_beside_the_file(name):
    record = SHIPPED[name]
    listed = (path(name).parent / "LICENSES.md").read_text(encoding="utf-8")
    documented = " ".join(path.__doc__.split())
    for text in (documented, listed):
        assert record.licence in text
        assert record.source.split(",")[0] in text
    assert f"| {name}.csv |" in listed
    assert f"``{name}``" in documented


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pengiuns", "Did you mean 'penguins'?"),
        ("iris", r"lamina.datasets.load\('iris'\)"),
        (["bikes"], "Known: 'penguins', 'bikes', 'income'"),
    ],
)
def test_an_unknown_name_gives_the_nearest_match_or_the_cure(name, message):
    with pytest.raises(UnknownNameError, match=message):
        path(name)


def test_load_rejects_a_shipped_table_and_names_path():
    with pytest.raises(UnknownNameError, match=r"lamina.datasets.path\('bikes'\)"):
        load("bikes")


@pytest.mark.repository
def test_the_wheel_contains_every_table_and_the_licences():
    pathutil = pytest.importorskip("scikit_build_core.build._pathutil")
    found = pathutil.packages_to_file_mapping(
        packages={"lamina": str(ROOT / "src" / "lamina")},
        platlib_dir=Path("wheel"),
        include=[],
        src_exclude=[],
        target_exclude=[],
        build_dir="",
        mode="default",
    )
    packed = {Path(source).name for source in found}
    assert {f"{name}.csv" for name in SHIPPED} | {"LICENSES.md"} <= packed
