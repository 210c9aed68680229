"""Shared by the contracts: each entry of each table once, combined with the plainest others."""

import pytest

from lamina.formulas import ACTIVATIONS, LOSSES, PENALTIES

TABLES = {"activation": ACTIVATIONS, "loss": LOSSES, "penalty": PENALTIES}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize `formulas` with one entry of a table at a time, as draw_problem takes it."""
    if "formulas" in metafunc.fixturenames:
        entries = [(kind, name) for kind, table in TABLES.items() for name in table]
        ids = [name for _, name in entries]
        metafunc.parametrize("formulas", [{kind: name} for kind, name in entries], ids=ids)
