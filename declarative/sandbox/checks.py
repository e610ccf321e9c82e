"""Every request against the service model that botocore brings: required, range, pattern, enum.

The model is read as data, when first needed: importing botocore takes far longer. Messages are
AWS's own, all broken constraints of a request in one answer.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from declarative.sandbox.errors import ServiceError, invalid, validation, violation

_API = "2015-03-31"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (str, bytes, bytearray),
    "list": (list, tuple),
    "map": (dict,),
    "structure": (dict,),
}


@cache
def service_model() -> Mapping[str, Any]:
    """Return Lambda's API as the installed botocore describes it."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        return {"operations": {}, "shapes": {}}
    folder = Path(spec.origin).parent / "data" / "lambda" / _API
    packed = folder / "service-2.json.gz"
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else None
    model: Mapping[str, Any] = json.loads(data or (folder / "service-2.json").read_bytes())
    return model


def check_request(operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request with the numbers and booleans of its address read, if it is well formed.

    Raises:
        ServiceError: ``ValidationException`` with every broken constraint, or
            ``SerializationException`` for a member of the wrong type.
    """
    model = service_model()["operations"].get(operation)
    if model is None or "input" not in model:
        return dict(asked)
    shape = _shape(model["input"]["shape"])
    members = shape["members"]
    read = {
        name: _from_text(_shape(members[name]["shape"])["type"], value)
        if name in members and members[name].get("location") in ("querystring", "uri")
        else value
        for name, value in asked.items()
        if value is not None
    }
    found = list(_structure(shape, read, ""))
    if found:
        raise validation(found)
    return read


def _shape(name: str) -> Mapping[str, Any]:
    shape: Mapping[str, Any] = service_model()["shapes"][name]
    return shape


def _from_text(kind: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match kind:
        case "integer" | "long" if value.lstrip("-").isdigit():
            return int(value)
        case "boolean" if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case _:
            return value


def _structure(shape: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.get("required", ()):
        if value.get(name) is None:
            where = _join(path, name)
            yield (f"Value null at '{where}' failed to satisfy constraint: Member must not be null")
    for name, item in value.items():
        member = shape["members"].get(name)
        if member is not None and item is not None:
            yield from _value(member["shape"], item, _join(path, name))


def _value(shape_name: str, value: Any, path: str) -> Iterator[str]:
    shape = _shape(shape_name)
    kind = shape["type"]
    if not _is(kind, value):
        raise ServiceError(
            "SerializationException", f"{path} must be {kind}, not {value!r}", members={}
        )
    if shape_name == "Runtime":
        _check_runtime(shape, value)
        return
    yield from (violation(_said(value), path, rule) for rule in _rules(shape, value))
    match kind:
        case "structure":
            yield from _structure(shape, value, path)
        case "list" if _shape(shape["member"]["shape"])["type"] == "structure":
            for number, item in enumerate(value, 1):
                yield from _value(shape["member"]["shape"], item, f"{path}.{number}.member")
        case "list":
            yield from _items("Member", shape["member"]["shape"], value, value, path)
        case "map":
            yield from _items("Map keys", shape["key"]["shape"], list(value), value, path)
            yield from _items("Map value", shape["value"]["shape"], value.values(), value, path)
        case _:
            pass


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES.get(kind, (object,)))


def _items(noun: str, shape_name: str, items: Any, whole: Any, path: str) -> Iterator[str]:
    """Yield one sentence for all broken constraints of a list's or map's items."""
    shape = _shape(shape_name)
    rules = dict.fromkeys(rule for item in items for rule in _rules(shape, item))
    if rules:
        yield violation(_said(whole), path, f"{noun} must satisfy constraint: [{', '.join(rules)}]")


def _rules(shape: Mapping[str, Any], value: Any) -> Iterator[str]:
    """Yield the constraints of its own shape that a value breaks."""
    least, most = shape.get("min"), shape.get("max")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        size, words = float(value), "Member must have value"
    elif hasattr(value, "__len__"):
        size, words = len(value), "Member must have length"
    else:
        return
    if most is not None and size > most:
        yield f"{words} less than or equal to {most}"
    if least is not None and size < least:
        yield f"{words} greater than or equal to {least}"
    if not isinstance(value, str):
        return
    if "enum" in shape and value not in shape["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]"
    elif "pattern" in shape and not _pattern(shape["pattern"]).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {shape['pattern']}"


def _check_runtime(shape: Mapping[str, Any], value: str) -> None:
    # The one enumeration that Lambda checks by itself, with another error.
    if value not in shape["enum"]:
        raise invalid(
            f"Value {value} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{', '.join(shape['enum'])}] or be a valid ARN"
        )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    # Classes of Unicode, which Python writes otherwise; its \w is L and N and the underscore.
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        text = text.replace(java, python)
    return re.compile(text)


def _said(value: Any) -> Any:
    return "java.nio.HeapByteBuffer" if isinstance(value, (bytes, bytearray)) else value


def _join(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name
