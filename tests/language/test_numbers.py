"""Laws of numbers: one form each, printed so that it can be read again, computed in 512 bits."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from declarative.errors import EvaluationError
from declarative.language import numbers
from declarative.language.numbers import Rounded, number

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda value: not value or abs(value.adjusted()) < 400
)
NUMBERS = st.one_of(
    st.integers(),
    st.integers(-(2**600), 2**600),
    DECIMALS,
    st.builds(
        lambda mantissa, places: Decimal(mantissa).scaleb(-places),
        st.integers(),
        st.integers(0, 300),
    ),
).map(number)


@given(NUMBERS)
def test_what_is_printed_reads_as_the_same_number(value: numbers.Number) -> None:
    assert number(value) == value
    assert number(Decimal(numbers.format_number(value))) == value
    assert type(number(value)) is type(value)


@given(NUMBERS)
def test_json_holds_a_number_as_it_reads_it_again(value: numbers.Number) -> None:
    assume(not value or abs(value) > Decimal("1e-300"))
    held = numbers.json_number(value)
    assert json.loads(json.dumps(held, allow_nan=False)) == held
    assert abs(Fraction(held) - Fraction(value)) <= abs(Fraction(value)) / 2**52


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("1e4299", 10**4299),
        ("-12e1500", -12 * 10**1500),
        ("0", 0),
        ("0.5", 0.5),
        ("5e-324", 5e-324),
    ],
)
def test_json_holds_large_numbers_by_all_their_digits(text: str, held: float) -> None:
    found = numbers.json_number(numbers.read_number(text))
    assert (found, type(found)) == (held, type(held))
    assert json.loads(json.dumps(found)) == held


@pytest.mark.parametrize("text", ["1e4300", "-1e5000", "1e-400", "-1e-9999"])
def test_json_does_not_hold_every_number(text: str) -> None:
    with pytest.raises(EvaluationError, match="Number out of range"):
        numbers.json_number(numbers.read_number(text))


def test_nothing_rounded_is_still_nothing() -> None:
    assert numbers.json_number(Rounded(0, 53)) == 0


@given(NUMBERS)
def test_a_number_is_off_by_no_more_than_half_its_last_bit(value: numbers.Number) -> None:
    exact = Fraction(numbers.exact(value))
    assert abs(exact - Fraction(value)) <= abs(exact) / 2**511
    assert exact == Fraction(numbers.exact(number(numbers.exact(value))))


@given(NUMBERS, NUMBERS)
def test_operations_round_once(left: numbers.Number, right: numbers.Number) -> None:
    one, other = Fraction(numbers.exact(left)), Fraction(numbers.exact(right))
    results = {
        one + other: numbers.add(left, right),
        one - other: numbers.subtract(left, right),
        one * other: numbers.multiply(left, right),
    }
    if other:
        results[one / other] = numbers.divide(left, right)
    for wanted, made in results.items():
        assert abs(Fraction(numbers.exact(made)) - wanted) <= abs(wanted) / 2**511


@given(st.integers(-(10**30), 10**30), st.integers(-(10**20), 10**20).filter(bool))
def test_whole_numbers_divide_as_in_go(left: int, right: int) -> None:
    rest = numbers.remainder(left, right)
    assert abs(rest) < abs(right)
    assert (left - rest) % right == 0
    assert rest == 0 or (rest < 0) == (left < 0)


@given(st.floats(allow_nan=False, allow_infinity=False, width=64).filter(bool))
def test_a_float_prints_as_itself_and_counts_as_all_its_digits(value: float) -> None:
    made = numbers.rounded(Decimal(value), 53)
    assert float(numbers.format_number(made)) == value
    assert Fraction(numbers.exact(made)) == Fraction(value)
    assert Fraction(numbers.exact(numbers.add(made, 0))) == Fraction(value)
    assert numbers.negate(numbers.negate(made)) == made
    assert made == number(Decimal(numbers.format_number(made))) or made == int(made)


def test_a_rounded_number_is_equal_to_what_prints_the_same() -> None:
    made = numbers.rounded(Decimal(2**0.5), 53)
    assert isinstance(made, Rounded)
    assert made == Decimal("1.4142135623730951")
    assert hash(made) == hash(Decimal("1.4142135623730951"))
    assert made != numbers.add(made, 0)
    assert made != "1.4142135623730951"
    assert numbers.rounded(2**64, 53) == 2**64


@pytest.mark.parametrize("value", ["1e10001", "-1e10001", "1e-10001", "1e999999999", "Infinity"])
def test_numbers_out_of_range_are_refused(value: str) -> None:
    with pytest.raises(EvaluationError, match="between 1e-10000 and 1e10000"):
        number(Decimal(value))
