"""Lists, tuples and what they share with other values: length, order, choice.

Whether a result is a list or a tuple follows the arguments, as in Terraform. Most of
these move elements without looking at them; see `structural`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from declarative.language.calls import Parameter, refuse
from declarative.language.functions.graphemes import clusters
from declarative.language.functions.results import (
    LIST_OF_ANY,
    LIST_OF_STRING,
    ORDERED,
    SEQUENCES,
    boolean,
    carried,
    element_type,
    function,
    items_of,
    list_of,
    number,
    numeric,
    plain,
    require,
    structural,
    text_of,
    whole,
)
from declarative.language.limits import MOST_ELEMENTS, check_elements
from declarative.language.marks import inner
from declarative.language.nodes import Call, Expression, Index, Literal
from declarative.language.ordering import identity
from declarative.language.types import convert, unify
from declarative.language.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    Kind,
    Type,
    Value,
    tuple_of,
)

_LIST_OF_BOOL: Final = Type(Kind.LIST, element=BOOL)
_A_LIST: Final = "a list or tuple"
_A_COLLECTION: Final = "a list, set or tuple"


def _like(source: Value, items: Sequence[Value]) -> Value:
    """Return the items as a list if ``source`` is a list or a set, else as a tuple."""
    if source.type.kind is Kind.TUPLE:
        return tuple_of(items)
    return list_of(element_type(source.type), items)


def _length(given: Sequence[Value]) -> Value:
    match given[0].content:
        case str(characters):
            return number(len(clusters(characters)))
        case tuple() | dict() as content:
            return number(len(content))
        case _:
            raise refuse(
                f"only strings and collections have a length, not a {given[0].type.kind.value}", 0
            )


def _element(given: Sequence[Value]) -> Value:
    items = items_of(require(given[0], ORDERED, _A_LIST))
    index = whole(given[1], "index", 1)
    if index < 0:
        raise refuse("the index must not be negative", 1)
    if not items:
        raise refuse("an empty list has no elements", 0)
    return items[index % len(items)]


def _slice(given: Sequence[Value]) -> Value:
    items = items_of(require(given[0], ORDERED, _A_LIST))
    start, end = whole(given[1], "start index", 1), whole(given[2], "end index", 2)
    if start < 0:
        raise refuse("the start index must not be negative", 1)
    if end > len(items):
        raise refuse(f"the end index {end} is beyond the {len(items)} elements", 2)
    if start > end:
        raise refuse(f"the start index {start} is greater than the end index {end}", 1)
    return _like(given[0], items[start:end])


def _reverse(given: Sequence[Value]) -> Value:
    return _like(given[0], items_of(require(given[0], SEQUENCES, _A_COLLECTION))[::-1])


def _index(given: Sequence[Value]) -> Value:
    items = items_of(require(given[0], ORDERED, _A_LIST))
    if given[1] not in items:
        raise refuse("no element equals the value (of the same type)", 1)
    return number(items.index(given[1]))


def _contains(given: Sequence[Value]) -> Value:
    return boolean(given[1] in items_of(require(given[0], SEQUENCES, _A_COLLECTION)))


def _concat(given: Sequence[Value]) -> Value:
    if not given:
        raise refuse("at least one argument is required")
    for position, argument in enumerate(given):
        require(argument, ORDERED, _A_LIST, position)
    check_elements(sum(len(items_of(argument)) for argument in given))
    joined = [item for argument in given for item in items_of(argument)]
    if all(argument.type.kind is Kind.LIST for argument in given):
        types = {element_type(argument.type) for argument in given} - {DYNAMIC}
        element = unify(sorted(types, key=repr)) if types else DYNAMIC
        if element is not None:
            return list_of(element, (convert(item, element) for item in joined))
    return tuple_of(joined)


def _leaves(given: Sequence[Value]) -> Iterator[Value]:
    for item in given:
        if item.type.kind in SEQUENCES and isinstance(item.content, tuple):
            children = enumerate(item.content)
            yield from _leaves([inner(item, child, _at(item, i)) for i, child in children])
        else:
            yield item


def _at(container: Value, index: int) -> Callable[[Expression], Expression]:
    """Return what writes down the element at ``index`` of a nested container."""

    def rebuild(source: Expression) -> Expression:
        ordered = Call("tolist", (source,)) if container.type.kind is Kind.SET else source
        return Index(ordered, Literal(index))

    return rebuild


def _flatten(given: Sequence[Value]) -> Value:
    items_of(require(given[0], SEQUENCES, _A_COLLECTION))
    leaves = tuple(islice(_leaves(items_of(given[0])), MOST_ELEMENTS + 1))
    check_elements(len(leaves))
    unsure = SEQUENCES | {Kind.DYNAMIC}
    if any(not leaf.is_known and leaf.type.kind in unsure for leaf in leaves):
        # It may turn out to be a list, so not even the number of elements is known.
        return Value(DYNAMIC, UNKNOWN, any(leaf.sensitive for leaf in leaves))
    return tuple_of(leaves)


def _chunklist(given: Sequence[Value]) -> Value:
    if given[0].type.kind not in SEQUENCES:
        raise refuse(f"{_A_COLLECTION} is required here, not a {given[0].type.kind.value}", 0)
    listed = convert(given[0], LIST_OF_ANY)
    items, size = items_of(listed), whole(given[1], "size", 1)
    if size < 0:
        raise refuse("the size must not be negative", 1)
    step = size or max(1, len(items))
    element = element_type(listed.type)
    chunks = (items[start : start + step] for start in range(0, len(items), step))
    return list_of(Type(Kind.LIST, element=element), (list_of(element, chunk) for chunk in chunks))


def _distinct(given: Sequence[Value]) -> Value:
    listed = convert(require(given[0], SEQUENCES, _A_COLLECTION), LIST_OF_ANY)
    found: dict[object, Value] = {}
    for item in items_of(listed):
        found.setdefault((item.type, identity(item)), item)
    return list_of(element_type(listed.type), found.values())


def _compact(given: Sequence[Value]) -> Value:
    return list_of(STRING, (item for item in items_of(given[0]) if item.content))


def _sort(given: Sequence[Value]) -> Value:
    items = items_of(given[0])
    if any(item.is_null for item in items):
        raise refuse("a null element has no place in the order", 0)
    return list_of(STRING, sorted(items, key=text_of))


def _alltrue(given: Sequence[Value]) -> Value:
    return boolean(all(item.content for item in items_of(given[0])))


def _anytrue(given: Sequence[Value]) -> Value:
    return boolean(any(item.content for item in items_of(given[0])))


def _one(given: Sequence[Value]) -> Value:
    items = items_of(require(given[0], SEQUENCES, _A_COLLECTION))
    if len(items) > 1:
        raise refuse(f"zero or one elements are required, not {len(items)}", 0)
    if items:
        return items[0]
    return Value(DYNAMIC if given[0].type.kind is Kind.TUPLE else element_type(given[0].type), None)


def _coalesce(given: Sequence[Value]) -> Value:
    types = [item.type for item in given]
    common = unify(types)
    if common is None and DYNAMIC in types:
        common = DYNAMIC  # a bare null could have become anything, so nothing is converted
    if common is None:
        raise refuse("all arguments must have one type")
    for item in given:
        if item.is_null:
            continue
        if not item.is_known:
            return Value(common, UNKNOWN)
        if (chosen := convert(item, common)).content != "":
            return chosen
    raise refuse("every argument is null or an empty string")


def _coalescelist(given: Sequence[Value]) -> Value:
    for position, item in enumerate(given):
        if items_of(require(item, ORDERED, _A_LIST, position)):
            return item
    raise refuse("no argument is a list with elements")


def _matchkeys(given: Sequence[Value]) -> Value:
    values, keys, wanted = given
    if len(items_of(values)) != len(items_of(keys)):
        raise refuse("there must be as many keys as values", 1)
    common = unify((element_type(keys.type), element_type(wanted.type)))
    if common is None:
        raise refuse("the keys and what is searched for must have one type", 2)
    searched = {identity(convert(item, common)) for item in items_of(wanted)}
    pairs = zip(items_of(values), items_of(keys), strict=True)
    kept = [value for value, key in pairs if identity(convert(key, common)) in searched]
    return list_of(element_type(values.type), kept)


_ANY_LISTS: Final = carried("seqs")
_STRINGS: Final = Parameter("list", LIST_OF_STRING)

FUNCTIONS: Final = (
    function("alltrue", [Parameter("list", _LIST_OF_BOOL)], _alltrue, returns=BOOL),
    function("anytrue", [Parameter("list", _LIST_OF_BOOL)], _anytrue, returns=BOOL),
    structural("chunklist", [carried("list"), numeric("size")], _chunklist),
    function(
        "coalesce",
        [],
        _coalesce,
        variadic=Parameter("vals", allow_null=True, allow_unknown=True),
    ),
    structural("coalescelist", [], _coalescelist, variadic=carried("vals")),
    function("compact", [_STRINGS], _compact, returns=LIST_OF_STRING),
    structural("concat", [], _concat, variadic=_ANY_LISTS),
    function("contains", [plain("list"), plain("value")], _contains, returns=BOOL),
    function("distinct", [plain("list")], _distinct),
    structural("element", [carried("list"), numeric("index")], _element),
    structural("flatten", [carried("list")], _flatten),
    function("index", [plain("list"), plain("value")], _index, returns=NUMBER),
    structural("length", [carried("value")], _length, returns=NUMBER),
    function(
        "matchkeys",
        [Parameter(name, LIST_OF_ANY) for name in ("values", "keys", "searchset")],
        _matchkeys,
    ),
    structural("one", [carried("list")], _one),
    structural("reverse", [carried("list")], _reverse),
    structural(
        "slice",
        [carried("list"), numeric("start_index"), numeric("end_index")],
        _slice,
    ),
    function("sort", [_STRINGS], _sort, returns=LIST_OF_STRING),
)
