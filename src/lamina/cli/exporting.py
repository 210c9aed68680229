"""`lamina export`: a saved model in a form that needs no lamina, by the output's suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lamina
from lamina.cli.prediction import load_model


def export(model_file: Path, output: Path, *, overwrite: bool) -> int:
    """Run `lamina export`; returns the exit code."""
    if output.suffix not in FORMATS:
        raise ValueError(f"--output {output}: its name must end in {', '.join(FORMATS)}")
    if output.exists() and not overwrite:
        raise FileExistsError(
            f"{output} is there already: give --overwrite to replace it, or another --output"
        )
    content = FORMATS[output.suffix](load_model(model_file))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(content)
    print(f"{model_file} is now also {output}")
    return 0


def _onnx(model: Any) -> bytes:
    content: bytes = lamina.to_onnx(model).SerializeToString()
    return content


FORMATS: Mapping[str, Callable[[Any], bytes]] = {
    ".onnx": _onnx,
    ".py": lambda model: lamina.to_python(model).encode(),
    ".h": lambda model: lamina.to_c(model).encode(),
}
