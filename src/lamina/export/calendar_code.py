"""The calendar parts of a date in Python and in C, as `lamina.encoding.calendar` has them."""

from __future__ import annotations

PYTHON = """

def _weekday(days):
    weekday = np.mod(np.floor(days) + 3, 7)
    return (weekday[:, np.newaxis] == np.arange(7)).astype("float64")


def _month(days):
    dates = np.nan_to_num(np.floor(days)).astype("datetime64[D]").astype("datetime64[M]")
    return _circle(np.where(np.isnan(days), np.nan, dates.astype("int64") % 12), 12)


def _hour(days):
    return _circle(np.mod(days, 1.0) * 24, 24)


def _circle(values, period):
    angles = 2 * np.pi / period * values
    return np.nan_to_num(np.stack([np.sin(angles), np.cos(angles)], axis=1))
"""
# The month is Howard Hinnant's civil_from_days. Days are counted from a 1st of March long ago, so
# that they are positive; a date out of all reason has no month.
C = """\
/* Parts of a date, given as days since 1970; 0 where it is missing. */
static inline void {name}_circle(double value, int period, double *encoded)
{{
    const double angle = 6.283185307179586 / period * value;
    encoded[0] = value == value ? sin(angle) : 0;
    encoded[1] = value == value ? cos(angle) : 0;
}}

static inline void {name}_weekday(double days, double *encoded)
{{
    const double day = floor(days) + 3, weekday = day - 7 * floor(day / 7);
    for (int i = 0; i < 7; i++) encoded[i] = weekday == i ? 1 : 0;
}}

static inline void {name}_month(double days, double *encoded)
{{
    double month = NAN;
    if (days > -1e8 && days < 1e8) {{
        const long long day = ((long long)floor(days) + 719468 + 800LL * 146097) % 146097;
        const long long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
        const long long of_year = day - (365 * year + year / 4 - year / 100);
        month = (double)(((5 * of_year + 2) / 153 + 2) % 12);
    }}
    {name}_circle(month, 12, encoded);
}}

static inline void {name}_hour(double days, double *encoded)
{{
    {name}_circle((days - floor(days)) * 24, 24, encoded);
}}

"""
