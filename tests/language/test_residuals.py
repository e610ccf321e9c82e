from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import EvaluationError
from declarative.language.calls import CallContext, Function, Parameter, refuse
from declarative.language.expressions import evaluate
from declarative.language.plain import parts_of, without_marks
from declarative.language.residuals import UntraceableError, literal, residual_of
from declarative.language.syntax import GetAttribute, Variable, parse_expression, unparse
from declarative.language.types import convert, deep_marks, from_python, to_python
from declarative.language.values import (
    DYNAMIC,
    STRING,
    UNKNOWN,
    Kind,
    Lazy,
    Reference,
    Type,
    Value,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from declarative.language.syntax import Expression

SECRET = "s3cret"


def _sensitive(_: CallContext, arguments: Sequence[Value]) -> Value:
    return Value(arguments[0].type, arguments[0].content, sensitive=True)


def _getenv(context: CallContext, arguments: Sequence[Value]) -> Value:
    return text(context.environ[str(arguments[0].content)])


def _upper(_: CallContext, arguments: Sequence[Value]) -> Value:
    return text(str(arguments[0].content).upper())


def _refusing(_: CallContext, arguments: Sequence[Value]) -> Value:
    raise refuse(f"{arguments[0].content} is wrong", 0)


def _keys(_: CallContext, arguments: Sequence[Value]) -> Value:
    return from_python(sorted(arguments[0].content))  # type: ignore[call-overload]


def _conversion(name: str, type_: Type) -> Function:
    return Function(name, (Parameter("v", type_, allow_null=True),), None, lambda _, v: v[0])


FUNCTIONS = {
    "sensitive": Function("sensitive", (Parameter("value"),), None, _sensitive),
    "getenv": Function(
        "getenv", (Parameter("name", STRING),), None, _getenv, STRING, reads_outside=True
    ),
    "upper": Function("upper", (Parameter("text", STRING),), None, _upper, STRING),
    "refusing": Function("refusing", (Parameter("v"),), None, _refusing),
    "keys": Function("keys", (Parameter("map"),), None, _keys),
    "tolist": _conversion("tolist", Type(Kind.LIST, DYNAMIC)),
    "toset": _conversion("toset", Type(Kind.SET, DYNAMIC)),
    "tomap": _conversion("tomap", Type(Kind.MAP, DYNAMIC)),
    "tostring": _conversion("tostring", STRING),
    "tonumber": _conversion("tonumber", Type(Kind.NUMBER)),
    "tobool": _conversion("tobool", Type(Kind.BOOL)),
}


@dataclass
class Members(Lazy):
    given: Mapping[str, Value]

    def attribute(self, name: str) -> Value | None:
        return self.given.get(name)

    def names(self) -> Iterator[str]:
        return iter(self.given)


@dataclass
class Names:
    given: Mapping[str, Value]
    functions: Mapping[str, Function] = field(default_factory=lambda: FUNCTIONS)
    context: CallContext = field(
        default_factory=lambda: CallContext(Path(), {"KEY": SECRET, "PLAIN": "p"})
    )

    def lookup(self, name: str) -> Value | None:
        return self.given.get(name)

    def names(self) -> Iterator[str]:
        return iter(self.given)


def source_of(root: str, name: str) -> Expression:
    return GetAttribute(Variable(root), name)


def secret(name: str, data: object) -> Value:
    return from_python(data).marked(sensitive=True, residual=source_of("var", name))


def later(name: str) -> Value:
    return Value(DYNAMIC, UNKNOWN, residual=source_of("release", name))


def root(**given: Value) -> Value:
    members = Members(given)
    assert isinstance(members, Lazy)
    return Value(DYNAMIC, members)


VAR = root(
    key=secret("key", SECRET),
    number=secret("number", 42),
    flag=secret("flag", data=True),
    items=secret("items", [SECRET, "b"]),
    table=secret("table", {"a": SECRET, "b": "y"}),
    nothing=secret("nothing", None),
    plain=text("plain"),
)
RELEASE = root(version=later("version"), arn=later("arn"))
FINISHED = root(version=text("7"), arn=text("arn:x"))


def scope_of(release: Value = RELEASE, **more: Value) -> Names:
    return Names({"var": VAR, "release": release, **more})


def value_of(source: str, **more: Value) -> Value:
    return evaluate(parse_expression(source), scope_of(**more))


@pytest.mark.parametrize(
    ("source", "residual"),
    [
        ("var.key", "var.key"),
        ('"pre-${local.key}"', '"pre-${var.key}"'),
        ('"${local.plain}-${local.key}-${1 + 1}"', '"x-${var.key}-2"'),
        ("var.number + local.two * 2", "var.number + 4"),
        ("(var.number + 1) * 2", "(var.number + 1) * 2"),
        ("!var.flag", "!var.flag"),
        ('var.key == "a"', 'var.key == "a"'),
        ("upper(local.key)", "upper(var.key)"),
        ("var.table.a", "var.table.a"),
        ('var.table["b"]', 'var.table["b"]'),
        ("var.items[local.one]", "var.items[1]"),
        ("[local.plain, 1][var.number - 42]", '["x", 1][(var.number - 42)]'),
        ("var.flag ? local.plain : local.two", 'var.flag ? "x" : 2'),
        ("true ? local.key : 1", "var.key"),
        ("var.items[*]", "var.items[*]"),
        (
            "[for i, x in var.items : upper(x) if x != local.plain]",
            '[for i, x in var.items : upper(x) if x != "x"]',
        ),
        (
            "{ for k, v in var.table : k => [v, local.two] }",
            "{for k, v in var.table : k => [v, 2]}",
        ),
        ("release.version", "release.version"),
        ('"${local.name}:${release.version}"', '"fn:${release.version}"'),
        ("release.arn.x[local.one]", "release.arn.x[1]"),
        ("try(release.version, local.plain)", 'try(release.version, "x")'),
        ("can(release.version)", "can(release.version)"),
        ("upper(release.arn...)", "upper(release.arn...)"),
        ("release.arn[*].name", "release.arn[*].name"),
        ('sensitive(getenv("KEY"))', 'sensitive(getenv("KEY"))'),
        ('sensitive("${local.env}!")', 'sensitive("${getenv("KEY")}!")'),
        ('[for v in var.items : v == "a"][0]', 'var.items[0] == "a"'),
        ("[for k, v in var.table : k][0]", "keys(var.table)[0]"),
        (
            '[for v in toset([var.key, "a"]) : upper(v)][0]',
            'upper(tolist(toset([var.key, "a"]))[0])',
        ),
        ("sensitive(var.plain)", "sensitive(var.plain)"),
        ("sensitive(upper(local.env))", 'sensitive(upper(getenv("KEY")))'),
        ('"%{if var.flag}a%{else}${local.two}%{endif}"', '"%{ if var.flag }a%{ else }2%{ endif }"'),
    ],
)
def test_a_residual_names_only_sources(source: str, residual: str) -> None:
    local = root(
        key=evaluate(parse_expression("var.key"), scope_of()),
        env=evaluate(parse_expression('getenv("KEY")'), scope_of()),
        plain=text("x"),
        name=text("fn"),
        two=from_python(2),
        one=from_python(1),
    )
    value = value_of(source, local=local)
    assert unparse(residual_of(value)) == residual
    assert SECRET not in unparse(residual_of(value))


def test_a_residual_is_evaluated_again_when_the_rest_is_known() -> None:
    source = '{ version = "v${release.version}", key = "k-${var.key}", n = [1, release.arn] }'
    value = value_of(source)
    again = evaluate(residual_of(value), scope_of(FINISHED))
    assert to_python(without_marks(again)) == {
        "version": "v7",
        "key": f"k-{SECRET}",
        "n": [1, "arn:x"],
    }


@pytest.mark.parametrize(
    "written", ["1", '"a"', "null", '[1, "a", null]', '{ a = [true], "b c" = {} }']
)
def test_a_literal_is_the_value(written: str) -> None:
    value = value_of(written)
    assert value_of(unparse(literal(value))) == value


def test_a_literal_keeps_the_type_of_a_collection() -> None:
    for type_ in (Type(Kind.LIST, STRING), Type(Kind.SET, STRING)):
        value = convert(from_python(["a", "b"]), type_)
        assert value_of(unparse(literal(value))) == value
    value = convert(from_python({"b": "x"}), Type(Kind.MAP, STRING))
    assert value_of(unparse(literal(value))) == value


def test_a_reference_is_its_address() -> None:
    type_ = Type(Kind.REFERENCE, block="infrastructure")
    address = 'infrastructure.main["dev"]'
    value = Value(type_, Reference("infrastructure", address, Members({})))
    assert unparse(literal(value)) == address


def test_plain_values_carry_no_residual() -> None:
    value = value_of('{ a = "x${1}", b = [for x in [1, 2] : x + 1], c = upper("y") }')
    assert all(part.residual is None for part in parts_of(value))


def test_a_marked_value_without_source_gets_no_residual_rather_than_a_wrong_one() -> None:
    value = value_of('"a${u}"', u=Value(STRING, "x", sensitive=True))
    assert value.sensitive
    assert value.residual is None


@pytest.mark.parametrize("source", ['sensitive("x")', 'sensitive("x${1}")', '"a${sensitive("x")}"'])
def test_a_secret_written_in_the_files_has_no_residual(source: str) -> None:
    value = value_of(source)
    assert value.sensitive
    assert value.residual is None
    with pytest.raises(UntraceableError):
        residual_of(value)


@pytest.mark.parametrize(
    "source",
    [
        "{ a = 1 }[var.key]",
        "[1][var.number]",
        "var.table.z",
        'var.table["aa"]',
        "{ for x in [var.key, var.key] : x => 1 }",
        "refusing(var.key)",
        "var.key + 1",
    ],
)
def test_no_message_tells_a_secret(source: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value_of(source)
    assert SECRET not in str(caught.value)
    assert "42" not in str(caught.value)
    assert '"a"' not in str(caught.value)


def test_a_set_of_secrets_is_a_secret() -> None:
    value = value_of('toset([var.key, "a"])')
    assert value.sensitive
    assert evaluate(residual_of(value), scope_of()) == value


def test_a_secret_in_a_collection_marks_only_its_place() -> None:
    value = value_of("{ a = var.key, b = 1 }")
    assert not value.sensitive
    assert deep_marks(value) == (False, True)
    assert deep_marks(value_of("{ a = var.key, b = 1 }.b")) == (False, False)


SOURCES = st.sampled_from(
    [
        *("var.key", "var.number", "var.flag", "var.items", "var.table", "var.nothing"),
        *("var.table.a", "var.items[0]", 'getenv("KEY")', '"x"', "1", "true", "null", '["a", 1]'),
        *('{ a = "x" }', "release.version", "var.plain", 'getenv("PLAIN")'),
    ]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one, two, three = inner, inner, inner
    return st.one_of(
        st.tuples(one, st.sampled_from(["+", "-", "*", "==", "!=", "<", "&&", "||"]), two).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(one, two, three).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        one.map(lambda a: f'"a${{{a}}}b"'),
        one.map(lambda a: f'"${{{a}}}"'),
        one.map(lambda a: f'"%{{if {a}}}y%{{else}}n%{{endif}}"'),
        one.map(lambda a: f'"%{{for x in {a}}}${{x}},%{{endfor}}"'),
        st.tuples(one, two).map(lambda t: f"[{t[0]}, {t[1]}]"),
        st.tuples(one, two).map(lambda t: f"{{ a = {t[0]}, b = {t[1]} }}"),
        st.tuples(one, two).map(lambda t: f"{{ ({t[0]}) = {t[1]} }}"),
        one.map(lambda a: f"({a}).a"),
        st.tuples(one, two).map(lambda t: f"({t[0]})[{t[1]}]"),
        one.map(lambda a: f"({a})[*]"),
        st.tuples(one, two).map(lambda t: f"[for k, v in {t[0]} : [k, v] if {t[1]}]"),
        st.tuples(one, two).map(lambda t: f"[for v in {t[0]} : v == {t[1]}]"),
        one.map(lambda a: f"{{ for k, v in {a} : v => k... }}"),
        one.map(lambda a: f"upper({a})"),
        one.map(lambda a: f"sensitive({a})"),
        one.map(lambda a: f"toset([{a}])"),
        one.map(lambda a: f"tolist({a})"),
        st.tuples(one, two).map(lambda t: f"try({t[0]}, {t[1]})"),
    )


EXPRESSIONS = st.recursive(SOURCES, _grown, max_leaves=6)


def attempted(expression: Expression, scope: Names) -> Value | None:
    try:
        return evaluate(expression, scope)
    except EvaluationError:
        return None


@given(EXPRESSIONS)
def test_a_secret_never_leaves_its_mark(source: str) -> None:
    value = attempted(parse_expression(source), scope_of())
    if value is not None and "getenv" not in source:
        shown = repr(to_python(value, placeholder=lambda _: "(hidden)"))
        assert SECRET not in shown
        assert SECRET.upper() not in shown


@given(EXPRESSIONS)
def test_no_residual_holds_a_secret(source: str) -> None:
    value = attempted(parse_expression(source), scope_of())
    if value is None:
        return
    for part in parts_of(value):
        if part.residual is None:
            literal_secret = "sensitive(" in source
            assert literal_secret or not (part.sensitive or part.content is UNKNOWN)
        else:
            assert SECRET not in unparse(part.residual)
            assert SECRET.upper() not in unparse(part.residual)


@given(EXPRESSIONS)
def test_a_residual_makes_the_value_again(source: str) -> None:
    value = attempted(parse_expression(source), scope_of())
    if value is None or any(part.sensitive and part.residual is None for part in parts_of(value)):
        return
    finished = scope_of(FINISHED)
    again = attempted(parse_expression(unparse(residual_of(value))), finished)
    directly = attempted(parse_expression(source), finished)
    assert (again is None) == (directly is None)
    if again is not None and directly is not None:
        assert to_python(without_marks(again)) == to_python(without_marks(directly))


@given(EXPRESSIONS)
def test_what_depends_on_a_secret_is_sensitive(source: str) -> None:
    """Change the secrets: where the result changes, it was marked."""
    other = root(
        key=secret("key", "other"),
        number=secret("number", 0),
        flag=secret("flag", data=False),
        items=secret("items", ["z", SECRET, "c"]),
        table=secret("table", {"a": "other", "c": "y"}),
        nothing=secret("nothing", None),
        plain=text("plain"),
    )
    one = attempted(parse_expression(source), scope_of())
    two = attempted(parse_expression(source), scope_of(var=other))
    if one is not None and two is not None:
        shown = [to_python(value, placeholder=lambda _: "(hidden)") for value in (one, two)]
        assert shown[0] == shown[1]
