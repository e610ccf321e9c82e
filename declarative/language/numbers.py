"""Numbers of the language: Terraform's binary floats, kept as the decimals that they print.

Terraform computes in binary with 512 bits and writes the shortest decimal that names the
result among all numbers of that size. That decimal stands for the number here: an ``int``
when it is whole, a `Decimal` otherwise. Every operation goes from the decimals to the binary
numbers, computes, rounds once and goes back, so that results and digits are Terraform's.

A few functions of Terraform round to fewer bits, which shows in what is printed and not in
what is computed from there: those are `Rounded`.
"""

from __future__ import annotations

from decimal import (
    MAX_EMAX,
    MAX_PREC,
    MIN_EMIN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    InvalidOperation,
)
from math import isfinite
from typing import Final, NamedTuple, Self

from declarative.errors import EvaluationError

Number = int | Decimal

_BITS: Final = 512
_SAFE_DIGITS: Final = 153  # decimals no longer than this are all different in 512 bits
_LONGEST_WHOLE: Final = 1000  # beyond it a whole decimal stays one: 1e9999 is not spelled out
_LARGEST_EXPONENT: Final = 10_000
_LONGEST_JSON: Final = 4300  # what Python and pydantic read of one number in JSON
_EXACT: Final = Context(MAX_PREC, ROUND_HALF_EVEN, MIN_EMIN, MAX_EMAX, traps=[])


class Rounded(Decimal):
    """A number that was rounded to ``bits`` and prints with as many digits as they need.

    As in Terraform such a number equals one that prints the same, and a whole one its equal;
    less and greater go by size.
    """

    __slots__ = ("bits",)
    bits: int

    def __new__(cls, value: Number, bits: int) -> Self:
        """Return ``value`` with the number of bits to print it with."""
        made = super().__new__(cls, value)
        made.bits = bits
        return made

    def __eq__(self, other: object) -> bool:
        """Return whether the numbers have the same size, or print the same."""
        if isinstance(other, int | Decimal):
            return self._named() == (other._named() if isinstance(other, Rounded) else other)
        return NotImplemented

    def __ne__(self, other: object) -> bool:
        """Return whether the numbers differ."""
        return not self == other

    def __hash__(self) -> int:
        """Return the hash of the number that it equals."""
        return hash(self._named())

    def _named(self) -> Decimal:
        plain = Decimal(self)
        return plain if plain == plain.to_integral_value() else Decimal(format_number(self))


class _Binary(NamedTuple):
    """``mantissa * 2 ** exponent``."""

    mantissa: int
    exponent: int


def number(value: Number) -> Number:
    """Return the number of the language nearest to ``value``, in its one form.

    Raises:
        EvaluationError: it is too large or too small to compute with.
    """
    if isinstance(value, Rounded):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _BITS else _number_of(_nearest(value, 1, _BITS))
    if not value:
        return 0
    _check_size(value)
    shown = value.normalize(_EXACT)
    if len(shown.as_tuple().digits) > _SAFE_DIGITS:
        return _number_of(_nearest(*value.as_integer_ratio(), _BITS))
    return _whole_or_decimal(shown)


def read_number(text: str) -> Number:
    """Return the number that decimal digits spell, with a fraction and an exponent or without.

    Raises:
        EvaluationError: it is too large or too small to compute with.
    """
    try:
        return number(Decimal(text))
    except InvalidOperation:  # not even the exponent can be computed with
        return number(Decimal("Infinity"))


def rounded(value: Number, bits: int) -> Number:
    """Return ``value``, rounded to ``bits``: `Rounded` where that shows when it is printed."""
    return _number_of(_nearest(*value.as_integer_ratio(), bits), bits)


def of_integer(value: int) -> Number:
    """Return an integer that keeps all its digits, however many they are."""
    return value if value.bit_length() <= _BITS else Rounded(value, value.bit_length())


def format_number(value: Number) -> str:
    """Return the digits of a number as Terraform writes them in strings and JSON."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Rounded):
        return f"{_shortest(_binary(value), value.bits):f}"
    return f"{value.normalize(_EXACT):f}"


def json_number(value: Number) -> int | float:
    """Return a number as JSON holds it: what is no whole number of moderate size as a float.

    Raises:
        EvaluationError: no float is near it, and it has too many digits to be read as they are.
    """
    if isinstance(value, int):
        return value
    near = float(value)
    if isfinite(near) and (near or not value):
        return near
    if near and value.adjusted() < _LONGEST_JSON:
        return int(value)
    raise EvaluationError.of(
        "Number out of range",
        f"Numbers that plans and state keep have at most {_LONGEST_JSON} digits before the point, "
        "and lie no closer to zero than 5e-324. Give this one as a string, with tostring(), or in "
        "another unit.",  # it may be secret: it is not shown
    )


def exact(value: Number) -> Decimal:
    """Return all digits of the binary number that ``value`` stands for."""
    return _spelled(_binary(value))


def negate(value: Number) -> Number:
    """Return ``-value``."""
    if isinstance(value, int):
        return -value
    negative = value.copy_negate()
    return Rounded(negative, value.bits) if isinstance(value, Rounded) else negative


def absolute(value: Number) -> Number:
    """Return ``value`` without its sign."""
    return negate(value) if value < 0 else value


def add(left: Number, right: Number) -> Number:
    """Return ``left + right``."""
    if isinstance(left, int) and isinstance(right, int) and _small(left) and _small(right):
        return number(left + right)
    total = _sum(_binary(left), _binary(right))
    return _result(total, max(_bits(left), _bits(right)))


def subtract(left: Number, right: Number) -> Number:
    """Return ``left - right``."""
    return add(left, negate(right))


def multiply(left: Number, right: Number) -> Number:
    """Return ``left * right``."""
    if isinstance(left, int) and isinstance(right, int) and _small(left) and _small(right):
        return number(left * right)
    product = _product(_binary(left), _binary(right))
    within = _round(product, _BITS)
    least = within.mantissa.bit_length()  # a product keeps all its bits as far as there is room
    return _result(within, max(_bits(left), _bits(right), least))


def divide(left: Number, right: Number) -> Number:
    """Return ``left / right``; ``right`` is not zero."""
    if isinstance(left, int) and isinstance(right, int) and left % right == 0 and _small(left):
        return left // right
    bits = max(_bits(left), _bits(right))
    return _number_of(_quotient(left, right, bits), bits)


def remainder(left: Number, right: Number) -> Number:
    """Return what is left of a division cut towards zero, as Go and Terraform do.

    Each of their steps rounds to the bits that the number on the left has.
    """
    bits = _bits(left)
    quotient = _quotient(left, right, max(bits, _bits(right)))
    times = _round(_Binary(-_truncated(quotient), 0), bits)
    taken = _round(_product(_binary(right), times), bits)
    return _result(_sum(_binary(left), taken), bits)


def _small(value: int) -> bool:
    return value.bit_length() <= _BITS


def _bits(value: Number) -> int:
    return value.bits if isinstance(value, Rounded) else _BITS


def _binary(value: Number) -> _Binary:
    """Return the binary number that ``value`` stands for."""
    if isinstance(value, int) and _small(value):
        return _Binary(value, 0)
    return _nearest(*value.as_integer_ratio(), max(_bits(value), _BITS))


def _sum(left: _Binary, right: _Binary) -> _Binary:
    low = min(left.exponent, right.exponent)
    total = (left.mantissa << left.exponent - low) + (right.mantissa << right.exponent - low)
    return _Binary(total, low)


def _product(left: _Binary, right: _Binary) -> _Binary:
    return _Binary(left.mantissa * right.mantissa, left.exponent + right.exponent)


def _quotient(left: Number, right: Number, bits: int) -> _Binary:
    one, other = _binary(left), _binary(right)
    shift = one.exponent - other.exponent
    sign = -1 if other.mantissa < 0 else 1
    return _nearest(
        sign * (one.mantissa << max(shift, 0)), abs(other.mantissa) << max(-shift, 0), bits
    )


def _truncated(value: _Binary) -> int:
    size = abs(value.mantissa)
    whole = size << value.exponent if value.exponent >= 0 else size >> -value.exponent
    return -whole if value.mantissa < 0 else whole


def _nearest(numerator: int, denominator: int, bits: int) -> _Binary:
    """Return the binary number of so many bits nearest to a fraction, the even one of two."""
    size = abs(numerator)
    if not size:
        return _Binary(0, 0)
    shift = bits + 1 - (size.bit_length() - denominator.bit_length())
    mantissa, rest = divmod(size << max(shift, 0), denominator << max(-shift, 0))
    beyond = mantissa.bit_length() - bits
    half, low = 1 << beyond - 1, mantissa & ((1 << beyond) - 1)
    mantissa >>= beyond
    if low > half or (low == half and (rest or mantissa & 1)):
        mantissa += 1
    spare = (mantissa & -mantissa).bit_length() - 1
    sign = -1 if numerator < 0 else 1
    return _Binary(sign * (mantissa >> spare), beyond - shift + spare)


def _round(value: _Binary, bits: int) -> _Binary:
    mantissa, exponent = _nearest(value.mantissa, 1, bits)
    return _Binary(mantissa, exponent + value.exponent)


def _result(value: _Binary, bits: int) -> Number:
    return _number_of(_round(value, bits), bits)


def _number_of(value: _Binary, bits: int = _BITS) -> Number:
    """Return the number of the language for a binary number of so many bits."""
    mantissa, exponent = value
    if exponent >= 0 and mantissa.bit_length() + exponent <= min(bits, _BITS):
        return mantissa << exponent
    if bits > _BITS:
        return Rounded(_spelled(value), bits)
    shown = _shortest(value, _BITS)
    _check_size(shown)
    return _whole_or_decimal(shown) if bits == _BITS else Rounded(shown, bits)


def _whole_or_decimal(shown: Decimal) -> Number:
    if shown.adjusted() <= _LONGEST_WHOLE and shown == shown.to_integral_value():
        return int(shown)
    return shown


def _check_size(value: Decimal) -> None:
    if not value.is_finite() or (value and abs(value.adjusted()) > _LARGEST_EXPONENT):
        limits = f"between 1e-{_LARGEST_EXPONENT} and 1e{_LARGEST_EXPONENT}"
        detail = f"Numbers to compute with lie {limits}, or are zero."
        raise EvaluationError.of("Number out of range", detail)


def _shortest(value: _Binary, bits: int) -> Decimal:
    """Return the shortest decimal between the middles to the two neighbours, as Go finds it."""
    if not value.mantissa:
        return Decimal(0)
    spare = bits + 1 - value.mantissa.bit_length()
    middle = abs(value.mantissa) << spare  # its last bit is half of what tells neighbours apart
    closed = middle & 2 == 0
    low, (digits, point), high = (
        _digits(_Binary(item, value.exponent - spare)) for item in (middle - 1, middle, middle + 1)
    )
    for place, digit in enumerate(digits):
        count = place + 1
        below = low[0][place : place + 1] or "0"
        above = high[0][place : place + 1] or "0"
        down = below != digit or (closed and count == len(low[0]))
        up = digit != above and (closed or int(digit) + 1 < int(above) or count < len(high[0]))
        if not (down or up):
            continue
        more = up and not (down and not _rounds_up(digits, count))
        kept = _EXACT.add(Decimal(digits[:count]), Decimal(more))
        shown = kept.scaleb(point - count, _EXACT).normalize(_EXACT)
        return shown.copy_negate() if value.mantissa < 0 else shown
    return _spelled(value)


def _spelled(value: _Binary) -> Decimal:
    mantissa, exponent = value
    if exponent >= 0:
        return Decimal(mantissa << exponent)
    return Decimal(mantissa * 5**-exponent).scaleb(exponent, _EXACT)


def _digits(value: _Binary) -> tuple[str, int]:
    """Return the digits of a positive number, and how many of them stand before the point."""
    mantissa, exponent = value
    spelled = mantissa << exponent if exponent >= 0 else mantissa * 5**-exponent
    digits = str(Decimal(spelled))
    return digits.rstrip("0"), len(digits) + min(exponent, 0)


def _rounds_up(digits: str, count: int) -> bool:
    """Return whether the digits after the first ``count`` are more than half, or half and odd."""
    rest = digits[count:]
    if rest == "5":
        return int(digits[count - 1]) % 2 == 1
    return rest >= "5"
