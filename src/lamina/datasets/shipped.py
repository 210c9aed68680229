"""Small real tables that are installed with lamina as CSV files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lamina.datasets.bundled import BUNDLED
from lamina.datasets.dataset import Task
from lamina.errors import UnknownNameError
from lamina.formulas.table import RecordTable

FOLDER = Path(__file__).parent / "csv"


@dataclass(frozen=True)
class ShippedTable:
    """The name, task and target of a table, a description, its source and its licence."""

    name: str
    task: Task
    target: str
    about: str
    source: str
    licence: str

    @property
    def path(self) -> Path:
        """Path of the installed CSV file."""
        return FOLDER / f"{self.name}.csv"


SHIPPED = RecordTable(
    "shipped table",
    ShippedTable(
        "penguins",
        "classification",
        "species",
        "344 penguins of three species: measurements, island, sex, date; some values missing",
        "Horst, Hill, Gorman 2020, palmerpenguins; measured by Gorman and Palmer Station LTER",
        "CC0",
    ),
    ShippedTable(
        "bikes",
        "regression",
        "rentals",
        "731 days of a bike-sharing system in Washington, D.C.: date, holiday, weather, rentals",
        "Fanaee-T, Gama 2013, Bike Sharing, UCI Machine Learning Repository",
        "CC BY 4.0",
    ),
    ShippedTable(
        "income",
        "classification",
        "income",
        "1,000 people of the US census of 1994, and whether they earned more than $50,000 a year",
        "Becker, Kohavi 1996, Adult, UCI Machine Learning Repository",
        "CC BY 4.0",
    ),
)


def path(name: str) -> Path:
    """Return the path of a small real table that is installed with lamina.

    The files are CSV with a header, 150 kB in all:

    - ``penguins``: 344 penguins of three species, with missing values and a date. Source: Horst,
      Hill, Gorman 2020, *palmerpenguins*. Licence: CC0. The year is replaced by the date on which
      the first egg was seen, from the raw table of the same source.
    - ``bikes``: daily rentals of Capital Bikeshare with weather, 2011 and 2012. Source: Fanaee-T,
      Gama 2013, *Bike Sharing*, UCI Machine Learning Repository. Licence: CC BY 4.0. Changed: the
      hourly table is summed (rentals) or averaged by day, `weather` is the most frequent of the
      day, units are °C, percent and km/h.
    - ``income``: the first 1,000 rows of the 1994 US census extract. Source: Becker, Kohavi 1996,
      *Adult*, UCI Machine Learning Repository. Licence: CC BY 4.0. Changed: a header is added,
      question marks are empty fields.

    Parameters
    ----------
    name : {'penguins', 'bikes', 'income'}

    Returns
    -------
    pathlib.Path

    Raises
    ------
    UnknownNameError
        If no table has this name; the message gives the nearest match.

    Examples
    --------
    >>> import pandas as pd
    >>> from lamina.datasets import path
    >>> penguins = pd.read_csv(path("penguins"))
    >>> penguins.shape, int(penguins["sex"].isna().sum())
    ((344, 8), 11)
    >>> path("pengiuns")
    Traceback (most recent call last):
    ...
    lamina.errors.UnknownNameError: 'pengiuns' is not a known shipped table. Did you mean ...
    """
    try:
        return SHIPPED[name].path
    except UnknownNameError as error:
        if all(record.name != name for record in BUNDLED):
            raise
        raise UnknownNameError(
            f"{error} {name!r} has no file: lamina.datasets.load({name!r}) returns it as arrays, "
            f"and `lamina dataset {name}` writes a file"
        ) from None
