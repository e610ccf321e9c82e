"""Addresses: one canonical text, read back as it was, matched as people type it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import LamformError
from declarative.model.address import Address, PartKey, select

names = st.from_regex(r"[a-z_][a-z0-9_-]{0,8}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
addresses = (
    st.builds(Address, names, st.none() | texts)
    | st.builds(
        Address,
        names,
        st.none() | texts,
        st.sampled_from(["function", "tags", "alias", "permission"]),
        texts,
    )
    | st.builds(
        Address,
        names,
        st.none() | texts,
        st.sampled_from(["url", "permission", "provisioned_concurrency"]),
        texts,
        texts,
    )
)

RELEASES = [
    "release.checkout",
    'release.mail["eu"]',
    'release.mail["us"]',
    "release.mailer",
    'release.orders["a b.c"]',
]


@given(addresses)
def test_an_address_is_read_back_as_it_was_written(address: Address) -> None:
    assert Address.parse(str(address)) == address
    assert str(Address.parse(str(address))) == str(address)


@given(addresses, addresses)
def test_two_addresses_never_share_a_text(one: Address, other: Address) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(addresses)
def test_a_part_belongs_to_its_release(address: Address) -> None:
    part = PartKey(address.alias, address.kind, address.label)
    assert address.release.at(part) == address
    if address.kind:
        assert PartKey.parse(str(part)) == part
        assert str(address) == f"{address.release}.{part}"
    assert str(address).startswith(str(address.release))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("release.checkout", Address("checkout")),
        ('release.checkout["eu"]', Address("checkout", "eu")),
        ('release.checkout[""]', Address("checkout", "")),
        (
            'release.checkout["a\\"b\\\\c"].alias.live',
            Address("checkout", 'a"b\\c', "alias", "live"),
        ),
        ('release.checkout.alias["2024-06"]', Address("checkout", None, "alias", "2024-06")),
        (
            "release.checkout.alias.live.permission.apigw",
            Address("checkout", None, "permission", "apigw", "live"),
        ),
        (
            'release.checkout["eu"].alias["2024-06"].url',
            Address("checkout", "eu", "url", "", "2024-06"),
        ),
        ("release.checkout.alias.alias.url", Address("checkout", None, "url", "", "alias")),
    ],
)
def test_the_canonical_form(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "checkout",
        "release.",
        "release.2x",
        "release.a[eu]",
        'release.a["eu"',
        "release.a b",
        "release.a.alias.x.alias.y",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(LamformError, match="not the address"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("checkout", {0}),
        ("release.checkout", {0}),
        ("mail", {1, 2}),
        ('release.mail["eu"]', {1}),
        ("mail[eu]", {1}),
        ("mail[?u]", {1}),
        ("mail[*]", {1, 2}),
        ("mail*", {1, 2, 3}),
        ("*", {0, 1, 2, 3, 4}),
        ("c?eckout", {0}),
        ("orders[a b.c]", {4}),
        ("orders[a*]", {4}),
    ],
)
def test_patterns_as_people_type_them(pattern: str, chosen: set[int]) -> None:
    assert select(RELEASES, [pattern]) == {RELEASES[number] for number in chosen}


def test_several_patterns_choose_together_and_none_chooses_nothing() -> None:
    assert select(RELEASES, ["checkout", "mailer"]) == {"release.checkout", "release.mailer"}
    assert select(RELEASES, []) == frozenset()


@pytest.mark.parametrize("pattern", ["chekout", "mail[asia]", "[ce]heckout", "mail[", "checkout.x"])
def test_a_pattern_that_names_nothing_is_a_mistake(pattern: str) -> None:
    with pytest.raises(LamformError, match="No release matches"):
        select(RELEASES, [pattern])


def test_the_near_miss_is_named() -> None:
    with pytest.raises(LamformError, match=r"Did you mean release\.checkout\?"):
        select(RELEASES, ["chekout"])


@given(st.lists(st.builds(Address, names, st.none() | texts), min_size=1, max_size=5, unique=True))
def test_every_release_can_be_chosen_by_its_own_address(found: list[Address]) -> None:
    known = [str(address) for address in found]
    for address in found:
        assert str(address) in select(known, [str(address)])


@pytest.mark.parametrize("prefix", ["", "release."])
def test_a_part_where_a_release_is_chosen_names_its_release(prefix: str) -> None:
    for part in ("alias.live.url", "permission.apigw", "function"):
        with pytest.raises(LamformError, match=r"as a whole: release\.checkout\."):
            select(RELEASES, [f"{prefix}checkout.{part}"])
    parts = [*RELEASES, "release.checkout.alias.live.url"]
    assert select(parts, ["checkout.alias.live.url"]) == {"release.checkout.alias.live.url"}
