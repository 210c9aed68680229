"""Tables of named records, the single place in which a name is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from lamina.errors import UnknownNameError, suggestion

if TYPE_CHECKING:
    from scipy import sparse

Array: TypeAlias = NDArray[np.floating[Any]]
Scalar: TypeAlias = np.floating[Any]
# Numbers, class codes or labels: only the data decides about the dtype.
AnyArray: TypeAlias = NDArray[Any]
# Samples: dense, or sparse by rows.
Matrix: TypeAlias = "NDArray[Any] | sparse.csr_array | sparse.csr_matrix"


class Named(Protocol):
    """Object with a name."""

    @property
    def name(self) -> str:
        """Name by which users choose the record."""
        ...


Record = TypeVar("Record", bound=Named)


class RecordTable(Mapping[str, Record]):
    """Records by name, in the order of their definition.

    Parameters
    ----------
    kind : str
        Kind of the records, in the singular, for the error about an unknown name.
    *records : Record
        Records with distinct names.

    Raises
    ------
    UnknownNameError
        From `table[name]`, for a name that is not in the table; lists the known names.

    Examples
    --------
    >>> from lamina.formulas import ACTIVATIONS
    >>> ACTIVATIONS["relu"].equation
    'f(z) = max(0, z)'
    >>> ACTIVATIONS["rleu"]
    Traceback (most recent call last):
    ...
    lamina.errors.UnknownNameError: 'rleu' is not a known activation. Did you mean 'relu'? ...
    """

    def __init__(self, kind: str, *records: Record) -> None:
        self.kind = kind
        self._records = {record.name: record for record in records}
        if len(self._records) != len(records):
            raise ValueError(f"two {kind} records share a name")

    def __getitem__(self, name: str) -> Record:
        try:
            return self._records[name]
        except (KeyError, TypeError):
            names = ", ".join(map(repr, self._records))
            raise UnknownNameError(
                f"{name!r} is not a known {self.kind}.{suggestion(name, self._records)} "
                f"Known: {names}."
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)
