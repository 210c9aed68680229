"""Collection of doctests: modules wait until the optional packages that they need are installed."""

import re
from importlib.util import find_spec
from pathlib import Path

SOURCES = Path(__file__).parent
OPTIONAL = ("onnx", "onnxruntime", "skl2onnx", "torch")
IMPORT = re.compile(rf"^(?:from|import) ({'|'.join(OPTIONAL)})\b", re.MULTILINE)
# Modules that import such a package in a function, which their examples call, or by another module.
NEEDED_BY_EXAMPLES = {
    "lamina/engines/pytorch/__init__.py": {"torch"},
    "lamina/export/onnx/model.py": {"onnxruntime"},
    "lamina/export/pytorch/conversion.py": {"torch"},
}


def needs(module: Path) -> set[str]:
    """Return the optional packages without which a module's examples cannot run."""
    imported = set(IMPORT.findall(module.read_text(encoding="utf-8")))
    return imported | NEEDED_BY_EXAMPLES.get(module.relative_to(SOURCES).as_posix(), set())


absent = {package for package in OPTIONAL if find_spec(package) is None}
collect_ignore = [str(path) for path in SOURCES.rglob("*.py") if needs(path) & absent]
