"""Powers and logarithms to the last bit as Go computes them, which is not always C's."""

from __future__ import annotations

import math
from typing import Final

_LN2_HIGH: Final = 6.93147180369123816490e-01
_LN2_LOW: Final = 1.90821492927058770002e-10
_ODD: Final = (1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01)
_EVEN: Final = (1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01)
_FIRST: Final = 6.666666666666735130e-01
_HALF: Final = 0.5
_ENDLESS: Final = 2.0**63
_FARTHEST: Final = 2**12


def logarithm(value: float) -> float:
    """Return the natural logarithm of a positive number, by FreeBSD's series."""
    mantissa, exponent = math.frexp(value)
    if mantissa < math.sqrt(2) / 2:
        mantissa, exponent = mantissa * 2, exponent - 1
    over = mantissa - 1
    ratio = over / (2 + over)
    square = ratio * ratio
    fourth = square * square
    odd = even = 0.0
    for one, other in zip(_ODD, _EVEN, strict=True):
        odd, even = one + fourth * odd, other + fourth * even
    rest = square * (_FIRST + fourth * odd) + fourth * even
    half = _HALF * over * over
    low = ratio * (half + rest) + exponent * _LN2_LOW
    return exponent * _LN2_HIGH - ((half - low) - over)


def power(base: float, exponent: float) -> float:
    """Return ``base ** exponent``.

    Raises:
        OverflowError: the result is too large.
        ValueError: it is no real, finite number.
        ZeroDivisionError: the same.
    """
    fraction, whole = math.modf(abs(exponent))
    if not base or base == 1 or abs(exponent) in {0, _HALF} or whole >= _ENDLESS:
        return math.pow(base, exponent)
    if fraction and base < 0:
        raise ValueError(base)
    if fraction > _HALF:
        fraction, whole = fraction - 1, whole + 1
    mantissa = math.exp(fraction * logarithm(base)) if fraction else 1.0
    factor, scale = _whole_power(base, int(whole))
    mantissa *= factor
    if exponent < 0:
        mantissa, scale = 1 / mantissa, -scale
    return math.ldexp(mantissa, scale)


def _whole_power(base: float, exponent: int) -> tuple[float, int]:
    """Return mantissa and binary exponent of a power, by squaring."""
    mantissa, scale = 1.0, 0
    factor, doublings = math.frexp(base)
    while exponent:
        if abs(doublings) > _FARTHEST:
            return mantissa, scale + doublings
        if exponent & 1:
            mantissa, scale = mantissa * factor, scale + doublings
        factor, doublings, exponent = factor * factor, doublings * 2, exponent >> 1
        if abs(factor) < _HALF:
            factor, doublings = factor * 2, doublings - 1
    return mantissa, scale
