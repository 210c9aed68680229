"""The house rules that a machine can keep: layers, sizes, names, where a formula is named."""

import ast
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from lamina import formulas

pytestmark = pytest.mark.repository

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
EMPTY_WORDS = {"utils", "util", "misc", "common", "helpers", "helper", "manager"}
# Folders of tests that follow no folder of the package: they hold whole tables, or all of it.
ACROSS = {"benchmarks", "contracts", "docs", "fuzz", "parity", "scikit_learn", "web"}
ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "lamina"
OURS = [ROOT / folder for folder in ("src", "tests", "benchmarks", "docs", "examples")]
PYTHON = sorted(path for folder in OURS for path in folder.rglob("*.py"))
NAMES = {name for table in dir(formulas) if table.isupper() for name in getattr(formulas, table)}
NATIVE = sorted(path for path in (ROOT / "native").rglob("*") if path.suffix in {".cpp", ".hpp"})
WEB = [path for kind in ("ts", "tsx", "css") for path in (ROOT / "web/src").rglob(f"*.{kind}")]


def name_of(path):
    return str(path.relative_to(ROOT))


every_python_file = pytest.mark.parametrize("path", PYTHON, ids=name_of)
every_module = pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)


def test_every_layer_imports_only_from_layers_to_its_right(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


@every_module
def test_only_the_native_engine_imports_the_extension(path):
    if path.parent == PACKAGE / "engines" and path.stem in {
        "native",
        "native_losses",
        "native_networks",
        "native_measures",
    }:
        return
    # import-linter sees Python modules alone, and the extension is none.
    imports = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom)) and "_native" in ast.unparse(node).split()
    ]
    assert imports == []


@every_module
def test_only_modules_of_pytorch_import_torch(path):
    rooms = PACKAGE / "engines" / "pytorch", PACKAGE / "export"
    if path == PACKAGE / "distributed" / "torch_group.py" or any(
        room in path.parents for room in rooms
    ):
        return
    imports = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(_is_torch(each.name) for each in node.names))
        or (isinstance(node, ast.ImportFrom) and _is_torch(node.module or ""))
    ]
    assert imports == []


def _is_torch(name):
    return name.split(".")[0] == "torch"


@every_module
def test_only_the_choice_of_engines_imports_one_of_them(path):
    if path == PACKAGE / "engines" / "choose.py":
        return
    # Imports for types count: all else uses the protocol, or the passes of lamina.network.
    names = ("native", "native_measures", "reference", "pytorch.engine")
    engines = {f"lamina.engines.{name}" for name in names}
    imports = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            named = {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            named = {each.name for each in node.names}
        else:
            continue
        if engines & named:
            imports.append(f"line {node.lineno}: {ast.unparse(node)}")
    assert imports == []


@pytest.mark.parametrize("path", PYTHON + NATIVE + sorted(WEB), ids=name_of)
def test_no_file_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@every_python_file
def test_no_function_is_too_long(path):
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    too_long = [
        (node.name, length)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, functions) and (length := _code_lines(node)) > LONGEST_FUNCTION
    ]
    assert too_long == []


def _code_lines(function):
    """A function's lines without its docstring, which a signature of many parameters makes long."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@every_python_file
def test_no_file_has_a_name_without_a_subject(path):
    assert not EMPTY_WORDS & set(path.relative_to(ROOT).with_suffix("").parts)


@every_module
def test_every_module_says_its_one_idea_first(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@every_module
def test_no_formula_is_named_outside_the_tables(path):
    if PACKAGE / "formulas" in path.parents:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    compared = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.match_case)) and _names_a_formula(node)
    ]
    assert compared == []


def _names_a_formula(node):
    if isinstance(node, ast.match_case):
        return any(map(_is_a_name, ast.walk(node.pattern)))
    sides = [node.left, *node.comparators]
    collections = [side.elts for side in sides if isinstance(side, (ast.Tuple, ast.List, ast.Set))]
    return any(_is_a_name(literal) for literals in (sides, *collections) for literal in literals)


def _is_a_name(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in NAMES


def test_tests_stand_where_what_they_test_stands():
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("*.py")}
    strays = [
        str(folder)
        for folder in folders
        if folder.parts and folder.parts[0] not in ACROSS and not (PACKAGE / folder).is_dir()
    ]
    assert strays == []


def test_every_layer_is_in_the_contract():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = contract["tool"]["importlinter"]["contracts"]
    [layers] = [each for each in contracts if each["containers"] == ["lamina"]]
    named = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    present = {path.stem for path in PACKAGE.iterdir() if path.suffix in {"", ".py"}}
    assert present - {"__init__", "__main__", "__pycache__", "py"} <= named
