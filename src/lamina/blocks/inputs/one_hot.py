"""One-hot columns of codes: an output for each code but 0, which is a row of zeros.

Code 0 is a missing or unknown category. The next block's product with these outputs is a sum of
rows of its W, and an engine need not make the matrix.

    forward    a_j = 1 if x = j else 0, for the codes j = 1, …, n_codes - 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lamina.blocks.inputs.codes import CodeInputs, as_codes
from lamina.blocks.inputs.group import Parts
from lamina.formulas.table import Array


@dataclass(frozen=True)
class OneHotInputs(CodeInputs):
    """Codes of categories as zeros and ones, n_codes - 1 outputs a column.

    Attributes
    ----------
    columns : tuple of int
    n_codes : tuple of int
        Number of codes of each column, 0 included.
    scaled : bool
    """

    kind: ClassVar[str] = "one_hot"

    scaled: bool = False

    @classmethod
    def examples(cls, columns: tuple[int, ...]) -> tuple[OneHotInputs, ...]:
        several = tuple(range(3, 3 + len(columns)))
        return (cls(columns, several), cls(columns, several, scaled=True))

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(n_codes - 1 for n_codes in self.n_codes)

    def forward(self, parts: Parts, x: Array) -> Array:
        codes = as_codes(x)
        of_columns = [
            codes[:, j : j + 1] == np.arange(1, n_codes) for j, n_codes in enumerate(self.n_codes)
        ]
        return np.concatenate(of_columns, axis=1).astype(x.dtype)
