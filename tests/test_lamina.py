"""The package's public names; importing it loads nothing slow."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lamina
import lamina.encoding

NEWCOMERS = """
import sys, sklearn.neural_network
before = set(sys.modules)
import lamina
print(*sorted(set(sys.modules) - before))
"""


def test_the_public_names_are_those_promised() -> None:
    exports = {"to_onnx", "to_torch", "to_sklearn", "to_python", "to_c"}
    imports = {"from_torch", "from_sklearn"}
    promised = {
        "MLPClassifier",
        "MLPRegressor",
        "TabularClassifier",
        "TabularRegressor",
        "load",
        "save",
        "__version__",
    }
    promised |= exports | imports
    promised |= {"describe", "devices", "show_config", "sweep", "trace_step"}
    assert set(lamina.__all__) == promised
    assert all(hasattr(lamina, name) for name in promised)


def test_importing_lamina_loads_no_package_that_scikit_learns_networks_do_not() -> None:
    ran = subprocess.run([sys.executable, "-c", NEWCOMERS], capture_output=True, check=True)
    packages = {name.partition(".")[0] for name in ran.stdout.decode().split()}
    foreign = packages - set(sys.stdlib_module_names) - {"lamina"}
    assert {name for name in foreign if "lamina" not in name} == set()
    assert "sklearn" not in packages


@pytest.mark.parametrize("modules", ["lamina", "lamina.datasets, lamina.formulas"])
def test_names_and_formulas_load_without_scikit_learn(modules: str) -> None:
    asked = f"import sys, {modules}; print('sklearn' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "False"


def test_a_subpackage_is_imported_on_first_access() -> None:
    asked = "import lamina; print(lamina.errors.nearest_match.__name__, *lamina.datasets.DATASETS)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert {"nearest_match", "iris"} <= set(ran.stdout.decode().split())


def test_a_fit_does_not_import_exports_and_files() -> None:
    ran = subprocess.run([sys.executable, "-c", NEWCOMERS], capture_output=True, check=True)
    modules = ran.stdout.decode().split()
    assert "lamina.persistence" not in modules
    assert "lamina.export" not in modules
    assert "lamina.studies" not in modules
    assert "lamina.encoding.table" not in modules
    assert lamina.save.__module__ == "lamina.persistence.saving"


def test_an_unknown_name_is_an_attribute_error() -> None:
    for package in (lamina, lamina.encoding):
        with pytest.raises(AttributeError, match="has no attribute 'sav'"):
            getattr(package, "sav")  # noqa: B009


def test_dir_shows_the_public_names_alone() -> None:
    shown = "import lamina, lamina.errors; lamina.datasets; print(*dir(lamina))"
    ran = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True)
    assert ran.stdout.decode().split() == sorted(lamina.__all__)


def test_the_module_runs_as_the_command() -> None:
    command = [sys.executable, "-m", "lamina", "--version"]
    ran = subprocess.run(command, capture_output=True, check=True)
    assert ran.stdout.decode().strip() == f"lamina {lamina.__version__}"
    ran = subprocess.run([*command[:-1], "trian"], capture_output=True, check=False)
    assert ran.returncode == 2
    assert "trian" in ran.stderr.decode()
