"""Points in time, written as RFC 3339 has them, and distances between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from declarative.language.calls import refuse
from declarative.language.functions.results import function, number, string, text, text_of
from declarative.language.values import NUMBER, STRING, Value

_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?"
    r"(?:Z|([-+])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)
_DURATION: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_TOKEN: Final = re.compile(r"'((?:[^']|'')*)('?)|([A-Za-z])\3*|[^A-Za-z']+")
_SECOND: Final = 10**9  # in nanoseconds
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # the micro sign
    "μs": 10**3,  # the Greek letter, into which NFC does not turn it
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_LONGEST: Final = 2**63
_NOON: Final = 12
_DAY: Final = 86_400
# The calendar repeats every 400 years; Python's has neither year 0 nor year 10000.
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146_097
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, slots=True)
class _Moment:
    """A point in time: local days and seconds, nanoseconds, and the zone's offset."""

    days: int
    seconds: int
    nanoseconds: int
    offset: int  # seconds east of UTC

    @property
    def instant(self) -> tuple[int, int]:
        return self.days * _DAY + self.seconds - self.offset, self.nanoseconds

    @property
    def civil(self) -> tuple[int, int, int]:
        cycles, rest = divmod(self.days - 1, _CYCLE_DAYS)
        found = date.fromordinal(rest + 1)
        return found.year + cycles * _CYCLE_YEARS, found.month, found.day

    @property
    def clock(self) -> tuple[int, int, int]:
        return self.seconds // 3600, self.seconds // 60 % 60, self.seconds % 60

    def zone(self, colon: str) -> str:
        hours, minutes = divmod(abs(self.offset) // 60, 60)
        return f"{'-' if self.offset < 0 else '+'}{hours:02}{colon}{minutes:02}"


def _moment(given: Value, position: int) -> _Moment:
    match = _MOMENT.fullmatch(text_of(given))
    if match is None:
        raise refuse(
            f'"{text_of(given)}" is not a time in the form of RFC 3339, 2006-01-02T15:04:05Z',
            position,
        )
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        ordinal = date(year or _CYCLE_YEARS, month, day).toordinal()
    except ValueError as error:
        raise refuse(f'"{text_of(given)}" names a day that does not exist', position) from error
    days = ordinal if year else ordinal - _CYCLE_DAYS
    fraction = int((match[7] or "0")[:9].ljust(9, "0"))
    offset = (int(match[9] or 0) * 60 + int(match[10] or 0)) * 60
    seconds = (hour * 60 + minute) * 60 + second
    return _Moment(days, seconds, fraction, -offset if match[8] == "-" else offset)


def _duration(given: Value, position: int) -> int:
    """Return a duration such as ``1h30m`` in nanoseconds."""
    written = text_of(given)
    body = written[1:] if written[:1] in {"+", "-"} else written
    total = Fraction(0)
    end = 0
    while match := _DURATION.match(body, end):
        if not match[1] and not match[2]:
            break
        whole, fraction = match[1] or "0", match[2] or "0"
        amount = Fraction(int(whole)) + Fraction(int(fraction), 10 ** len(fraction))
        total += int(amount * _UNITS[match[3]])
        end = match.end()
    if body != "0" and (end != len(body) or not body):
        raise refuse(f'"{written}" is not a duration such as "1h30m" or "-10s"', position)
    if total >= _LONGEST:
        raise refuse(f'"{written}" is too long: at most 292 years can be added', position)
    return int(-total if written.startswith("-") else total)


def _timeadd(given: Sequence[Value]) -> Value:
    moment = _moment(given[0], 0)
    carried, nanoseconds = divmod(moment.nanoseconds + _duration(given[1], 1), _SECOND)
    days, seconds = divmod(moment.days * _DAY + moment.seconds + carried, _DAY)
    return string(_written(replace(moment, days=days, seconds=seconds, nanoseconds=nanoseconds)))


def _written(moment: _Moment) -> str:
    year, month, day = moment.civil
    hour, minute, second = moment.clock
    zone = moment.zone(":") if moment.offset else "Z"
    shown = f"-{-year:04}" if year < 0 else f"{year:04}"
    return f"{shown}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"


def _timecmp(given: Sequence[Value]) -> Value:
    one, other = _moment(given[0], 0).instant, _moment(given[1], 1).instant
    return number((one > other) - (one < other))


def _formatdate(given: Sequence[Value]) -> Value:
    template, moment = text_of(given[0]), _moment(given[1], 1)
    forms = _forms(moment)
    output: list[str] = []
    end = 0
    while match := _TOKEN.match(template, end):
        end = match.end()
        if match[1] is not None:
            if not match[2]:
                raise refuse("a literal text that begins with ' must end with '", 0)
            output.append(match[1].replace("''", "'") or "'")
        elif match[3]:
            if match[0] not in forms:
                raise refuse(
                    f'"{match[0]}" is no part of a date; put text in single quotes, and see '
                    "the forms: YYYY YY MMMM MMM MM M DD D EEEE EEE hh h HH H AA aa mm m ss s "
                    "ZZZZZ ZZZZ ZZZ Z",
                    0,
                )
            output.append(forms[match[0]])
        else:
            output.append(match[0])
    return string("".join(output))


def _forms(moment: _Moment) -> dict[str, str]:
    year, month, day = moment.civil
    hour, minute, second = moment.clock
    half = "PM" if hour >= _NOON else "AM"
    weekday = _DAYS[(moment.days - 1) % 7]
    forms = {
        "YYYY": f"{year:04}",
        "YY": f"{year % 100:02}",
        "MMMM": _MONTHS[month - 1],
        "MMM": _MONTHS[month - 1][:3],
        "EEEE": weekday,
        "EEE": weekday[:3],
        "AA": half,
        "aa": half.lower(),
        "ZZZZZ": moment.zone(":"),
        "ZZZZ": moment.zone(""),
        "ZZZ": moment.zone("") if moment.offset else "UTC",
        "Z": moment.zone(":") if moment.offset else "Z",
    }
    numbers = (month, day, hour, hour % _NOON or _NOON, minute, second)
    for letter, amount in zip("MDhHms", numbers, strict=True):
        forms[letter], forms[letter * 2] = str(amount), f"{amount:02}"
    return forms


FUNCTIONS: Final = (
    function("formatdate", [text("format"), text("time")], _formatdate, returns=STRING),
    function("timeadd", [text("timestamp"), text("duration")], _timeadd, returns=STRING),
    function("timecmp", [text("timestamp_a"), text("timestamp_b")], _timecmp, returns=NUMBER),
)
