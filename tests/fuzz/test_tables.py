"""Files of tables may hold anything: they are read, or refused with the documented errors."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("pyarrow")

from lamina.encoding import TableEncoding
from lamina.errors import TableError
from lamina.tables.options import ReadingOptions
from lamina.tables.problem import define_problem
from lamina.tables.reading import read_table

from .budget import first_seed, n_mutants, time_limit
from .tables import csv_of_rows, mutate_bytes, sound_files

FILES = sound_files()


def read_and_encode(path, unpacks=True):
    """Read a file, choose a target, and encode it; only TableError may be raised."""
    try:
        table = read_table(path, ReadingOptions(unpacks=unpacks))
        names = list(table.columns)
        if len(names) > 1:
            features = define_problem(table, names[-1]).features
            encoding = TableEncoding().fit(features)
            plain = TableEncoding.from_plain(encoding.to_plain())
            plain.transform(features)
    except TableError:
        return False
    return True


def test_plausible_odd_rows_are_read_or_refused(tmp_path):
    n_read = 0
    for seed in range(first_seed(), first_seed() + n_mutants(400)):
        path = tmp_path / "t.csv"
        path.write_bytes(csv_of_rows(random.Random(seed)))
        with time_limit():
            try:
                n_read += read_and_encode(path)
            except Exception as error:
                raise AssertionError(f"seed {seed}") from error
    assert n_read > 0 or n_mutants(400) < 100


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("name", FILES)
def test_mutated_bytes_are_read_or_refused(name, tmp_path):
    for seed in range(first_seed(), first_seed() + n_mutants(150)):
        path = tmp_path / name
        path.write_bytes(mutate_bytes(FILES[name], random.Random(seed)))
        with time_limit():
            try:
                read_and_encode(path)
            except Exception as error:
                raise AssertionError(f"seed {seed}") from error
