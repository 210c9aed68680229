"""The committed stub of the extension names what the extension has, class by class."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.repository

native = pytest.importorskip("lamina._native")

STUB = Path(__file__).parents[1] / "src" / "lamina" / "_native.pyi"


def public(names):
    return {name for name in names if not name.startswith("_")}


def declared(body):
    names = {node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    return public(names | {node.target.id for node in body if isinstance(node, ast.AnnAssign)})


def test_the_stub_declares_what_the_extension_has():
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    assert declared(tree.body) == public(dir(native))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            assert declared(node.body) == public(dir(getattr(native, node.name)))


@pytest.mark.parametrize("name", ["Network32", "Network64"])
def test_the_stub_declares_every_method_with_the_parameters_that_it_takes(name):
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    (declared_class,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    methods = {n.name: n for n in declared_class.body if isinstance(n, ast.FunctionDef)}
    for method in public(methods):
        signature = getattr(native, name).__dict__[method].__nb_signature__[0][0]
        for argument in methods[method].args.args[1:]:
            assert f"{argument.arg}:" in signature
        assert signature.count(":") >= len(methods[method].args.args) - 1
