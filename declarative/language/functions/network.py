"""Addresses and prefixes of IP networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from declarative.language.calls import FunctionError, refuse
from declarative.language.functions.results import (
    boolean,
    function,
    numeric,
    scalar,
    string,
    strings,
    text,
    text_of,
    whole,
)
from declarative.language.values import BOOL, STRING, Kind, Type, Value

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_PREFIX: Final = re.compile(r"([0-9A-Fa-f:.]+)/([0-9]+)")
_LEADING_ZEROS: Final = re.compile(r"(?<![0-9A-Fa-f:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])")
_MOST_NEW_BITS: Final = 32
_IPV4: Final = 4


def _network(value: Value, position: int = 0) -> _Network:
    given = text_of(value)
    match = _PREFIX.fullmatch(given)
    try:
        if match is not None:
            return ipaddress.ip_network((_decimal(match[1]), int(match[2])), strict=False)
    except ValueError as error:
        raise _no_prefix(given, position) from error
    raise _no_prefix(given, position)


def _no_prefix(given: str, position: int) -> FunctionError:
    return refuse(f'"{given}" is not a prefix such as 10.0.0.0/16', position)


def _decimal(address: str) -> str:
    # Terraform reads 010 as ten, as it did before Go's parser became strict.
    return address if ":" in address else _LEADING_ZEROS.sub("", address)


def _at(network: _Network, number: int) -> str:
    made = ipaddress.IPv4Address if network.version == _IPV4 else ipaddress.IPv6Address
    return str(made(number))


def _cidrhost(given: Sequence[Value]) -> Value:
    network, number = _network(given[0]), whole(given[1], "host number", 1, bits=128)
    place = number + network.num_addresses if number < 0 else number
    if not 0 <= place < network.num_addresses:
        raise refuse(f"the prefix {network} has no host numbered {number}", 1)
    return string(_at(network, int(network.network_address) + place))


def _cidrnetmask(given: str) -> Value:
    network = _network(Value(STRING, given))
    if network.version != _IPV4:
        raise refuse("only an IPv4 prefix has a netmask", 0)
    return string(str(network.netmask))


def _cidrsubnet(given: Sequence[Value]) -> Value:
    network = _network(given[0])
    bits, number = (
        whole(given[1], "number of new bits", 1),
        whole(given[2], "subnet number", 2, bits=128),
    )
    if bits < 0:
        raise refuse("the number of new bits must not be negative", 1)
    free = network.max_prefixlen - network.prefixlen - bits
    if free < 0:
        raise refuse(f"{network} cannot be extended by {bits} bits", 1)
    if not 0 <= number < 1 << bits:
        raise refuse(f"{bits} new bits do not make a subnet numbered {number}", 2)
    start = int(network.network_address) + (number << free)
    return string(f"{_at(network, start)}/{network.prefixlen + bits}")


def _cidrsubnets(given: Sequence[Value]) -> Value:
    network = _network(given[0])
    start = int(network.network_address)
    end = start + network.num_addresses
    found: list[str] = []
    for position, item in enumerate(given[1:], start=1):
        bits = whole(item, "number of new bits", position)
        if not 1 <= bits <= _MOST_NEW_BITS:
            raise refuse(f"a prefix is extended by 1 to {_MOST_NEW_BITS} bits here", position)
        length = network.prefixlen + bits
        if length > network.max_prefixlen:
            raise refuse(f"{network} cannot be extended by {bits} bits", position)
        size = 1 << (network.max_prefixlen - length)
        start = -(-start // size) * size
        if start + size > end:
            raise refuse(f"{network} has no room left for a subnet with {bits} more bits", position)
        found.append(f"{_at(network, start)}/{length}")
        start += size
    return strings(found)


def _cidrcontains(given: Sequence[Value]) -> Value:
    network, inner = _network(given[0]), text_of(given[1])
    if "/" in inner:
        contained = _network(given[1], 1)
    else:
        try:
            contained = ipaddress.ip_network(_decimal(inner))
        except ValueError as error:
            raise refuse(f'"{inner}" is neither an address nor a prefix', 1) from error
    if contained.version != network.version:
        raise refuse("one is IPv4, the other IPv6", 1)
    first, last = int(network.network_address), int(network.broadcast_address)
    inside = first <= int(contained.network_address) <= int(contained.broadcast_address) <= last
    return boolean(inside)


FUNCTIONS: Final = (
    function("cidrhost", [text("prefix"), numeric("hostnum")], _cidrhost, returns=STRING),
    scalar("cidrnetmask", text("prefix"), _cidrnetmask, STRING),
    function(
        "cidrsubnet",
        [text("prefix"), numeric("newbits"), numeric("netnum")],
        _cidrsubnet,
        returns=STRING,
    ),
    function(
        "cidrsubnets",
        [text("prefix")],
        _cidrsubnets,
        variadic=numeric("newbits"),
        returns=Type(Kind.LIST, element=STRING),
    ),
    function(
        "cidrcontains",
        [text("containing_prefix"), text("contained_ip_or_prefix")],
        _cidrcontains,
        returns=BOOL,
    ),
)
