"""Damaged files are read in batches, or refused with an error that names the file."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("pyarrow")

import lamina.tables
from lamina.encoding import TableEncoding
from lamina.encoding.statistics import TableStatistics, encode_batch
from lamina.errors import TableError

from .budget import first_seed, n_mutants, time_limit
from .tables import mutate_bytes, sound_files

FILES = sound_files()


def open_or_refuse(path):
    """Return a source and its batches, or the message of the error."""
    try:
        source = lamina.tables.open(path, rows_per_batch=3)
        return source, list(source.batches())
    except TableError as error:
        return str(error)


def read_in_two_passes(path):
    """Open a file, fit an encoding in one pass, and encode it in another."""
    opened = open_or_refuse(path)
    if isinstance(opened, str):
        assert path.name in opened
        return False
    source, batches = opened
    assert sum(batch.n_rows for batch in batches) == source.n_rows
    for streams in (False, True):
        statistics = TableStatistics(source)
        try:
            if streams:
                statistics.stream()
            for batch in batches:
                statistics.add(batch)
            encoding = statistics.fit(TableEncoding(min_frequency=1))
            for batch in batches:
                encode_batch(encoding, batch)
        except TableError:
            # Its cells are of types that no network can use.
            return False
    return True


@pytest.mark.parametrize("name", FILES)
def test_a_sound_file_is_read(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert read_in_two_passes(path)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("name", FILES)
def test_mutated_files_are_read_or_refused_by_name(name, tmp_path):
    for seed in range(first_seed(), first_seed() + n_mutants(80)):
        path = tmp_path / name
        path.write_bytes(mutate_bytes(FILES[name], random.Random(seed)))
        with time_limit():
            try:
                read_in_two_passes(path)
            except Exception as error:
                raise AssertionError(f"seed {seed}") from error
