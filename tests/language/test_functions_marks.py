"""Laws of marks: no function loses that an argument is sensitive, or where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from declarative.errors import LamformError
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.functions import BUILTINS
from declarative.language.marks import is_sensitive_deep
from declarative.language.nodes import GetAttribute, Variable
from declarative.language.plain import deep_marks, without_marks
from declarative.language.reading import parse_expression
from declarative.language.residuals import residual_of
from declarative.language.values import DYNAMIC, UNKNOWN, Value, object_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from declarative.language.calls import Function

_DATA = Path(__file__).parent
_SELF = '"test_functions_marks.py"'
_CONTEXT = CallContext(_DATA, {"HOME": "/house/of/someone", "NAME": "hunter2"})
_REFUSING = {"timestamp", "plantimestamp", "uuid", "bcrypt", "list", "map", "rsadecrypt"}
# Always sensitive, or no matter of their arguments: they have tests of their own.
_SOURCES = {"ssm", "secretsmanager", "gitsha"}
_ABOUT_MARKS = {"nonsensitive", "issensitive"}

# One good call of each function: the texts of its arguments.
_CALLS: dict[str, tuple[str, ...]] = {
    "abs": ("-1",),
    "ceil": ("1.5",),
    "floor": ("1.5",),
    "log": ("8", "2"),
    "max": ("1", "2"),
    "min": ("1", "2"),
    "parseint": ('"ff"', "16"),
    "pow": ("2", "3"),
    "signum": ("-2",),
    "sum": ("[1, 2]",),
    "range": ("1", "3"),
    "chomp": ('"a\\n"',),
    "indent": ("2", '"a\\nb"'),
    "format": ('"%s-%d"', '"a"', "1"),
    "formatlist": ('"%s-%s"', '["a", "b"]', '"c"'),
    "join": ('","', '["a"]', '["b"]'),
    "split": ('","', '"a,b"'),
    "lower": ('"A"',),
    "upper": ('"a"',),
    "title": ('"a b"',),
    "trim": ('"xax"', '"x"'),
    "trimprefix": ('"xa"', '"x"'),
    "trimsuffix": ('"ax"', '"x"'),
    "trimspace": ('" a "',),
    "strrev": ('"ab"',),
    "replace": ('"abc"', '"/b/"', '"x"'),
    "regex": ('"(a)(.)"', '"ab"'),
    "regexall": ('"[ab]"', '"abc"'),
    "substr": ('"hello"', "1", "2"),
    "startswith": ('"ab"', '"a"'),
    "endswith": ('"ab"', '"b"'),
    "strcontains": ('"ab"', '"b"'),
    "alltrue": ("[true]",),
    "anytrue": ("[true]",),
    "chunklist": ("[1, 2, 3]", "2"),
    "coalesce": ('""', '"a"', '"b"'),
    "coalescelist": ("[]", "[1]", "[2]"),
    "compact": ('["a", ""]',),
    "concat": ("[1]", '["a"]'),
    "contains": ("[1, 2]", "2"),
    "distinct": ("[1, 1]",),
    "element": ("[1, 2]", "3"),
    "flatten": ("[[1], [[2]]]",),
    "index": ("[1, 2]", "2"),
    "keys": ("{ a = 1 }",),
    "values": ("{ a = 1 }",),
    "length": ("[1, 2]",),
    "lookup": ("{ a = 1 }", '"b"', "2"),
    "merge": ("{ a = 1 }", "{ b = 2 }"),
    "one": ("[1]",),
    "reverse": ("[1, 2]",),
    "setproduct": ("[1, 2]", '["a"]'),
    "setunion": ("[1]", "[2]"),
    "setintersection": ("[1, 2]", "[2]"),
    "setsubtract": ("[1, 2]", "[2]"),
    "slice": ("[1, 2, 3]", "1", "2"),
    "sort": ('["b", "a"]',),
    "zipmap": ('["a"]', "[1]"),
    "jsonencode": ("{ a = [1] }",),
    "jsondecode": ('"{\\"a\\": [1]}"',),
    "yamldecode": ('"a: [1]"',),
    "base64encode": ('"a"',),
    "base64decode": ('"YQ=="',),
    "urlencode": ('"a b"',),
    "file": (_SELF,),
    "fileexists": (_SELF,),
    "filebase64": (_SELF,),
    "filemd5": (_SELF,),
    "filesha1": (_SELF,),
    "filesha256": (_SELF,),
    "filesha512": (_SELF,),
    "filebase64sha256": (_SELF,),
    "filebase64sha512": (_SELF,),
    "basename": ('"a/b"',),
    "dirname": ('"a/b"',),
    "abspath": ('"a"',),
    "pathexpand": ('"~/a"',),
    "getenv": ('"OTHER"', '"default"'),
    "md5": ('"a"',),
    "sha1": ('"a"',),
    "sha256": ('"a"',),
    "sha512": ('"a"',),
    "base64sha256": ('"a"',),
    "base64sha512": ('"a"',),
    "tostring": ("1",),
    "tonumber": ('"1"',),
    "tobool": ('"true"',),
    "tolist": ('["a", 1]',),
    "toset": ('["a", 1]',),
    "tomap": ('{ a = 1, b = "x" }',),
    "cidrhost": ('"10.0.0.0/8"', "1"),
    "cidrnetmask": ('"10.0.0.0/8"',),
    "cidrsubnet": ('"10.0.0.0/8"', "8", "1"),
    "cidrsubnets": ('"10.0.0.0/8"', "8", "8"),
    "cidrcontains": ('"10.0.0.0/8"', '"10.1.0.0/16"'),
    "formatdate": ('"YYYY"', '"2018-01-02T23:12:01Z"'),
    "timeadd": ('"2018-01-02T23:12:01Z"', '"1h"'),
    "timecmp": ('"2018-01-02T23:12:01Z"', '"2018-01-02T23:12:02Z"'),
    "csvdecode": ('"a\\n1"',),
    "yamlencode": ("{ a = [1] }",),
    "base64gzip": ('"a"',),
    "base64gunzip": ('"H4sIAAAAAAAA/8pIzcnJBwAAAP//AQAA//+GphA2BQAAAA=="',),
    "urldecode": ('"a+b"',),
    "textencodebase64": ('"a"', '"UTF-16LE"'),
    "textdecodebase64": ('"YQA="', '"UTF-16LE"'),
    "uuidv5": ('"dns"', '"a"'),
    "transpose": ('{ a = ["b"] }',),
    "matchkeys": ('["a"]', '["b"]', '["b"]'),
    "fileset": ('"."', '"test_functions_marks.py"'),
    "templatefile": (_SELF, "{ a = 1 }"),
    "templatestring": ('"a$${x}"', "{ x = 1 }"),
    "ephemeralasnull": ("1",),
    "sensitive": ('"a"',),
}


@dataclass
class _Scope:
    values: Mapping[str, Value] = field(default_factory=dict)
    functions: ClassVar[Mapping[str, Function]] = BUILTINS
    context: ClassVar[CallContext] = _CONTEXT

    def lookup(self, name: str) -> Value | None:
        return self.values.get(name)

    def names(self) -> Sequence[str]:
        return list(self.values)


def _value(text: str, values: Mapping[str, Value] | None = None) -> Value:
    return evaluate(parse_expression(text), _Scope(values or {}))


def _variables(**attributes: Value) -> dict[str, Value]:
    """Return a ``var`` whose attributes remember that they are ``var.<name>``."""
    traced = {
        name: replace(value, residual=GetAttribute(Variable("var"), name))
        for name, value in attributes.items()
    }
    return {"var": object_of(traced)}


def test_the_table_of_calls_is_complete() -> None:
    assert set(_CALLS) | _REFUSING | _ABOUT_MARKS | _SOURCES == set(BUILTINS)


@given(data=st.data(), name=st.sampled_from(sorted(_CALLS)))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=400)
def test_sensitive_in_sensitive_out(data: st.DataObject, name: str) -> None:
    arguments = _CALLS[name]
    positions = st.sets(st.integers(0, len(arguments) - 1), min_size=1)
    marked = data.draw(positions, label="marked arguments")
    variables = _variables(
        **{f"a{place}": replace(_value(arguments[place]), sensitive=True) for place in marked}
    )
    texts = [f"var.a{i}" if i in marked else text for i, text in enumerate(arguments)]

    result = _value(f"{name}({', '.join(texts)})", variables)

    assert is_sensitive_deep(result)
    assert without_marks(result) == without_marks(_value(f"{name}({', '.join(arguments)})"))
    again = evaluate(residual_of(result), _Scope(variables))
    assert without_marks(again) == without_marks(result)


@given(data=st.data(), name=st.sampled_from(sorted(_CALLS)))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
def test_where_a_value_came_from_is_not_lost(data: st.DataObject, name: str) -> None:
    """What is traced to an outside value stays so: the plan may have to hide it later."""
    arguments = _CALLS[name]
    place = data.draw(st.integers(0, len(arguments) - 1), label="traced argument")
    variables = _variables(a=_value(arguments[place]))
    texts = ["var.a" if i == place else text for i, text in enumerate(arguments)]

    result = _value(f"{name}({', '.join(texts)})", variables)

    again = evaluate(residual_of(result), _Scope(variables))
    assert without_marks(again) == without_marks(result)
    assert result.residual is not None or not deep_marks(result)[1]


@given(data=st.data(), name=st.sampled_from(sorted(set(_CALLS) - {"sensitive"})))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
def test_unknown_in_unknown_out(data: st.DataObject, name: str) -> None:
    arguments = _CALLS[name]
    place = data.draw(st.integers(0, len(arguments) - 1), label="unknown argument")
    variables = _variables(a=Value(DYNAMIC, UNKNOWN))
    texts = ["var.a" if i == place else text for i, text in enumerate(arguments)]
    try:
        result = _value(f"{name}({', '.join(texts)})", variables)
    except LamformError:
        pytest.fail("an unknown argument is no mistake")
    known_before = {("coalesce", 2), ("coalescelist", 2)}
    assert deep_marks(result)[0] or (name, place) in known_before


def test_one_secret_leaves_its_neighbours_readable() -> None:
    secret = Value(_value('"s"').type, "hidden", sensitive=True)
    variables = _variables(secret=secret)
    merged = _value("merge({ A = 1 }, { B = var.secret })", variables)
    assert not merged.sensitive
    assert not merged.content["A"].sensitive
    assert merged.content["B"].sensitive
    assert merged.content["B"].residual == GetAttribute(Variable("var"), "secret")
    assert _value('keys({ B = var.secret })[0] == "B"', variables).sensitive is False
    assert _value("length([var.secret])", variables).sensitive is False
    assert _value("element([1, var.secret], 0)", variables).sensitive is False
    assert _value("element([1, var.secret], 1)", variables).sensitive is True


def test_one_unknown_leaves_its_neighbours_known() -> None:
    variables = _variables(later=Value(_value('"s"').type, UNKNOWN))
    assert _value("merge({ A = 1 }, { B = var.later }).A", variables).content == 1
    assert _value("length(concat([1], [var.later]))", variables).content == 2
    assert _value('lookup({ A = 1, B = var.later }, "A")', variables).content == 1
    assert _value('coalesce(var.later, "b")', variables).content is UNKNOWN
    assert _value('coalesce("b", var.later)', variables).content == "b"
    assert _value("flatten([[1], [var.later]])[0]", variables).content == 1
    untyped = _variables(later=Value(DYNAMIC, UNKNOWN))
    assert _value("flatten([1, var.later])", untyped).content is UNKNOWN


def test_a_plan_gets_the_way_to_a_secret_and_not_the_secret() -> None:
    for expression in (
        'sensitive(merge({ a = getenv("NAME") }, {}))',
        'sensitive(concat(split(",", getenv("NAME")), []))',
        'sensitive(element(split(",", getenv("NAME")), 0))',
        'sensitive(flatten([[split(",", getenv("NAME"))]]))',
        'sensitive(keys({ (getenv("NAME")) = 1 }))',
    ):
        result = _value(expression)
        assert "hunter2" not in repr(residual_of(result)), expression
        assert without_marks(_value(expression)) == without_marks(
            evaluate(residual_of(result), _Scope())
        )


def test_marks_are_set_and_taken_by_name_only() -> None:
    variables = _variables(secret=Value(_value('"s"').type, "hidden", sensitive=True))
    assert _value("nonsensitive(var.secret)", variables).sensitive is False
    assert _value("issensitive(var.secret)", variables).content is True
    assert _value("issensitive(nonsensitive(var.secret))", variables).content is False
    assert _value('issensitive(sensitive("a"))').content is True
    assert _value("sensitive(null)").sensitive is True
