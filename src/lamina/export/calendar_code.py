"""Calendar parts of a date in Python and C, as defined in `lamina.encoding.calendar`.

Each quantity and each form is a function; a part is a form of a quantity.
"""

from __future__ import annotations

from lamina.encoding.calendar import PARTS, PartForm

PYTHON = """

def _weekday(days):
    return np.mod(np.floor(days) + 3, 7)


def _weekend(days):
    return np.where(np.isnan(days), np.nan, _weekday(days) >= 5)


def _dates(days):
    return np.nan_to_num(np.floor(days)).astype("datetime64[D]")


def _month(days):
    months = _dates(days).astype("datetime64[M]").astype("int64") % 12
    return np.where(np.isnan(days), np.nan, months)


def _day_of_month(days):
    dates = _dates(days)
    since = (dates - dates.astype("datetime64[M]")).astype("int64")
    return np.where(np.isnan(days), np.nan, since)


def _day_of_year(days):
    dates = _dates(days)
    since = (dates - dates.astype("datetime64[Y]")).astype("int64")
    return np.where(np.isnan(days), np.nan, since)


def _date_of_year(days):
    return 31 * _month(days) + _day_of_month(days)


def _decade(days):
    years = _dates(days).astype("datetime64[Y]").astype("int64") + 1970
    return np.where(np.isnan(days), np.nan, (years - 2000) / 10)


def _hour(days):
    return np.mod(days, 1.0) * 24


def _whole_hour(days):
    return np.mod(np.floor(_hour(days) + 1e-6), 24)


def _places(values, period):
    return (values[:, np.newaxis] == np.arange(period)).astype("float64")


def _circle(values, period):
    angles = 2 * np.pi / period * values
    return np.nan_to_num(np.stack([np.sin(angles), np.cos(angles)], axis=1))


def _plain(values, period):
    return np.nan_to_num(values)[:, np.newaxis]
"""
# Howard Hinnant's civil_from_days. Days are counted from a 1st of March long ago, so that they are
# positive; a date outside the supported range has no month.
C = """\
/* Parts of a date, given as days since 1970; 0 where it is missing. */
static inline void {name}_places(double value, double period, double *encoded)
{{
    for (int i = 0; i < (int)period; i++) encoded[i] = value == i ? 1 : 0;
}}

static inline void {name}_circle(double value, double period, double *encoded)
{{
    const double angle = 6.283185307179586 / period * value;
    encoded[0] = value == value ? sin(angle) : 0;
    encoded[1] = value == value ? cos(angle) : 0;
}}

static inline void {name}_plain(double value, double period, double *encoded)
{{
    (void)period;
    encoded[0] = value == value ? value : 0;
}}

static inline double {name}_weekday(double days)
{{
    const double day = floor(days) + 3;
    return day - 7 * floor(day / 7);
}}

static inline double {name}_weekend(double days)
{{
    return days == days ? ({name}_weekday(days) >= 5 ? 1 : 0) : NAN;
}}

/* Year; month, day of the month and day of the year from 0. */
static inline void {name}_date(double days, double *date)
{{
    for (int i = 0; i < 4; i++) date[i] = NAN;
    if (days > -1e8 && days < 1e8) {{
        const long long all = (long long)floor(days) + 719468 + 800LL * 146097;
        const long long day = all % 146097, period = all / 146097;
        const long long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
        const long long of_year = day - (365 * year + year / 4 - year / 100);
        const long long month = (5 * of_year + 2) / 153;
        const long long is_next = month >= 10 ? 1 : 0;
        const long long is_leap = year % 4 == 0 && (year % 100 != 0 || year == 0) ? 1 : 0;
        date[0] = (double)(400 * (period - 800) + year + is_next);
        date[1] = (double)((month + 2) % 12);
        date[2] = (double)(of_year - (153 * month + 2) / 5);
        date[3] = (double)(is_next ? of_year - 306 : of_year + 59 + is_leap);
    }}
}}

static inline double {name}_decade(double days)
{{
    double date[4];
    {name}_date(days, date);
    return (date[0] - 2000) / 10;
}}

static inline double {name}_month(double days)
{{
    double date[4];
    {name}_date(days, date);
    return date[1];
}}

static inline double {name}_day_of_month(double days)
{{
    double date[4];
    {name}_date(days, date);
    return date[2];
}}

static inline double {name}_day_of_year(double days)
{{
    double date[4];
    {name}_date(days, date);
    return date[3];
}}

static inline double {name}_date_of_year(double days)
{{
    double date[4];
    {name}_date(days, date);
    return 31 * date[1] + date[2];
}}

static inline double {name}_hour(double days)
{{
    return (days - floor(days)) * 24;
}}

static inline double {name}_whole_hour(double days)
{{
    const double hour = floor({name}_hour(days) + 1e-6);
    return hour >= 24 ? hour - 24 : hour;
}}

"""
FORMS: dict[PartForm, str] = {"one-hot": "places", "cyclic": "circle", "number": "plain"}


def in_python(part: str, days: str) -> str:
    """Return the call that computes a part's columns."""
    found = PARTS[part]
    return f"_{FORMS[found.form]}(_{found.quantity}({days}), {found.period!r})"


def in_c(name: str, part: str, days: str, encoded: str) -> str:
    """Return the statement that sets a part's columns."""
    found = PARTS[part]
    quantity = f"{name}_{found.quantity}({days})"
    return f"{name}_{FORMS[found.form]}({quantity}, {found.period!r}, {encoded});"
