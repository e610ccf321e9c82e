"""Functions by table: results, refusals, and the types that follow from the arguments."""

from __future__ import annotations

import base64
import gzip
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from declarative.errors import EvaluationError, LamformError
from declarative.language import limits
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.functions import BUILTINS, encoding, globs, json_text
from declarative.language.functions.graphemes import clusters
from declarative.language.functions.re2 import compile_pattern
from declarative.language.plain import from_python, to_python
from declarative.language.reading import parse_expression
from declarative.language.types import friendly_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from declarative.language.calls import Function
    from declarative.language.values import Value


@dataclass
class _Scope:
    context: CallContext
    functions: ClassVar[Mapping[str, Function]] = BUILTINS

    def lookup(self, name: str) -> Value | None:
        return None

    def names(self) -> Sequence[str]:
        return []


def _evaluate(text: str, root: Path = Path(), **environ: str) -> Value:
    return evaluate(parse_expression(text), _Scope(CallContext(root, environ)))


def _json(text: str, root: Path = Path(), **environ: str) -> str:
    return json_text.encode(_evaluate(text, root, **environ))


# Taken from Terraform 1.11: the answers of `type(…)` on its console.
_TYPES = [
    ("chunklist(tolist([1]),1)", "list(list(number))"),
    ('coalesce("a",1)', "string"),
    ('coalesce(1,true,"x")', "string"),
    ('coalesce([1],["a"])', "tuple([string])"),
    ("coalescelist([],[1])", "tuple([number])"),
    ('flatten(tolist([["a"]]))', "tuple([string])"),
    ("flatten([])", "tuple([])"),
    ("zipmap([],[])", "object({})"),
    ("zipmap(tolist([]),tolist([]))", "map(any)"),
    ('zipmap(["a"],tolist([1]))', "map(number)"),
    ('zipmap(tolist(["a"]),["x"])', "object({a=string})"),
    ('zipmap(["a"],["x"])', "object({a=string})"),
    ('setproduct(toset(["a"]),toset([1]))', "set(tuple([string, number]))"),
    ('setproduct(toset(["a"]),[1])', "set(tuple([string, number]))"),
    ('setproduct(tolist(["a"]),toset([1]))', "set(tuple([string, number]))"),
    ('setproduct(["a",1],[true])', "list(tuple([string, bool]))"),
    ('setproduct([],["a"])', "list(tuple([any, string]))"),
    ('setproduct(toset([]),["a"])', "set(tuple([any, string]))"),
    ('setproduct(tolist([]),tolist(["a"]))', "list(tuple([any, string]))"),
    ('setintersection(["a"],[1])', "set(string)"),
    ('setintersection(["a"],[])', "set(string)"),
    ("setintersection([1],[2])", "set(number)"),
    ('setunion([1],["b"])', "set(string)"),
    ("setunion([1],[])", "set(number)"),
    ('setsubtract(["a"],[])', "set(string)"),
    ('setsubtract([],["a"])', "set(string)"),
    ('setsubtract([1],["a"])', "set(string)"),
    ('sort(["a"])', "list(string)"),
    ('split(",","a")', "list(string)"),
    ("slice(tolist([1]),0,1)", "list(number)"),
    ('slice([1,"a"],0,0)', "tuple([])"),
    ("reverse(tolist([1]))", "list(number)"),
    ('reverse([1,"a"])', "tuple([string, number])"),
    ("reverse(toset([1]))", "list(number)"),
    ("distinct([])", "list(any)"),
    ('distinct(["a",1])', "list(string)"),
    ("distinct(tolist([1]))", "list(number)"),
    ('distinct([[1],["a"]])', "list(tuple([string]))"),
    ("distinct([{a=1},{b=1}])", "list(map(number))"),
    ("values(tomap({a=1}))", "list(number)"),
    ("values({})", "tuple([])"),
    ("keys(tomap({a=1}))", "list(string)"),
    ("keys(tomap({}))", "list(string)"),
    ("merge(tomap({a=1}))", "map(number)"),
    ("merge(tomap({a=1}),{b=2})", "object({a=number, b=number})"),
    ("merge(tomap({a=1}),null)", "object({a=number})"),
    ('merge({a=1},{a="x"})', "object({a=string})"),
    ("merge(null,null)", "object({})"),
    ("merge(null)", "object({})"),
    ("merge({},null)", "object({})"),
    ("concat([])", "tuple([])"),
    ("concat([],[])", "tuple([])"),
    ("concat(tolist([1]),[2])", "tuple([number, number])"),
    ("concat(tolist([1]),tolist([2]))", "list(number)"),
    ("concat(tolist([1]),tolist([true]))", "tuple([number, bool])"),
    ('concat(tolist([[1]]),tolist(["a"]))', "tuple([tuple([number]), string])"),
    ("element(tolist([1]),0)", "number"),
    ('lookup(tomap({a=1}),"b","2")', "number"),
    ('lookup({a=1},"a","2")', "number"),
    ('lookup({a=1},"b","2")', "string"),
    ("one([])", "any"),
    ("one([1])", "number"),
    ("one(tolist([]))", "any"),
    ("one(toset([1]))", "number"),
    ('regex("(a)","a")', "tuple([string])"),
    ('regexall("(a)","a")', "list(tuple([string]))"),
    ('regexall("(?P<x>a)","a")', "list(object({x=string}))"),
    ('regexall("a","a")', "list(string)"),
    ('formatlist("%s",["a"])', "list(string)"),
    ('formatlist("%s",[])', "list(string)"),
    ('formatlist("x")', "list(string)"),
    ('formatlist("%s","a")', "list(string)"),
    ('jsondecode("[]")', "tuple([])"),
    ('jsondecode("{}")', "object({})"),
    ('jsondecode("null")', "any"),
    ('jsondecode("[1,\\"a\\"]")', "tuple([number, string])"),
    ("range(0)", "list(number)"),
    ("chunklist([],2)", "list(list(any))"),
    ("compact([])", "list(string)"),
    ("tostring(null)", "string"),
    ("tolist([null])", "list(any)"),
    ('tolist([[],["a"]])', "list(list(string))"),
    ('tolist([{a=1},{a="x"}])', "list(object({a=string}))"),
    ('toset([[1],["a"]])', "set(tuple([string]))"),
    ("tolist(null)", "list(any)"),
    ("tomap(null)", "map(any)"),
    ("tomap({a=null})", "map(any)"),
    ("tolist([1,null])", "list(number)"),
    ("coalesce(null,1)", "number"),
    ('coalescelist(tolist([]),["a"])', "tuple([string])"),
    ('coalescelist([],tolist(["a"]))', "list(string)"),
    ('yamldecode("a: 1")', "object({a=number})"),
    ('setproduct(["a"],[1,2])', "list(tuple([string, number]))"),
    ("concat([1],tolist([1]))", "tuple([number, number])"),
    ('concat(tolist([1]),tolist(["a"]))', "list(string)"),
    ('merge(tomap({a=1}),tomap({b="x"}))', "object({a=number, b=string})"),
    ("merge(tomap({a=1}),tomap({b=2}))", "map(number)"),
    ("merge()", "object({})"),
    ('chunklist([1,"a"],1)', "list(list(string))"),
    ('distinct([1,"a"])', "list(string)"),
    ('slice([1,"a"],0,1)', "tuple([number])"),
    ('reverse(toset(["a"]))', "list(string)"),
    ('element([1,"a"],1)', "string"),
    ('compact(["a",""])', "list(string)"),
    ('coalescelist([],["a"])', "tuple([string])"),
    ('coalescelist(tolist([]),["a",1])', "tuple([string, number])"),
    ("keys({})", "tuple([])"),
    ("keys({a=1})", "tuple([string])"),
    ("values({a=1,b=2})", "tuple([number, number])"),
    ('setunion(["a"],["b"])', "set(string)"),
    ("setunion([])", "set(any)"),
    ("tolist([])", "list(any)"),
    ("tomap({})", "map(any)"),
    ("toset([])", "set(any)"),
    ("range(3)", "list(number)"),
    ('setproduct(tolist(["a"]),tolist([1]))', "list(tuple([string, number]))"),
    ('setproduct([1,"a"],["x"])', "list(tuple([string, string]))"),
    ('setproduct(["a"],["b"])', "list(tuple([string, string]))"),
    ('setproduct([[1],["a"]],["b"])', "list(tuple([tuple([string]), string]))"),
    ('flatten(toset(["a"]))', "tuple([string])"),
    ('yamldecode("[]")', "tuple([])"),
    ('element(["a",1],1)', "number"),
    ('index(["a"],"a")', "number"),
    ('lookup(tomap({a="x"}),"b",1)', "string"),
    ('lookup(tomap({a="x"}),"a",1)', "string"),
    ('tolist([{a=1},{b="x"}])', "list(map(string))"),
    ('distinct([{a=1},{b="x"}])', "list(map(string))"),
    ("tostring(1)", "string"),
    ("merge(tomap({}),tomap({a=1}))", "object({a=number})"),
    ("merge(tomap({}),tomap({}))", "map(any)"),
    ('chunklist(toset(["a"]),1)', "list(list(string))"),
    ('chunklist(["a",1],1)', "list(list(string))"),
    ('concat(tolist([]),tolist(["a"]))', "list(string)"),
    ('concat(tolist([]),["a"])', "tuple([string])"),
    ('regexall("(?P<x>a)|b","b")', "list(object({x=string}))"),
    ('sum(["1"])', "number"),
    ("keys(tomap({a=[]}))", "list(string)"),
    ("toset([null])", "set(any)"),
    ("tonumber(null)", "number"),
    ('setunion([null],["a"])', "set(string)"),
    ('compact(toset(["a"]))', "list(string)"),
    ("values(tomap({}))", "list(any)"),
    ("slice(tolist([]),0,0)", "list(any)"),
    ("reverse(toset([]))", "list(any)"),
    ('contains([],"a")', "bool"),
    ("coalesce(null,[1])", "tuple([number])"),
    ('max("1")', "number"),
    ("setunion([],[])", "set(any)"),
    ("setsubtract([],[])", "set(any)"),
    ('setintersection([[1]],[["a"]])', "set(tuple([string]))"),
]

_REFUSALS = [
    ("provider::aws::arn_parse(1)", "there are no providers here"),
    ("provider::f()", "there are no providers here"),
    ("other::upper(1)", 'no namespace "other"'),
    ("core::uper(1)", 'Did you mean "upper"'),
    ("abs([])", "a number is required"),
    ("log(0, 2)", "not a finite number"),
    ("log(-1, 2)", "negative number has no logarithm"),
    ("pow(10, 400)", "too large"),
    ("1e9999 * 100", "between 1e-10000 and 1e10000"),
    ('tonumber("1e999999999")', "between 1e-10000 and 1e10000"),
    ('parseint(join("", [for n in range(1001) : "0123456789"]), 10)', "too many"),
    ("pow(-8, 1 / 3)", "not a real"),
    ('pow(tonumber("1e999"), 2)', "too large for this function"),
    ("max()", "at least one number"),
    ("min(null)", "must not be null"),
    ("signum(0.5)", "must be a whole number, not 0.5"),
    ('parseint("x", 10)', 'cannot read "x" as a base 10 integer'),
    ('parseint("1", 63)', "between 2 and 62"),
    ("parseint(1, 10)", "a string is required"),
    ("sum([])", "at least one element"),
    ("sum([1, null])", "null"),
    ("range(2000)", "more than 1024 elements"),
    ("range(0, 5, 0)", "must not be zero"),
    ("range(1, 5, -1)", "must be less than the start"),
    ("range(1, 2, 3, 4)", "one, two or three numbers"),
    ('indent(-1, "a")', "must not be negative"),
    ('join(",")', "at least one list"),
    ('join(",", [null])', "element 0 is null"),
    ('regex("(?=a)", "a")', "RE2 has no look-around"),
    ('regex("(?<!a)b", "a")', "RE2 has no look-around"),
    (r'regex("(a)\\1", "aa")', "RE2 has no back-references"),
    ('regex("(?>a)", "a")', 'RE2 has no group "(?>"'),
    ('regex("(?P<a-b>a)", "a")', "cannot be the name of a group"),
    ('regex("(?P<x>a)(b)", "ab")', "mixes named and unnamed groups"),
    ('regex("a++", "a")', 'RE2 has no "++"'),
    ('regex("*", "a")', "repeats nothing"),
    ('regex("a{1001}", "a")', "at most 1000"),
    ('regex("(a", "a")', "not closed"),
    ('regex("a)", "a")', "closes nothing"),
    ('regex("[a", "a")', "not closed"),
    ('regex("[b-a]", "a")', "runs backwards"),
    ('regex("[a-c-e]", "a")', "does not make a range"),
    ('regex("[[:foo:]]", "a")', "there is no class"),
    (r'regex("\\p{Greek}", "a")', "scripts"),
    (r'regex("\\pé", "a")', "names no class"),
    (r'regex("\\x{110000}", "a")', "beyond the last character"),
    (r'regex("\\y", "a")', "RE2 has no escape"),
    ('regex("b", "a")', "matches nothing"),
    ('replace("a", "/(/", "")', "not closed"),
    ('format("%d", 1.5)', "%d needs a number"),
    ('format("%s", [])', "%s needs a string, not a tuple"),
    ('format("%t", 1)', "%t needs a bool"),
    ('format("%s", null)', "%s has no form for null"),
    ('format("%z", 1)', 'there is no verb "%z"'),
    ('format("100%")', "written %%"),
    ('format("%d")', "asks for argument 1, but 0 follow"),
    ('format("%d", 1, 2)', "uses only 1"),
    ('format("%999999d", 1)', "more than 100000 characters"),
    ('formatlist("%s%s", ["a"], ["b", "c"])', "argument 1 has 1, argument 2 has 2"),
    ("length(5)", "only strings and collections"),
    ("element([], 0)", "no elements"),
    ("element([1], -1)", "must not be negative"),
    ("element(toset([1]), 0)", "a list or tuple is required here, not a set"),
    ("slice([1], 0, 2)", "beyond the 1 elements"),
    ("slice([1], -1, 1)", "must not be negative"),
    ("slice([1, 2], 2, 1)", "greater than the end"),
    ('index([1], "1")', "no element equals"),
    ("chunklist([1], -1)", "must not be negative"),
    ("chunklist({}, 1)", "list, set or tuple is required"),
    ("concat()", "at least one argument"),
    ("concat(toset([1]))", "a list or tuple is required"),
    ("sort([null])", "null"),
    ("one([1, 2])", "zero or one elements are required, not 2"),
    ("coalesce()", "every argument is null"),
    ('coalesce("", null)', "every argument is null"),
    ('coalesce([1], "a")', "one type"),
    ("coalescelist([])", "no argument is a list with elements"),
    ('lookup({}, "a")', 'there is no "a"'),
    ('lookup({}, "a", 1, 2)', "at most one default"),
    ("merge([1])", "a map or object is required"),
    ('zipmap(["a"], [])', "1 keys do not go with 0 values"),
    ("zipmap([null], [1])", "cannot be a key"),
    ("keys([])", "a map or object is required"),
    ("setproduct([1])", "at least two"),
    ("setunion([[1]], [2])", "one type"),
    ('jsondecode("[1,]")', "not valid JSON at line 1, column"),
    ('jsondecode("NaN")', "not a JSON number"),
    ('jsondecode("1e99999999")', "out of range"),
    ('yamldecode("")', "no YAML document"),
    ('yamldecode("a: [")', "not valid YAML at line 1"),
    ('yamldecode("a: !foo x")', "not supported (line 1, column 4)"),
    ('yamldecode("a: &a [*a]")', "it stands in"),
    ('yamldecode("~: 1")', "must not be null"),
    ('yamldecode("[a]: 1")', "must be a scalar"),
    ('yamldecode(".inf")', "not a number"),
    ('yamldecode("<<: 1")', "merged"),
    ('yamldecode("!!int x")', "does not fit its tag"),
    ("yamldecode(\"!!binary '?'\")", "not base64"),
    ('yamldecode("!!set {a}")', "not supported"),
    ('yamldecode("\\u0001")', "not valid YAML"),
    ('base64decode("a b")', "not base64"),
    ('base64decode("é")', "not base64"),
    ('base64decode("gICA")', "not UTF-8"),
    ("timestamp()", "plans must be reproducible"),
    ("plantimestamp()", "pass the time in as a variable"),
    ("uuid()", "plans must be reproducible"),
    ('bcrypt("a")', "sensitive variable"),
    ('getenv("A", "b", "c")', "at most one default"),
    ('pathexpand("~other/x")', "another user's home"),
    ('pathexpand("~")', "HOME is not set"),
]


@pytest.mark.parametrize(("expression", "type_"), _TYPES)
def test_the_type_follows_from_the_arguments(expression: str, type_: str) -> None:
    assert friendly_name(_evaluate(expression).type) == type_


@pytest.mark.parametrize(("expression", "part"), _REFUSALS)
def test_refusals_say_what_is_wrong(expression: str, part: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        _evaluate(expression)
    (diagnostic,) = caught.value.diagnostics
    assert part in diagnostic.detail
    assert diagnostic.range is not None


def test_numbers_are_not_rounded() -> None:
    assert _json("sum([1e100, 1, -1e100])") == "1"
    assert _json('jsondecode("123456789012345678901234567890.5")') == (
        "123456789012345678901234567890.5"
    )
    assert _json(f'parseint("{"9" * 5000}", 10) > 0') == "true"


def test_files_are_relative_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("e\u0301!", "utf-8")
    (tmp_path / "data.bin").write_bytes(b"\xff\x00")
    digest = hashlib.sha256(b"\xff\x00")
    assert _json('file("text.txt")', tmp_path) == '"é!"'
    assert _json('filebase64("data.bin")', tmp_path) == '"/wA="'
    assert _json('filesha256("data.bin")', tmp_path) == f'"{digest.hexdigest()}"'
    assert _json('base64decode("YQ==") == "a" && fileexists("data.bin")', tmp_path) == "true"
    assert _json('fileexists("other")', tmp_path) == "false"
    assert _json('fileexists("~/text.txt")', HOME=str(tmp_path)) == "true"
    assert _json('abspath("a/../b")', tmp_path) == f'"{tmp_path}/b"'
    assert _json('pathexpand("~/x")', HOME="/house/of") == '"/house/of/x"'


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ('file("missing")', 'there is no file "missing"; paths are relative'),
        ('filesha256("missing")', 'there is no file "missing"'),
        ('file("folder")', "is a directory"),
        ('fileexists("folder")', "is a directory"),
        ('file("data.bin")', "use filebase64"),
        ('file("data.bin/x")', "cannot be read"),
        ('file("a\\u0000b")', "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, expression: str, part: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "data.bin").write_bytes(b"\xff\x00")
    with pytest.raises(EvaluationError, match=part):
        _evaluate(expression, tmp_path)


def test_a_pattern_stays_below_its_directory_and_looks_no_deeper_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x/a/b").mkdir(parents=True)
    (tmp_path / "x/a/b/deep").write_text("")
    for number in range(5):
        (tmp_path / f"x/file{number}").write_text("")
    monkeypatch.setattr(globs, "_MOST_VISITED", 7)
    assert _json('fileset("x", "/file[01]")', tmp_path) == '["file0","file1"]'
    assert _json('fileset("x", "/")', tmp_path) == "[]"
    assert _json('fileset("x", "*/*")', tmp_path) == "[]"
    with pytest.raises(EvaluationError, match="begin the pattern with the directory"):
        _evaluate('fileset("x", "**")', tmp_path)


def test_a_linked_directory_counts_beside_its_own_but_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "x/a").mkdir(parents=True)
    (tmp_path / "x/a/f").write_text("")
    (tmp_path / "x/b").symlink_to("a")
    (tmp_path / "x/a/round").symlink_to("..")
    assert _json('fileset("x", "**")', tmp_path) == '["a/f","b/f"]'


def test_getenv_reads_the_environment_it_is_given() -> None:
    assert _json('getenv("STAGE")', STAGE="dev") == '"dev"'
    assert _json('getenv("STAGE", "none")', STAGE="") == '""'
    assert _json('getenv("STAGE", "none")') == '"none"'
    assert _json('getenv("STAGE", null)') == "null"
    with pytest.raises(EvaluationError, match='variable "STAGE" is not set'):
        _evaluate('getenv("STAGE")')


def test_what_is_read_outside_keeps_its_call() -> None:
    assert _evaluate('getenv("STAGE")', STAGE="dev").residual is not None


_MANY = 'format("%010000d", 0)'
_BOMBS = [
    ('format("%999999999d", 1)', "more than 100000 characters"),
    ('format("%.999999999f", 1)', "more than 100000 characters"),
    ("pow(10, 1e9)", "too large"),
    ("pow(10, pow(10, 300))", "too large"),
    ("1e999999999", "between 1e-10000 and 1e10000"),
    ("1e9999 * 1e9999", "between 1e-10000 and 1e10000"),
    ("1e-9999 / 1e9999", "between 1e-10000 and 1e10000"),
    ('jsondecode("1e999999999")', "out of range"),
    ('yamldecode("1e999999999")', "out of range"),
    ('yamldecode("-1e99999999999999999999")', "out of range"),
    ('jsondecode("1e99999999999999999999")', "out of range"),
    ('tonumber("1e99999999999999999999")', "between 1e-10000 and 1e10000"),
    ("range(0, 1e9)", "more than 1024 elements"),
    ("setproduct(range(1000), range(1000), range(1000))", "more than 1,000,000 elements"),
    ("concat([for i in range(1001) : range(1000)]...)", "more than 1,000,000 elements"),
    ("flatten([for i in range(1001) : range(1000)])", "more than 1,000,000 elements"),
    (f'replace({_MANY}, "0", {_MANY})', "100,000,000"),
    (f'replace({_MANY}, "/[0-9]/", {_MANY})', "at most"),
    (f"join({_MANY}, range(1000))", "characters"),
    (f'format("{"%[1]s" * 1000}", {_MANY})', "characters"),
    ('indent(100000, join("\\n", range(1000)))', "characters"),
    ('indent(1e9, "a")', "at most 100000 spaces"),
    (f'"%{{ for n in range(1000) }}${{{_MANY}}}%{{ endfor }}"', "characters"),
    ("[for i in range(1000) : [for j in range(1000) : [for k in range(1000) : 1]]]", "turns"),
    ("[for i in range(1000) : try([for j in range(1000) : [for k in range(9) : 1]], 1)]", "turns"),
    ('file("/dev/zero")', "is a device"),
    ('filesha256("/dev/zero")', "is a device"),
    ("element([1], 1e9999)", "too large"),
    ('cidrhost("::/0", 1e9999)', "too large"),
    ('templatefile("self", {})', "more than 30 deep"),
]


@pytest.mark.parametrize(("expression", "part"), _BOMBS)
def test_what_would_never_end_or_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expression: str, part: str
) -> None:
    monkeypatch.setattr(limits, "LONGEST_TEXT", 5_000_000)
    monkeypatch.setattr(limits, "MOST_TURNS", 30_000)
    again = '${templatefile("self", {})}'
    (tmp_path / "self").write_text(again)
    started = time.monotonic()
    with pytest.raises(EvaluationError) as caught:
        _evaluate(expression, tmp_path)
    assert part in str(caught.value)
    assert all(found.range for found in caught.value.diagnostics)
    assert time.monotonic() - started < 20


def test_limits_do_not_depend_on_what_was_evaluated_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST_TURNS", 10)
    for _ in range(3):
        assert _json("[[for i in range(8) : i][0], [for i in range(8) : i][1]]") == "[0,1]"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*)*c", "(a|aa)+$", "(?:a?){40}c", "a*a*a*a*c"])
def test_no_pattern_takes_a_power_of_the_text(pattern: str) -> None:
    started = time.monotonic()
    assert _json(f'length(regexall("{pattern}", "{"a" * 60}b"))') == "0"
    assert time.monotonic() - started < 5


def test_templates_that_take_in_themselves_twice_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_TURNS", 30_000)
    (tmp_path / "twice").write_text('${try(templatefile("twice", {}), 0)}' * 2)
    started = time.monotonic()
    assert _json('length(templatefile("twice", {})) > 1', tmp_path) == "true"
    assert time.monotonic() - started < 20


def test_unpacked_text_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "LONGEST_TEXT", 1000)
    monkeypatch.setattr(limits, "LONGEST_TEXT", 1000)
    packed = base64.b64encode(gzip.compress(b"a" * 2000)).decode()
    with pytest.raises(EvaluationError, match="at most 1,000"):
        _evaluate(f'base64gunzip("{packed}")')


def test_a_few_yaml_lines_cannot_fill_the_memory() -> None:
    levels = "\n".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(9))
    started = time.monotonic()
    with pytest.raises(EvaluationError, match="multiply"):
        _evaluate(f"yamldecode(<<-EOT\na0: &a0 x\n{levels}\nEOT\n)")
    assert time.monotonic() - started < 30


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    for text in ("[" * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(LamformError, match=r"nested too deeply|not valid"):
            _evaluate(f'jsondecode("{text}")')


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_PLAIN)
def test_json_comes_back_the_same(plain: object) -> None:
    value = from_python(plain)
    written = json_text.encode(value)
    assert json_text.encode(json_text.decode(written)) == written
    assert not set("<>&\u2028\u2029") & set(written)


@given(st.text())
def test_clusters_are_a_partition(text: str) -> None:
    parts = clusters(text)
    assert "".join(parts) == text
    assert all(parts)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_pattern_finds_quoted_text_literally(text: str, rest: str) -> None:
    quoted = rf"\Q{text}\E" if r"\E" not in text and not text.endswith("\\") else ""
    match = compile_pattern(quoted).search(rest + text)
    assert match is not None


@given(st.text(alphabet=r"ab01()[]{}|*+?.\^$-:PpdwzQEixU<>=!,&~#", max_size=12))
def test_a_pattern_compiles_or_is_refused(source: str) -> None:
    try:
        pattern = compile_pattern(source)
    except LamformError:
        return
    spans = [match.span() for match in pattern.matches("ab01 ab")]
    assert spans == sorted(set(spans))


@given(st.lists(st.integers(-50, 50)), st.integers(0, 9))
def test_chunks_join_to_the_list(items: list[int], size: int) -> None:
    listed = json_text.encode(from_python(items))
    assert to_python(_evaluate(f"flatten(chunklist({listed}, {size}))")) == items


@given(st.binary(max_size=40))
def test_base64_decodes_what_is_text(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    quoted = json_text.quoted(text).replace("${", "$${").replace("%{", "%%{")
    if set(quoted) & set("\b\f") or r"\b" in quoted or r"\f" in quoted:
        return  # escapes of JSON that HCL does not have
    assert _evaluate(f"base64decode(base64encode({quoted})) == {quoted}").content is True


_ARGUMENTS = st.sampled_from(
    [
        *("null", "true", "0", "-1", "2", "1.5", "1e999", '""', '"a"', '"12"', '"/a*/"', '"%5.2f"'),
        *("[]", "[null]", "[1, 2]", '["b", "a"]', "[[1], []]", "[{}]", '[1, "a", true, null]'),
        *("{}", "{ a = 1 }", '{ a = null, b = "x" }', "{ a = [1] }"),
        *(
            "tolist([])",
            "tolist([1])",
            'toset(["a"])',
            "toset([])",
            "tomap({})",
            "tomap({ a = 1 })",
        ),
        *("tostring(null)", "tolist(null)", "tomap({ a = null })", "toset([[1]])"),
    ]
)


@given(st.sampled_from(sorted(BUILTINS)), st.lists(_ARGUMENTS, max_size=4))
@settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
def test_no_argument_crashes_a_function(name: str, arguments: list[str]) -> None:
    try:
        result = _evaluate(f"{name}({', '.join(arguments)})")
    except EvaluationError:
        return
    assert json_text.encode(result)
