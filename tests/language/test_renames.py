"""Expressions that read a release still read it once it has another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.language.nodes import TupleConstructor, Variable
from declarative.language.renames import renamed
from declarative.language.scopes import extended, indexed, traversal
from declarative.language.syntax import unparse
from declarative.model.address import Address

ONE, KEYED = Address("one"), Address("many", "eu-1")


@pytest.mark.parametrize(
    ("residual", "origin", "destination", "expected"),
    [
        ("release.one.function.version", ONE, Address("two"), "release.two.function.version"),
        (
            "release.one.function.version",
            ONE,
            Address("two", 'a"b'),
            'release.two["a\\"b"].function.version',
        ),
        (
            'upper(release.many["eu-1"].alias.live.version)',
            KEYED,
            ONE,
            "upper(release.one.alias.live.version)",
        ),
        (
            '"v${release.one.function.version}-${var.stage}"',
            ONE,
            Address("two"),
            '"v${release.two.function.version}-${var.stage}"',
        ),
        (
            "{ a = [release.one.function.version, release.ones.function.version] }",
            ONE,
            Address("two"),
            "{ a = [release.two.function.version, release.ones.function.version] }",
        ),
    ],
)
def test_the_release_is_read_under_its_new_name(residual, origin, destination, expected) -> None:
    assert renamed(residual, origin, destination) == expected


@pytest.mark.parametrize(
    "residual",
    [
        "var.one",
        'release.one["eu"].function.version',
        "release.ones.function.version",
        '"release.one is text"',
        'release.many["us"].function.version',
        "{ one = 1 }",
    ],
)
def test_what_reads_another_release_stays_letter_by_letter(residual) -> None:
    assert renamed(residual, ONE, Address("two")) == residual
    assert renamed(residual, KEYED, Address("two")) == residual


names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
addresses = st.builds(Address, names, st.none() | st.text(max_size=8))


def reading(address: Address) -> str:
    whole = indexed(traversal("release", address.name), address.key)
    return unparse(TupleConstructor((extended(whole, "function", "version"), Variable("x"))))


@given(addresses, addresses)
def test_a_rename_and_its_way_back_are_nothing(origin, destination) -> None:
    there = renamed(reading(origin), origin, destination)
    assert there == reading(destination)
    assert renamed(there, destination, origin) == reading(origin)
