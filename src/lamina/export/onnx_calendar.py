"""The calendar parts of a date as nodes of an ONNX graph, from microseconds since 1970.

Months are computed with int64, whose division ONNX rounds towards zero. So days are counted from a
1st of March so long ago that every date is positive.
"""

from __future__ import annotations

import numpy as np

from lamina.encoding.calendar import PARTS, WEEKDAY_OF_DAY_0
from lamina.export.onnx_graph import Graph

# ONNX has no dates: they come as the counts of NumPy's datetime64[us], NaT included.
MISSING_MOMENT = np.iinfo(np.int64).min
MICROSECONDS_A_DAY = 86_400_000_000
# The calendar repeats every 400 years; 0000-03-01 lies so many days before 1970.
DAYS_BEFORE_1970 = 719_468
DAYS_IN_400_YEARS = 146_097
FLOAT64 = 11  # TensorProto.DOUBLE, without importing onnx
# int64 reaches 292,277 years back.
PERIODS_EARLIER = 800


class Moment:
    """A column of dates, shape (n_rows, 1), in a graph.

    Parameters
    ----------
    graph : Graph
    column : str
        The graph's name of microseconds since 1970, int64.
    number : int
        ONNX's number of the dtype of the matrix.
    """

    def __init__(self, graph: Graph, column: str, number: int) -> None:
        self.graph, self.number = graph, number
        self.missing = graph.node("Equal", column, self._int(MISSING_MOMENT))
        micros = graph.node("Where", self.missing, self._int(0), column)
        self.micros_of_day = graph.node("Mod", micros, self._int(MICROSECONDS_A_DAY))
        whole = graph.node("Sub", micros, self.micros_of_day)
        self.days = graph.node("Div", whole, self._int(MICROSECONDS_A_DAY))

    def columns(self, part: str) -> str:
        """The columns of a part, as `lamina.encoding.calendar` has them."""
        values = {"weekday": self._weekday, "month": self._month, "hour": self._hour}[part]()
        period = PARTS[part].period
        if not PARTS[part].is_cyclic:
            places = self.graph.constant(np.arange(period, dtype=np.int64))
            columns = self.graph.node("Equal", values, places)
            present = self.graph.node("Not", self.missing)
            return self._number(self.graph.node("And", columns, present))
        angle = self._times(values, 2 * np.pi / period)
        # onnxruntime has a sine of float64, but no cosine: cos x = sin(x + π/2).
        quarter = self.graph.node("Add", angle, self.graph.constant(np.array(np.pi / 2)))
        circle = (self.graph.node("Sin", each) for each in (angle, quarter))
        columns = self.graph.node("Concat", *circle, axis=1)
        zero = self.graph.constant(np.array(0.0))
        return self._number(self.graph.node("Where", self.missing, zero, columns))

    def _weekday(self) -> str:
        days = self.graph.node("Add", self.days, self._int(WEEKDAY_OF_DAY_0))
        return self.graph.node("Mod", days, self._int(7))

    def _month(self) -> str:
        """0 for January, as float64: Howard Hinnant's civil_from_days."""
        earlier = DAYS_BEFORE_1970 + PERIODS_EARLIER * DAYS_IN_400_YEARS
        days = self.graph.node("Add", self.days, self._int(earlier))
        of_period = self.graph.node("Mod", days, self._int(DAYS_IN_400_YEARS))
        leaps = [self._div(of_period, divisor) for divisor in (1_460, 36_524, 146_096)]
        without = self.graph.node("Sub", of_period, leaps[0])
        without = self.graph.node("Add", without, leaps[1])
        year = self._div(self.graph.node("Sub", without, leaps[2]), 365)
        before = self.graph.node("Mul", year, self._int(365))
        before = self.graph.node("Add", before, self._div(year, 4))
        before = self.graph.node("Sub", before, self._div(year, 100))
        of_year = self.graph.node("Sub", of_period, before)
        scaled = self.graph.node("Mul", of_year, self._int(5))
        from_march = self._div(self.graph.node("Add", scaled, self._int(2)), 153)
        from_january = self.graph.node("Add", from_march, self._int(2))
        return self._double(self.graph.node("Mod", from_january, self._int(12)))

    def _hour(self) -> str:
        return self._times(self._double(self.micros_of_day), 24 / MICROSECONDS_A_DAY)

    def _times(self, name: str, factor: float) -> str:
        return self.graph.node("Mul", name, self.graph.constant(np.array(factor)))

    def _div(self, dividend: str, divisor: int) -> str:
        return self.graph.node("Div", dividend, self._int(divisor))

    def _int(self, value: int) -> str:
        return self.graph.constant(np.array(value, dtype=np.int64))

    def _double(self, name: str) -> str:
        return self.graph.node("Cast", name, to=FLOAT64)

    def _number(self, name: str) -> str:
        return self.graph.node("Cast", name, to=self.number)
