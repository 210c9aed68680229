"""Calendar parts of a date as nodes of an ONNX graph, from microseconds since 1970.

Months are computed in int64, where ONNX's division rounds towards zero. So days are counted from a
1st of March early enough to make every date positive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from lamina.encoding.calendar import (
    FIRST_YEAR,
    HOUR_MARGIN,
    PARTS,
    WEEKDAY_OF_DAY_0,
    YEARS_A_UNIT,
)
from lamina.export.onnx.graph import FLOAT64, INT64, Graph

# ONNX has no dates: inputs are the integers of NumPy's datetime64[us], including NaT.
MISSING_DATE = np.iinfo(np.int64).min
MICROSECONDS_A_DAY = 86_400_000_000
# The calendar repeats every 400 years; 0000-03-01 is this many days before 1970.
DAYS_BEFORE_1970 = 719_468
DAYS_IN_400_YEARS = 146_097
# 0001-01-01 is this many days before 1970.
DAYS_SINCE_YEAR_1 = 719_162
# int64 reaches 292,277 years back.
PERIODS_EARLIER = 800


class _Date(NamedTuple):
    """Names in a graph for the parts of dates, int64; all but the year are counted from 0."""

    year: str
    month: str
    day_of_month: str
    day_of_year: str


class DateColumn:
    """Column of dates, shape (n_samples, 1), in a graph.

    Parameters
    ----------
    graph : Graph
    column : str
        Name in the graph of microseconds since 1970, int64.
    number : int
        ONNX's code for the dtype of the matrix.
    """

    def __init__(self, graph: Graph, column: str, number: int) -> None:
        self.graph, self.number = graph, number
        self.missing = graph.node("Equal", column, self._int(MISSING_DATE))
        micros = graph.node("Where", self.missing, self._int(0), column)
        self.micros_of_day = graph.node("Mod", micros, self._int(MICROSECONDS_A_DAY))
        whole = graph.node("Sub", micros, self.micros_of_day)
        self.days = graph.node("Div", whole, self._int(MICROSECONDS_A_DAY))

    def columns(self, part: str) -> str:
        """Return the columns of a part, as defined in `lamina.encoding.calendar`."""
        found = PARTS[part]
        values = self.quantities[found.quantity]()
        if found.form == "one-hot":
            places = self.graph.constant(np.arange(found.period, dtype=np.int64))
            columns = self.graph.node("Equal", values, places)
            present = self.graph.node("Not", self.missing)
            return self._number(self.graph.node("And", columns, present))
        columns = self._double(values)
        if found.form == "cyclic":
            columns = self._circle(columns, found.period)
        zero = self.graph.constant(np.array(0.0))
        return self._number(self.graph.node("Where", self.missing, zero, columns))

    def _circle(self, values: str, period: float) -> str:
        angle = self._times(values, 2 * np.pi / period)
        # onnxruntime has a sine of float64, but no cosine: cos x = sin(x + π/2).
        quarter = self.graph.node("Add", angle, self.graph.constant(np.array(np.pi / 2)))
        circle = (self.graph.node("Sin", each) for each in (angle, quarter))
        return self.graph.node("Concat", *circle, axis=1)

    @property
    def quantities(self) -> Mapping[str, Callable[[], str]]:
        """Return functions that add each quantity's nodes: whole ones int64, others float64."""
        return {
            "weekday": self._weekday,
            "weekend": self._weekend,
            "month": lambda: self._date().month,
            "day_of_month": lambda: self._date().day_of_month,
            "day_of_year": lambda: self._date().day_of_year,
            "date_of_year": self._date_of_year,
            "decade": self._decade,
            "hour": self._hour,
            "whole_hour": self._whole_hour,
        }

    def _weekday(self) -> str:
        return self._mod(self._plus(self.days, WEEKDAY_OF_DAY_0), 7)

    def _weekend(self) -> str:
        weekday = self._weekday()
        return self._int64(self.graph.node("Greater", weekday, self._int(4)))

    def _date_of_year(self) -> str:
        date = self._date()
        return self.graph.node("Add", self._by(date.month, 31), date.day_of_month)

    def _decade(self) -> str:
        years = self._double(self._plus(self._date().year, -FIRST_YEAR))
        return self.graph.node("Div", years, self.graph.constant(np.array(float(YEARS_A_UNIT))))

    def _date(self) -> _Date:
        """Add Howard Hinnant's civil_from_days; internally, a year begins in March."""
        add, sub = partial(self.graph.node, "Add"), partial(self.graph.node, "Sub")
        earlier = DAYS_BEFORE_1970 + PERIODS_EARLIER * DAYS_IN_400_YEARS
        days = self._plus(self.days, earlier)
        of_period = self._mod(days, DAYS_IN_400_YEARS)
        leaps = [self._div(of_period, divisor) for divisor in (1_460, 36_524, 146_096)]
        without = sub(add(sub(of_period, leaps[0]), leaps[1]), leaps[2])
        year = self._div(without, 365)
        before = add(self._by(year, 365), self._div(year, 4))
        of_year = sub(of_period, sub(before, self._div(year, 100)))
        month = self._div(self._plus(self._by(of_year, 5), 2), 153)
        day = sub(of_year, self._div(self._plus(self._by(month, 153), 2), 5))
        is_next = self._int64(self.graph.node("Greater", month, self._int(9)))
        periods = self._plus(self._div(days, DAYS_IN_400_YEARS), -PERIODS_EARLIER)
        civil_year = add(add(self._by(periods, 400), year), is_next)
        return _Date(
            civil_year, self._mod(self._plus(month, 2), 12), day, self._of_january(civil_year)
        )

    def _of_january(self, year: str) -> str:
        """Return days since 1 January of a year, given as days since 0001-01-01."""
        shifted = self._plus(year, 400 * PERIODS_EARLIER - 1)
        before = self.graph.node("Add", self._by(shifted, 365), self._div(shifted, 4))
        before = self.graph.node("Sub", before, self._div(shifted, 100))
        before = self.graph.node("Add", before, self._div(shifted, 400))
        earlier = DAYS_SINCE_YEAR_1 + PERIODS_EARLIER * DAYS_IN_400_YEARS
        return self.graph.node("Sub", self._plus(self.days, earlier), before)

    def _hour(self) -> str:
        return self._times(self._double(self.micros_of_day), 24 / MICROSECONDS_A_DAY)

    def _whole_hour(self) -> str:
        """Return the hour from whole microseconds, with the tolerance used in training."""
        an_hour = MICROSECONDS_A_DAY // 24
        later = self._plus(self.micros_of_day, round(HOUR_MARGIN * an_hour))
        return self._mod(self._div(later, an_hour), 24)

    def _times(self, name: str, factor: float) -> str:
        return self.graph.node("Mul", name, self.graph.constant(np.array(factor)))

    def _plus(self, name: str, value: int) -> str:
        return self.graph.node("Add", name, self._int(value))

    def _by(self, name: str, factor: int) -> str:
        return self.graph.node("Mul", name, self._int(factor))

    def _mod(self, dividend: str, divisor: int) -> str:
        return self.graph.node("Mod", dividend, self._int(divisor))

    def _int64(self, name: str) -> str:
        return self.graph.node("Cast", name, to=INT64)

    def _div(self, dividend: str, divisor: int) -> str:
        return self.graph.node("Div", dividend, self._int(divisor))

    def _int(self, value: int) -> str:
        return self.graph.constant(np.array(value, dtype=np.int64))

    def _double(self, name: str) -> str:
        return self.graph.node("Cast", name, to=FLOAT64)

    def _number(self, name: str) -> str:
        return self.graph.node("Cast", name, to=self.number)
