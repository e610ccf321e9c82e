"""Numbers of the language: exact integers, and decimals with guard digits.

Terraform computes in binary with 512 bits, about 154 digits. Decimals are computed
here with twenty digits more, and a result that is a short number up to those guard
digits becomes that number: ``10 / 3 * 3`` is 10, and ``0.1 + 0.2`` is 0.3.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

_DIGITS: Final = 154
_GUARD: Final = 20
_LARGEST_EXPONENT: Final = 1000  # beyond it a whole decimal stays one: 1e999999 is not spelled out
CONTEXT: Final = Context(_DIGITS + _GUARD, ROUND_HALF_EVEN, -999_999, 999_999, traps=[])
_SHOWN: Final = Context(_DIGITS, ROUND_HALF_EVEN, -999_999, 999_999, traps=[])


def number(value: int | Decimal) -> int | Decimal:
    """Return ``value`` in its one form: an ``int`` when it is whole."""
    if isinstance(value, int):
        return value
    rounded = value.normalize(_SHOWN)
    exact = rounded if len(rounded.as_tuple().digits) < _DIGITS - _GUARD else value
    if exact.adjusted() <= _LARGEST_EXPONENT and exact == exact.to_integral_value():
        return int(exact)
    return exact


def format_number(value: int | Decimal) -> str:
    """Return the digits of a number as Terraform writes them in strings and JSON."""
    if isinstance(value, int):
        return str(value)
    return f"{value.normalize(_SHOWN):f}"
