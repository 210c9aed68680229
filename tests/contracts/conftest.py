"""What contracts share: each entry of each table once, beside the others' plainest."""

import pytest

from lamina.formulas import ACTIVATIONS, LOSSES, PENALTIES

TABLES = {"activation": ACTIVATIONS, "loss": LOSSES, "penalty": PENALTIES}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes `formulas` one entry of a table at a time, as a problem is drawn."""
    if "formulas" in metafunc.fixturenames:
        entries = [(kind, name) for kind, table in TABLES.items() for name in table]
        ids = [name for _, name in entries]
        metafunc.parametrize("formulas", [{kind: name} for kind, name in entries], ids=ids)
