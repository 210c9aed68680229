"""The C header as an export target."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from lamina.export.c.header import render
from lamina.export.c.rendering import c_type
from lamina.export.c.texts import literal, number
from lamina.export.lowering.program import ModelProgram
from lamina.export.row_values import Cell, column_values
from lamina.export.target import Evaluation, FileTarget, NotEvaluatedError, Rows

COMPILERS = ("cc", "gcc", "clang")
SECONDS = 120
MAIN = """\
#include <stdio.h>
#include "model.h"

int main(void)
{{
{rows}
    for (int i = 0; i < {n_rows}; i++) {{
        {real} y[{n}];
        {call};
        for (int j = 0; j < {n}; j++) printf("%.17g\\n", (double)y[j]);
    }}
    return 0;
}}
"""


def render_header(program: ModelProgram) -> bytes:
    """Return a C header."""
    return render(program).encode()


def evaluate(program: ModelProgram, content: bytes, rows: Rows) -> Evaluation:
    """Compile a header with the compiler on the PATH, and run it."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise NotEvaluatedError(f"no C compiler ({', '.join(COMPILERS)}) is on the PATH")
    name = Path(compiler).name
    n = program.n_columns * (1 + program.has_std)
    try:
        printed = _run(compiler, content, _main(program, rows, n))
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{name} did not compile and run it ({type(error).__name__})"
        raise NotEvaluatedError(reason) from error
    numbers = np.array([float(line) for line in printed.split()])
    return Evaluation(name, numbers.reshape(len(rows), n))


def _main(program: ModelProgram, rows: Rows, n: int) -> str:
    """Return a C program that prints the predictions for these rows."""
    real = c_type(program.dtype)
    if program.takes_a_table:
        columns = [map(_in_c, column_values(each, rows)) for each in program.inputs]
        cells, kind, size = list(zip(*columns, strict=True)), "mlp_row", "[]"
    else:
        cells = [tuple(map(_in_c, row)) for row in np.asarray(rows)]
        kind, size = real, f"[][{program.n_features}]"
    table = ",\n".join(f"        {{{', '.join(row)}}}" for row in cells)
    row = "&rows[i]" if program.takes_a_table else "rows[i]"
    call = f"mlp_predict({row}, y)"
    if program.has_std:
        call = f"mlp_predict_with_std({row}, y, y + {program.n_columns})"
    declared = f"    static const {kind} rows{size} = {{\n{table}}};"
    return MAIN.format(rows=declared, n_rows=len(cells), real=real, n=n, call=call)


def _in_c(value: Cell) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return literal(value)
    return number(value)


def _run(compiler: str, header: bytes, main: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.h").write_bytes(header)
        Path(folder, "main.c").write_text(main, encoding="ascii")
        command = [compiler, "-std=c99", "main.c", "-o", "model", "-lm"]
        for arguments in (command, [str(Path(folder, "model"))]):
            ran = subprocess.run(
                arguments, cwd=folder, capture_output=True, text=True, check=True, timeout=SECONDS
            )
    return ran.stdout


C = FileTarget("c", "lamina.export.c.header", ".h", render_header, evaluate)
