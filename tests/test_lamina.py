"""The package's door: its public names, and nothing behind it that costs time to open."""

from __future__ import annotations

import subprocess
import sys

import lamina

NEWCOMERS = """
import sys, sklearn.neural_network
before = set(sys.modules)
import lamina
print(*sorted(set(sys.modules) - before))
"""


def test_the_public_names_are_those_promised() -> None:
    promised = {"MLPClassifier", "MLPRegressor", "load", "save", "__version__"}
    assert set(lamina.__all__) == promised
    assert all(hasattr(lamina, name) for name in promised)


def test_importing_lamina_loads_no_package_that_scikit_learns_networks_do_not() -> None:
    ran = subprocess.run([sys.executable, "-c", NEWCOMERS], capture_output=True, check=True)
    packages = {name.partition(".")[0] for name in ran.stdout.decode().split()}
    foreign = packages - set(sys.stdlib_module_names) - {"lamina"}
    assert {name for name in foreign if "lamina" not in name} == set()
    assert "sklearn" not in packages
