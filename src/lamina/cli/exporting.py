"""Run `lamina export`: write a saved model as a file of the target with the output's suffix."""

from __future__ import annotations

from pathlib import Path

from lamina.cli.export_checks import check
from lamina.cli.prediction import load_model
from lamina.errors import suggestion
from lamina.export.targets import FILE_TARGETS
from lamina.files.atomic_file import write_atomically

DTYPES = ("float32", "float64")


def export(model_file: Path, output: Path, dtype: str | None, *, overwrite: bool) -> int:
    """Run `lamina export` and return the exit code."""
    if output.suffix not in FILE_TARGETS:
        raise ValueError(f"--output {output}: its name must end in {', '.join(FILE_TARGETS)}")
    if dtype is not None and dtype not in DTYPES:
        near = suggestion(dtype, DTYPES)
        raise ValueError(f"--dtype must be {' or '.join(DTYPES)}, got {dtype!r}.{near}")
    if output.exists() and not overwrite:
        raise FileExistsError(
            f"{output} exists already: give --overwrite to replace it, or another --output"
        )
    model, target = load_model(model_file), FILE_TARGETS[output.suffix]
    try:
        content = target.write(model, dtype)
    except TypeError as error:
        raise ValueError(f"{model_file} cannot be written as {output.suffix}: {error}") from error
    outcome = check(target, model, content, dtype)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(output, [content], overwrite=overwrite)
    print(f"{model_file} is written to {output} ({outcome})")
    return 0
