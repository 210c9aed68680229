"""Run `lamina export`: write a saved model as ONNX, Python or C, by the output's suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lamina
from lamina.cli.export_checks import check_c, check_onnx, check_python
from lamina.cli.prediction import load_model
from lamina.errors import suggestion
from lamina.files.atomic_file import write_atomically

DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Format:
    """Functions that write a model in a format and compare the result with the model."""

    write: Callable[[Any, str | None], bytes]
    check: Callable[[Any, bytes, str | None], str]


def export(model_file: Path, output: Path, dtype: str | None, *, overwrite: bool) -> int:
    """Run `lamina export` and return the exit code."""
    if output.suffix not in FORMATS:
        raise ValueError(f"--output {output}: its name must end in {', '.join(FORMATS)}")
    if dtype is not None and dtype not in DTYPES:
        near = suggestion(dtype, DTYPES)
        raise ValueError(f"--dtype must be {' or '.join(DTYPES)}, got {dtype!r}.{near}")
    if output.exists() and not overwrite:
        raise FileExistsError(
            f"{output} exists already: give --overwrite to replace it, or another --output"
        )
    model, chosen = load_model(model_file), FORMATS[output.suffix]
    try:
        content = chosen.write(model, dtype)
    except TypeError as error:
        raise ValueError(f"{model_file} cannot be written as {output.suffix}: {error}") from error
    outcome = chosen.check(model, content, dtype)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(output, [content], overwrite=overwrite)
    print(f"{model_file} is written to {output} ({outcome})")
    return 0


FORMATS: Mapping[str, Format] = {
    ".onnx": Format(
        lambda model, dtype: bytes(lamina.to_onnx(model, dtype=dtype).SerializeToString()),
        check_onnx,
    ),
    ".py": Format(lambda model, dtype: lamina.to_python(model, dtype=dtype).encode(), check_python),
    ".h": Format(lambda model, dtype: lamina.to_c(model, dtype=dtype).encode(), check_c),
}
