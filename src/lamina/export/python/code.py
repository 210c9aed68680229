"""Pieces of a Python file: its head, labels and functions."""

from __future__ import annotations

from lamina.errors import ExportError
from lamina.formulas.table import AnyArray

HEAD = '''\
"""{description}

Written by lamina {version}; it needs nothing but NumPy. Layers: {layers}.{input}
"""

{imports}

{constants}

def _array(dtype, shape, text):
    numbers = np.frombuffer(base64.b64decode(text), dtype=dtype)
    return numbers.astype(numbers.dtype.newbyteorder("=")).reshape(shape)
'''
TABLE = """

X is a dict of columns, a data frame, or a list of rows that are dicts; COLUMNS has their names.
A missing value is None or NaN. A number is anything that float takes; a date is a datetime, a date,
text in ISO 8601, or a datetime64 of NumPy. If all times of training had a zone, each needs one."""
FUNCTION = '''

def {name}({arguments}):
    """{what}, of shape {shape}{more}."""
    {body}
'''


def head(
    description: str, layers: str, code: str, *, takes_a_table: bool, more: str, classes: str
) -> str:
    """Return the first lines of a file, up to `_array`, which decodes its numbers.

    Parameters
    ----------
    description, layers : str
    code : str
        Remaining code; it determines which modules are imported.
    takes_a_table : bool
    more : str
        Further text about X for the file's docstring.
    classes : str
        Definitions of constants.
    """
    import lamina

    dates = ["from datetime import date, datetime, timezone"] if takes_a_table else []
    maths = ["import math"] if "math." in code else []
    imports = ["import base64", *maths, *dates, "", "import numpy as np"]
    return HEAD.format(
        description=description,
        version=lamina.__version__,
        layers=layers,
        input=TABLE if takes_a_table else more,
        imports="\n".join(imports),
        constants=classes,
    )


def labels_code(classes: AnyArray) -> str:
    """Return labels as the code of a NumPy array."""
    for label in classes.tolist():
        if type(label) not in (str, int, float, bool):
            raise ExportError(
                f"a Python file cannot represent the label {label!r} of type "
                f"{type(label).__name__}: fit the model to strings, numbers or booleans"
            )
    return f"np.array({classes.tolist()!r}, dtype={classes.dtype.str!r})"


def function_code(
    name: str, what: str, shape: str, body: str, arguments: str = "X", more: str = ""
) -> str:
    """Return the code of one of the file's functions."""
    return FUNCTION.format(
        name=name, arguments=arguments, what=what, shape=shape, more=more, body=body
    )
