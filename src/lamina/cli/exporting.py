"""`lamina export`: a saved model in a form that needs no lamina, by the output's suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lamina
from lamina.cli.prediction import load_model
from lamina.cli.recipe import network_of
from lamina.errors import ExportError


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


def _source(write: Callable[[Any], str]) -> Callable[[Any], bytes]:
    def export(model: Any) -> bytes:
        if network_of(model) is not model:
            raise ExportError(
                "this model does more than its network, so that a source file cannot say it: "
                "export it to .onnx"
            )
        return write(model).encode("utf-8")

    return export


FORMATS: Mapping[str, Callable[[Any], bytes]] = {
    ".onnx": _onnx,
    ".py": _source(lambda model: lamina.to_python(model)),
    ".h": _source(lambda model: lamina.to_c(model)),
}
