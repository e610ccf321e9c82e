"""``format`` and ``formatlist``: Go's verbs over values of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from declarative.errors import LamformError
from declarative.language.calls import Parameter, refuse
from declarative.language.functions.graphemes import clusters
from declarative.language.functions.json_text import encode, quoted
from declarative.language.functions.results import (
    LIST_OF_STRING,
    SEQUENCES,
    Number,
    function,
    items_of,
    number_of,
    string,
    strings,
    text,
    text_of,
)
from declarative.language.limits import check_text
from declarative.language.numbers import absolute, exact, format_number
from declarative.language.types import convert
from declarative.language.values import BOOL, NUMBER, STRING, Value

_WIDEST: Final = 100_000
_VERB: Final = re.compile(
    r"%(?:(?P<percent>%)|(?P<flags>[-+ 0#]*)(?P<width>[0-9]*)"
    r"(?P<point>\.(?P<precision>[0-9]*))?(?:\[(?P<index>[0-9]+)\])?(?P<verb>[a-zA-Z]?))"
)
_BASES: Final = {"d": ("d", ""), "b": ("b", "0b"), "o": ("o", "0"), "x": ("x", "0x")}
_SHORTEST_PRECISION: Final = 6  # the exponent from which %g without precision turns to %e
_SMALLEST_EXPONENT: Final = -4


@dataclass(frozen=True, slots=True)
class _Verb:
    """One verb of a format, such as ``%-8.3[2]f``."""

    source: str
    letter: str
    flags: frozenset[str]
    width: int
    precision: int | None


def render(template: str, arguments: Sequence[Value]) -> str:
    """Return ``template`` with its verbs replaced by the arguments they take.

    Raises:
        FunctionError: a verb that does not exist or does not fit its argument, or
            arguments that are missing or left over.
    """
    output: list[str] = []
    position = following = used = size = 0
    while (match := _next(template, position)) is not None:
        output.append(template[position : match.start()])
        position = match.end()
        if match["percent"]:
            output.append("%")
            continue
        verb = _verb(match)
        taken = int(match["index"]) - 1 if match["index"] else following
        if not 0 <= taken < len(arguments):
            raise refuse(
                f"{match[0]} at {match.start()} asks for argument {taken + 1}, "
                f"but {len(arguments)} follow the format"
            )
        output.append(_rendered(verb, arguments[taken], taken + 1))
        size += len(output[-1])
        check_text(size)
        following = taken + 1
        used = max(used, following)
    if used < len(arguments):
        raise refuse(f"too many arguments; the format uses only {used}", used + 1)
    return "".join([*output, template[position:]])


def _next(template: str, position: int) -> re.Match[str] | None:
    start = template.find("%", position)
    return _VERB.match(template, start) if start >= 0 else None


def _verb(match: re.Match[str]) -> _Verb:
    letter = match["verb"]
    if not letter or letter not in _VERBS:
        shown = match.string[match.start() : match.end() + (not letter)]
        raise refuse(f'there is no verb "{shown}"; a percent sign itself is written %%', 0)
    width, precision = int(match["width"] or 0), int(match["precision"] or 0)
    if max(width, precision) > _WIDEST:
        raise refuse(f"{match[0]} asks for more than {_WIDEST} characters", 0)
    exact = precision if match["point"] is not None else None
    return _Verb(match[0], letter, frozenset(match["flags"]), width, exact)


def _rendered(verb: _Verb, argument: Value, position: int) -> str:
    if argument.is_null and verb.letter != "v":
        raise refuse(f"{verb.source} has no form for null", position)
    try:
        return _VERBS[verb.letter](verb, argument)
    except LamformError as error:
        wanted = (
            "a bool" if verb.letter == "t" else "a string" if verb.letter in "sq" else "a number"
        )
        raise refuse(
            f"{verb.source} needs {wanted}, not a {argument.type.kind.value}", position
        ) from error


def _padded(verb: _Verb, shown: str) -> str:
    missing = verb.width - len(clusters(shown))
    if missing <= 0:
        return shown
    if "-" in verb.flags:
        return shown + " " * missing
    return ("0" if "0" in verb.flags else " ") * missing + shown


def _any(verb: _Verb, argument: Value) -> str:
    if argument.type == STRING and not argument.is_null and "#" not in verb.flags:
        return _padded(verb, text_of(argument))
    if argument.type == NUMBER and not argument.is_null and "#" not in verb.flags:
        return _padded(verb, _general(number_of(argument), None))
    return _padded(verb, encode(argument))


def _cut(verb: _Verb, argument: Value) -> str:
    shown = text_of(convert(argument, STRING))
    # A precision of zero is none at all, as in Terraform.
    return "".join(clusters(shown)[: verb.precision]) if verb.precision else shown


def _text(verb: _Verb, argument: Value) -> str:
    return _padded(verb, _cut(verb, argument))


def _quoted(verb: _Verb, argument: Value) -> str:
    return _padded(verb, quoted(_cut(verb, argument)))


def _flag(_: _Verb, argument: Value) -> str:
    return "true" if convert(argument, BOOL).content else "false"


def _signed(verb: _Verb, *, negative: bool, prefix: str, digits: str, zeros: bool = True) -> str:
    """Return a number with its sign and padding; ``zeros`` go between sign and digits."""
    sign = "-" if negative else "+" if "+" in verb.flags else " " if " " in verb.flags else ""
    missing = max(0, verb.width - len(sign) - len(prefix) - len(digits))
    if "-" in verb.flags:
        return sign + prefix + digits + " " * missing
    if zeros and "0" in verb.flags:
        return sign + prefix + "0" * missing + digits
    return " " * missing + sign + prefix + digits


def _integer(verb: _Verb, argument: Value) -> str:
    value = number_of(convert(argument, NUMBER))
    spelled = exact(value)
    if spelled != spelled.to_integral_value():
        raise refuse("a whole number is required")
    if not value and verb.precision == 0:
        return ""
    code, prefix = _BASES[verb.letter.lower()]
    size = spelled.copy_abs()
    digits = (f"{size:f}" if code == "d" else format(int(size), code)).rjust(
        verb.precision or 0, "0"
    )
    if "#" not in verb.flags:
        prefix = ""
    if verb.letter == "X":
        digits, prefix = digits.upper(), prefix.upper()
    padded = verb.precision is None
    return _signed(verb, negative=value < 0, prefix=prefix, digits=digits, zeros=padded)


def _real(verb: _Verb, argument: Value) -> str:
    value = number_of(convert(argument, NUMBER))
    size = absolute(value)
    match verb.letter:
        case "f":
            digits = _fixed(size, _SHORTEST_PRECISION if verb.precision is None else verb.precision)
        case "e" | "E":
            digits = _scientific(
                size, _SHORTEST_PRECISION if verb.precision is None else verb.precision
            )
        case _:
            digits = _general(size, verb.precision)
    if verb.letter.isupper():
        digits = digits.upper()
    return _signed(verb, negative=value < 0, prefix="", digits=digits)


def _fixed(value: Number, precision: int) -> str:
    return f"{exact(value):.{precision}f}"


def _scientific(value: Number, precision: int) -> str:
    if not value:
        return f"{0:.{precision}f}e+00"
    mantissa, exponent = f"{exact(value):.{precision}e}".split("e")
    return f"{mantissa}e{int(exponent):+03d}"


def _general(value: Number, precision: int | None) -> str:
    """Return the shorter of both notations, decided as Go's big.Float does."""
    shown = Decimal(format_number(value))
    kept = len(shown.as_tuple().digits) if precision is None else max(precision, 1)
    shown = (shown if precision is None else exact(value)).normalize(Context(kept, ROUND_HALF_EVEN))
    digits = len(shown.as_tuple().digits)
    exponent = shown.adjusted() if shown else 0
    limit = _SHORTEST_PRECISION if precision is None else max(precision, 1)
    if precision is not None and digits < limit and digits >= exponent + 1:
        limit = digits
    if shown and not _SMALLEST_EXPONENT <= exponent < limit:
        sign = "-" if shown < 0 else ""
        return sign + _scientific(shown.copy_abs(), digits - 1)
    return f"{shown:f}"


_VERBS: Final[dict[str, Callable[[_Verb, Value], str]]] = {
    "v": _any,
    "s": _text,
    "q": _quoted,
    "t": _flag,
    **dict.fromkeys("dboxX", _integer),
    **dict.fromkeys("eEfgG", _real),
}


def _format(given: Sequence[Value]) -> Value:
    return string(render(text_of(given[0]), given[1:]))


def _formatlist(given: Sequence[Value]) -> Value:
    lengths = {
        position: len(items_of(item))
        for position, item in enumerate(given[1:], start=1)
        if item.type.kind in SEQUENCES and not item.is_null  # a null list is one null
    }
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"argument {place} has {size}" for place, size in lengths.items())
        raise refuse(f"all lists must have the same length, but {shown}")
    rounds = next(iter(lengths.values()), 1)
    return strings(
        render(
            text_of(given[0]),
            [
                items_of(item)[turn] if position in lengths else item
                for position, item in enumerate(given[1:], start=1)
            ],
        )
        for turn in range(rounds)
    )


_ARGUMENTS: Final = Parameter("args", allow_null=True)

FUNCTIONS: Final = (
    function("format", [text("format")], _format, variadic=_ARGUMENTS, returns=STRING),
    function(
        "formatlist", [text("format")], _formatlist, variadic=_ARGUMENTS, returns=LIST_OF_STRING
    ),
)
