from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from declarative.errors import EvaluationError
from declarative.language.calls import CallContext, Function, Parameter, refuse
from declarative.language.expressions import evaluate
from declarative.language.syntax import Variable, parse_expression
from declarative.language.types import (
    ConversionError,
    convert,
    friendly_name,
    from_python,
    to_python,
    type_from_expression,
    unify,
)
from declarative.language.values import (
    DYNAMIC,
    NULL,
    NUMBER,
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

TERRAFORM = shutil.which("terraform")


def _sum(_: CallContext, arguments: Sequence[Value]) -> Value:
    return from_python(sum(item.content for item in arguments))  # type: ignore[misc]


def _odd(_: CallContext, arguments: Sequence[Value]) -> Value:
    if arguments[0].content % 2 == 0:  # type: ignore[operator]
        message = f"{arguments[0].content} is even"
        raise refuse(message, 0)
    return arguments[0]


def _conversion(name: str, kind: Kind) -> Function:
    type_ = Type(kind, DYNAMIC)
    return Function(name, (Parameter("v", type_),), None, lambda _, given: given[0])


FUNCTIONS = {
    "add": Function("add", (Parameter("a", NUMBER),), Parameter("more", NUMBER), _sum, NUMBER),
    "odd": Function("odd", (Parameter("number", NUMBER),), None, _odd, NUMBER),
    "first": Function("first", (Parameter("v"), Parameter("w")), None, lambda _, given: given[0]),
    "toset": _conversion("toset", Kind.SET),
    "tolist": _conversion("tolist", Kind.LIST),
    "tomap": _conversion("tomap", Kind.MAP),
}


@dataclass
class Names:
    """A scope of given names."""

    given: Mapping[str, Value] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=lambda: FUNCTIONS)
    context: CallContext = field(default_factory=lambda: CallContext(Path(), {}))

    def lookup(self, name: str) -> Value | None:
        return self.given.get(name)

    def names(self) -> Iterator[str]:
        return iter(self.given)


@dataclass
class Watched(Lazy):
    """A lazy root that notes which of its attributes were read."""

    given: Mapping[str, Value]
    read: list[str] = field(default_factory=list)

    def attribute(self, name: str) -> Value | None:
        self.read.append(name)
        return self.given.get(name)

    def names(self) -> Iterator[str]:
        return iter(self.given)


def value_of(source: str, **given: Value) -> Value:
    return evaluate(parse_expression(source), Names(given))


def data_of(source: str, **given: Value) -> object:
    return to_python(value_of(source, **given))


def failure(source: str, **given: Value) -> tuple[str, str, str]:
    """Return summary, detail and the blamed part of the source."""
    with pytest.raises(EvaluationError) as caught:
        value_of(source, **given)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.range is not None
    start, end = diagnostic.range.start.byte, diagnostic.range.end.byte
    return diagnostic.summary, diagnostic.detail, source.encode()[start:end].decode()


SAME_AS_TERRAFORM = """
1 + 2
1.5 + 1.5
0.1 + 0.2
10 / 4
10 / 5
1e30 + 0.1
123456789012345678901234567890 * 10
9007199254740993 + 0
-7 / 2
5 % 3
-5 % 3
5 % -3
5.5 % 2
-5.5 % 2
5 % 0
10 / 3 * 3
1 / 7 * 7
2 / 3 * 3
0 / 5
-5
-"5"
- 5 - -5
1 + 2 * 3 - 4 / 2
(1 + 2) * 3
7 - 2 - 1
"1" + "2"
"1.50" + 0
1 + true
1 + "a"
1 + null
null + 1
1 + []
-null
-true
!true
!"false"
!"1"
!1
!null
true && true
true && false
"true" && true
true && 1
true && null
false && null
true || false
false || "true"
1 && true
1 < 2
1 <= 1
2 > 10
10 > "9"
"2" < "10"
"a" < "b"
1 < null
true < false
1 == 1
1 == 1.0
1 == "1"
"a" == "a"
true == "true"
true == true
null == null
1 == null
null != 1
[] == null
[] == []
[1] == [1]
[1] == ["1"]
[1, 2] == [1]
[1] == tolist([1])
tolist([1]) == tolist([1])
tolist([]) == tolist(["a"])
toset([1, 2]) == toset([2, 1])
{ a = 1 } == { a = 1 }
{ a = 1 } == { a = "1" }
{ a = 1 } == { b = 1 }
{ a = 1 } == tomap({ a = 1 })
{ a = null } == { a = null }
1 != "1"
1 == 1 == true
true ? 1 : 2
false ? 1 : 2
true ? "a" : 1
false ? "a" : 1
true ? 1 : "a"
true ? 1 : true
"true" ? 1 : 2
1 ? 2 : 3
null ? 1 : 2
"yes" ? 1 : 2
true ? null : 1
false ? null : "x"
true ? null : null
true ? [1] : ["a"]
true ? [1] : ["a", "b"]
true ? [1, "x"] : []
true ? [] : [1]
true ? [1] : tolist(["a"])
true ? toset([1]) : [2]
true ? [true] : [1]
true ? [1] : 1
true ? { a = 1 } : { a = 2 }
true ? { a = 1 } : { b = 2 }
true ? { a = 1 } : {}
true ? { a = 1, b = true } : { a = 1 }
true ? { a = [1] } : { a = ["b", 1] }
true ? tomap({ a = 1 }) : { b = "x" }
true ? [{ a = 1 }, { b = 2 }] : []
true ? [] : {}
true ? 1 : [][0]
false ? 1 : [][0]
false ? [][0] : 2
true ? false ? 1 : 2 : 3
false ? 1 : false ? 2 : 3
true || false ? 1 : 2
[1, 2, 3][0]
[1, 2, 3][2]
[1, 2, 3][3]
[1, 2, 3][-1]
[1, 2, 3]["1"]
[1, 2, 3]["a"]
[1, 2, 3][1.5]
[1, 2, 3][true]
[1, 2, 3][null]
[][0]
tolist([1, 2])[1]
toset([1])[0]
[1, [2, 3]][1][0]
[1, 2].0
{ a = 1 }["a"]
{ a = 1 }["b"]
{ a = 1 }.a
{ a = 1 }.b
{ "1" = 2 }[1]
{ true = 2 }[true]
{ a = { b = { c = 1 } } }.a.b.c
{ a = { b = { c = 1 } } }["a"].b["c"]
{ a = [1, 2] }.a[1]
tomap({ a = 1 }).a
tomap({ a = 1 })["a"]
tomap({ a = 1 })["b"]
tomap({ a = 1 }).b
null.a
null[0]
1.a
"abc".foo
"abc"[0]
true.x
[1].foo
[{ a = 1 }].a
[{ a = 1 }, { a = 2 }][*].a
[{ a = 1 }, { a = 2 }].*.a
[{ a = [1, 2] }, { a = [3, 4] }][*].a[0]
[{ a = [1, 2] }, { a = [3, 4] }].*.a[0]
[[1], [2]][*][0]
[[1], [2]].*[0]
[[1, 2], [3, 4]].*.1
[{ a = [{ b = 1 }] }][*].a[*].b
[1, 2][*]
"x"[*]
null[*]
{ a = 1 }[*].a
{ a = 1 }.*.a
tomap({ a = { b = 1 } })[*].b
toset([{ a = 1 }])[*].a
toset(["b", "a"])[*]
tolist([{ a = 1 }])[*].a
[][*].a
[{ a = 1 }, {}][*].a
[for x in [1, 2, 3] : x * 2]
[for x in [1, 2, 3] : x if x > 1]
[for i, x in ["a", "b"] : "${i}${x}"]
[for k, v in { b = 1, a = 2 } : "${k}${v}"]
[for v in { b = 1, a = 2 } : v]
[for k, v in toset(["b", "a"]) : "${k}${v}"]
[for x in toset([3, 1, 2, 10]) : x]
[for x in [] : x]
[for x in {} : x]
[for x in null : x]
[for x in "abc" : x]
[for x in 5 : x]
[for x in [1] : x if null]
[for x in [1] : x if "maybe"]
[for x in [1] : x if "true"]
[for x in [1] : x if 1]
[for x in [[1, 2], [3]] : [for y in x : y + 1]]
[for x in [1, 2] : [for x in ["a"] : x]]
{ for x in ["a", "b"] : x => 1 }
{ for i, x in ["a", "b"] : x => i if i > 0 }
{ for x in ["a", "a"] : x => 1 }
{ for x in ["a", "a", "b"] : x => 1... }
{ for x in [{ k = "a", v = 1 }, { k = "a", v = "z" }] : x.k => x.v... }
{ for x in [1, true] : x => x }
{ for x in [null] : x => 1 }
{ for x in [[]] : x => 1 }
{ for k, v in { a = 1 } : v => k }
{ a = 1, a = 2 }
{ (null) = 1 }
{ 1 = 2, true = 3, null = 4 }
{ "a b" = 1, "c" : 2 }
{ ("a${1}") = 2 }
{ "a${1}" = 2 }
{ a = 1
  b = 2 }
{}
[]
[1, "a", true, null]
[1, 2,]
"a${1}b"
"${1}"
"${"a"}"
"${[1, 2]}"
"${null}"
"${null}a"
"${[]}a"
"${{}}a"
"${true}${1.50}${1e30}"
"${1e-7} ${123456.7891} ${1e21}"
"${0.1 + 0.2}"
"$${a} %%{b} $$${c} $$"
"\\u00e9\\U0001F600\\n\\t\\"\\\\"
"a ${~ 1 ~} b"
"%{if true}a%{else}b%{endif}"
"%{if false}a%{endif}"
"%{if null}a%{endif}"
"%{if "true"}a%{endif}"
"%{if 1}a%{endif}"
"%{if true}${[][0]}%{endif}"
"%{if false}${[][0]}%{endif}"
"%{for x in [1, 2]}${x},%{endfor}"
"%{for k, v in { a = 1 }}${k}=${v}%{endfor}"
"%{for x in []}a%{endfor}"
"%{for x in null}a%{endfor}"
"%{for i, x in ["a", "b"]}%{if i > 0}, %{endif}${x}%{endfor}"
"%{ if true ~}  a  %{~ endif }"
"${"${"x"}"}y"
try([][0], 2)
try({ a = 1 }.b, null, 3)
try([][0], {}.a)
try(1)
can(1)
can([][0])
can({ a = 1 }.a)
can("a" + 1)
tolist([1, "a", true])
tolist([[1], ["a", "b"]])
tolist([{ a = 1 }, { a = 1, b = 2 }])
tolist([1, []])
tolist([null, 1])
tolist([1, true])
toset([1, "1"])
toset(["b", "a", "b"])
toset([true, false])
tomap({ a = 1, b = "x" })
tomap({ a = 1, b = true })
tomap([])
tolist({})
tolist("a")
tolist(toset([2, 1]))
1e5
1.5E-1
0.000
1.10
"e\u0301"
"""


def expressions() -> list[str]:
    """Return one expression a line; a line that is indented goes on with the last."""
    found: list[str] = []
    for line in SAME_AS_TERRAFORM.strip().split("\n"):
        if line.startswith(" "):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return what Terraform makes of each expression, in one run."""
    if TERRAFORM is None:
        pytest.skip("there is no terraform on the PATH to compare with")
    folder = tmp_path_factory.mktemp("terraform")
    folder.joinpath("rc").touch()
    lines = [
        f'  e{number} = try(jsonencode({source}), "<refused>")'
        for number, source in enumerate(expressions())
    ]
    content = "locals {\n  answers = {\n" + "\n".join(lines) + "\n  }\n}\n"
    folder.joinpath("main.tf").write_text(content)
    done = subprocess.run(
        [TERRAFORM, "console", "-no-color"],
        input="base64encode(jsonencode(local.answers))",
        cwd=folder,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(folder / "rc"), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(base64.b64decode(done.stdout.strip().strip('"')))
    return {source: found[f"e{number}"] for number, source in enumerate(expressions())}


@pytest.mark.parametrize("source", expressions())
def test_results_are_terraforms(source: str, answers: Mapping[str, str]) -> None:
    theirs = answers[source]
    if theirs == "<refused>":
        with pytest.raises(EvaluationError):
            data_of(source)
    else:
        assert data_of(source) == json.loads(theirs, parse_float=Decimal)


@pytest.mark.parametrize(
    ("source", "summary", "blamed", "words"),
    [
        ("1 + fo", "Unknown name", "fo", 'Did you mean "foo"?'),
        ("bar", "Unknown name", "bar", 'put it in quotes: "bar"'),
        ("foo.nam", "Unsupported attribute", "foo.nam", 'Did you mean "name"?'),
        ("1 + foo.name.x", "Unsupported attribute", "foo.name.x", "primitive-typed value (string)"),
        ("[1].x", "Unsupported attribute", "[1].x", "[*].x"),
        ('foo["nam"]', "Invalid index", 'foo["nam"]', 'Did you mean "name"?'),
        ("[1, 2][5]", "Invalid index", "[1, 2][5]", "the last index is 1"),
        ("1 + (2 * [])", "Invalid operand", "[]", "right operand: a number is required"),
        ("1 / 0", "Operation failed", "0", "zero"),
        ("ad(1)", "Call to unknown function", "ad(1)", 'Did you mean "add"?'),
        ("add()", "Not enough function arguments", "add()", 'Missing value for "a"'),
        ("odd(1, 2)", "Too many function arguments", "2", "expects only 1"),
        ("add(1, [])", "Invalid function argument", "[]", 'parameter "more" of add'),
        ("odd(null)", "Invalid function argument", "null", "must not be null"),
        ("1 + odd(3 + 1)", "Invalid function argument", "3 + 1", "4 is even"),
        ("add(1...)", "Invalid expanding argument value", "1", "tuple, list, or set"),
        ("add(null...)", "Invalid expanding argument value", "null", "not be null"),
        (
            "try([][0], {}.a)",
            "Error in function call",
            "try([][0], {}.a)",
            "no expression succeeded",
        ),
        ("try()", "Error in function call", "try()", "at least one"),
        ("can(1, 2)", "Error in function call", "can(1, 2)", "1 argument"),
        (
            "true ? 1 : []",
            "Inconsistent conditional result types",
            "true ? 1 : []",
            "'true' value is number",
        ),
        ('"a${[]}"', "Invalid template interpolation value", "[]", "a string is required"),
        ("{ for x in [1, 1] : x => x }", "Duplicate object key", "x", "the ellipsis (...)"),
    ],
)
def test_a_refusal_names_the_part_and_the_way_out(
    source: str, summary: str, blamed: str, words: str
) -> None:
    found = failure(source, foo=from_python({"name": "x"}))
    assert (found[0], found[2]) == (summary, blamed)
    assert words in found[1]


def test_deep_evaluation_is_refused_in_words() -> None:
    value = parse_expression("1 + a")
    for _ in range(500):
        value = type(value)("+", value, value.left)  # type: ignore[call-arg, union-attr]
    with pytest.raises(EvaluationError, match="nested too deeply"):
        evaluate(value, Names({"a": from_python(1)}))


def test_a_lazy_root_gives_only_what_is_read() -> None:
    root = Watched({"a": text("x"), "b": text("y")})
    assert isinstance(root, Lazy)
    assert data_of('local.a == "x" && local["a"] == "x"', local=Value(DYNAMIC, root)) is True
    assert root.read == ["a", "a"]


def test_a_lazy_root_used_whole_is_an_object() -> None:
    root = Value(DYNAMIC, Watched({"b": text("y"), "a": text("x")}))
    assert data_of("{ for k, v in local : v => k }", local=root) == {"x": "a", "y": "b"}
    assert data_of("[local][0]", local=root) == {"a": "x", "b": "y"}


def block(name: str) -> Value:
    attributes = Watched({"region": text("eu-west-1")})
    address = f"infrastructure.{name}"
    type_ = Type(Kind.REFERENCE, block="infrastructure")
    return Value(type_, Reference("infrastructure", address, attributes))


def test_references_are_values_that_compare_by_address() -> None:
    assert data_of("a.region", a=block("a")) == "eu-west-1"
    assert data_of("{ x = a }.x.region", a=block("a")) == "eu-west-1"
    assert data_of("a == b", a=block("a"), b=block("a")) is True
    assert data_of("a == b", a=block("a"), b=block("b")) is False
    assert data_of("(true ? a : b).region", a=block("a"), b=block("b")) == "eu-west-1"
    assert 'infrastructure has no "regoin"' in failure("a.regoin", a=block("a"))[1]


def test_functions_get_converted_arguments() -> None:
    assert data_of('add("1", [2, "3"]...)') == 6
    assert data_of("add(1, toset([2, 3])...)") == 6
    assert data_of("first(null == null, 1)") is True


def unknown(name: str, type_: Type = DYNAMIC) -> Value:
    return Value(type_, UNKNOWN, residual=Variable(name))


@pytest.mark.parametrize(
    ("source", "type_"),
    [
        ("u + 1", "number"),
        ("-u", "number"),
        ("!u", "bool"),
        ("u == 1", "bool"),
        ("[u] == [1]", "bool"),
        ("u < 1", "bool"),
        ("u && false", "bool"),
        ('"a${u}"', "string"),
        ('"%{if u}a%{endif}"', "string"),
        ('"%{for x in u}a%{endfor}"', "string"),
        ("u ? 1 : 2", "number"),
        ('u ? 1 : "a"', "string"),
        ("u ? [][0] : 1", "any"),
        ("u.a.b", "any"),
        ("u[0]", "any"),
        ("[1, 2][u]", "any"),
        ("u[*].a", "any"),
        ("[for x in u : x]", "any"),
        ("[for x in [1] : x if u]", "any"),
        ("{ for x in [u] : x => 1 }", "any"),
        ("{ (u) = 1 }", "any"),
        ("add(u, 1)", "number"),
        ("add(u...)", "number"),
        ("first([u], 1)", "any"),
        ("try(u, 1)", "any"),
        ("can(u)", "bool"),
    ],
)
def test_what_is_made_from_unknown_is_unknown(source: str, type_: str) -> None:
    value = value_of(source, u=unknown("u"))
    assert value.content is UNKNOWN
    assert friendly_name(value.type) == type_
    assert value.residual is not None


def test_unknown_stays_where_it_is_inside_a_collection() -> None:
    value = value_of("[1, u, { a = u, b = 2 }]", u=unknown("u"))
    assert to_python(value, placeholder=lambda _: "?") == [1, "?", {"a": "?", "b": 2}]
    assert data_of("[u, 1][1]", u=unknown("u")) == 1
    assert data_of("{ a = u, b = 2 }.b", u=unknown("u")) == 2
    assert data_of("[1, u] == [2, 3]", u=unknown("u")) is False


@pytest.mark.parametrize("source", ["u.name", "u + true", "[for x in u : x]", "u[0]"])
def test_an_unknown_of_known_type_is_checked_already(source: str) -> None:
    with pytest.raises(EvaluationError):
        value_of(source, u=unknown("u", NUMBER if "+" not in source else Type(Kind.LIST, NUMBER)))


@pytest.mark.parametrize(
    ("constraint", "given", "expected"),
    [
        ("string", 1.50, "1.5"),
        ("string", True, "true"),
        ("number", " 1", None),
        ("number", "1e3", 1000),
        ("number", "0x10", None),
        ("number", True, None),
        ("bool", "1", True),
        ("bool", 1, None),
        ("bool", "yes", None),
        ("list(string)", [1, True], ["1", "true"]),
        ("list(any)", [1, "a"], ["1", "a"]),
        ("list(any)", [1, True], None),
        ("set(number)", ["2", 1, 2], [1, 2]),
        ("map(number)", {"b": "1", "a": 2}, {"a": 2, "b": 1}),
        ("map(any)", {"b": "x", "a": 2}, {"a": "2", "b": "x"}),
        ("tuple([string, number])", [1, "2"], ["1", 2]),
        ("tuple([string])", [1, 2], None),
        ("object({ a = string })", {"a": 1, "b": 2}, {"a": "1"}),
        ("object({ a = string })", {}, None),
        ("object({ a = optional(string) })", {}, {"a": None}),
        ('object({ a = optional(string, "x") })', {}, {"a": "x"}),
        ('object({ a = optional(string, "x") })', {"a": None}, {"a": "x"}),
        ("object({ a = optional(number, -1) })", {}, {"a": -1}),
        ("object({ a = optional(object({ b = optional(number, 1) }), {}) })", {}, {"a": {"b": 1}}),
        ("list(object({ a = optional(list(string), []) }))", [{}], [{"a": []}]),
        ("any", [1, "a"], [1, "a"]),
        ("string", None, None),
    ],
)
def test_values_convert_to_a_constraint(constraint: str, given: object, expected: object) -> None:
    type_ = type_from_expression(parse_expression(constraint))
    if expected is None and given is not None:
        with pytest.raises(ConversionError):
            convert(from_python(given), type_)
        return
    value = convert(from_python(given), type_)
    assert to_python(value) == expected
    assert convert(value, value.type) == value


def test_a_conversion_says_which_part_does_not_fit() -> None:
    type_ = type_from_expression(parse_expression("list(object({ a = number }))"))
    with pytest.raises(ConversionError) as caught:
        convert(from_python([{"a": 1}, {"a": "x"}]), type_)
    assert caught.value.message == 'element 1: attribute "a": a number is required'


@pytest.mark.parametrize(
    "constraint",
    [
        "text",
        "list",
        "list()",
        "list(string, number)",
        "optional(string)",
        "object(string)",
        "1",
        "object({ a = optional() })",
        "object({ a = optional(string, var.x) })",
        "object({ (a) = any })",
    ],
)
def test_what_is_no_type_is_refused(constraint: str) -> None:
    with pytest.raises(EvaluationError, match="Invalid type"):
        type_from_expression(parse_expression(constraint))


def test_types_are_shown_as_they_are_written() -> None:
    shown = "object({a=list(string), b=optional(tuple([number, any]))})"
    assert friendly_name(type_from_expression(parse_expression(shown))) == shown


def test_unify_finds_the_type_of_all() -> None:
    assert unify([NUMBER, STRING]) == STRING
    assert unify([]) == DYNAMIC
    assert unify([DYNAMIC, NUMBER]) == NUMBER
    assert unify([NUMBER, Type(Kind.LIST, NUMBER)]) is None


def test_plain_data_goes_in_and_out() -> None:
    data = {"a": [1, 2.5, None, True, "x"], "b": {}}
    assert to_python(from_python(data)) == data
    assert from_python(None) == NULL
    with pytest.raises(TypeError):
        from_python(object())


def test_marked_values_do_not_leave_without_a_placeholder() -> None:
    secret = Value(STRING, "s3cret", sensitive=True, residual=Variable("s"))
    with pytest.raises(EvaluationError, match="sensitive"):
        to_python(from_python([secret]))
    with pytest.raises(EvaluationError, match="not known yet"):
        to_python(unknown("u"))
    assert to_python(from_python([secret]), placeholder=lambda _: "*") == ["*"]
    with pytest.raises(EvaluationError, match=r"infrastructure\.a is a block"):
        to_python(block("a"))
