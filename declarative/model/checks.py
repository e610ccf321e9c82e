"""How evaluated content is judged and converted: the types that block models are made of.

Every message completes the sentence "NAME …", such as ``memory_size must be a whole number
between 128 and 32768``. A type that takes *marked* content lets `Sensitive` and `Pending`
through, judging what is inside where it can; every other type refuses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BeforeValidator, WrapValidator
from pydantic_core import PydanticCustomError, core_schema

from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidatorFunctionWrapHandler

Check = Callable[[object], object]

PENDING: Final = "pending"
"""The type of the error that says a value is not known yet."""


def refuse(phrase: str, kind: str = "content") -> PydanticCustomError:
    """Return the error that completes the sentence "NAME …" with ``phrase``."""
    return PydanticCustomError(kind, "{phrase}", {"phrase": phrase})


@dataclass(frozen=True, slots=True)
class By:
    """Validates a field with one function and nothing else.

    Attributes:
        check: Returns the converted value or raises what `refuse` returns.
        marked: Whether sensitive and pending content is let through.
        convert: The function of the language that does what ``check`` does, for the
            residual of a sensitive value that ``check`` changed.
    """

    check: Check
    marked: bool = False
    convert: str = "tostring"

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return the schema, as pydantic asks for it."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def _validate(self, value: object) -> object:
        if not isinstance(value, Sensitive | Pending):
            return self.check(value)
        if not self.marked:
            refuse_marks(value)
        if isinstance(value, Pending):
            if value.sensitive and self.convert != "tostring":
                return Pending(f"{self.convert}({value.residual})", sensitive=True)
            return value
        plain = self.check(value.value)
        if plain == value.value:
            return value
        residual = None if value.residual is None else f"{self.convert}({value.residual})"
        return Sensitive(plain, residual)  # type: ignore[arg-type] # a check answers JSON


def is_sensitive(value: object) -> bool:
    """Whether evaluated content is a secret, known or not."""
    return isinstance(value, Sensitive) or (isinstance(value, Pending) and value.sensitive)


def has_sensitive(value: object) -> bool:
    """Whether a secret, known or not, is anywhere in evaluated content."""
    if isinstance(value, Mapping):
        return any(map(has_sensitive, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_sensitive, value))
    return is_sensitive(value)


def refuse_marks(value: object) -> None:
    """Raise if ``value`` is sensitive or not known yet."""
    if is_sensitive(value):
        raise refuse("must not be sensitive: it is shown in plans and kept in state", "sensitive")
    if isinstance(value, Pending):
        raise refuse("must be known when the plan is made", PENDING)


def text(value: object) -> str:
    """Return ``value`` as the language makes a string of it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value.normalize(), "f")
        case _:
            raise refuse("must be a string")


def _filled(value: object) -> str:
    found = text(value)
    if not found:
        raise refuse("must not be empty")
    return found


def _flag(value: object) -> bool:
    match value:
        case bool():
            return value
        case "true" | "false":
            return value == "true"
        case _:
            raise refuse("must be true or false")


def whole_number(low: int, high: int, *, marked: bool = True) -> By:
    """Return the check for a whole number from ``low`` to ``high``, both allowed."""
    phrase = f"must be a whole number between {low} and {high}"

    def check(value: object) -> int:
        try:
            number = None if isinstance(value, bool) else Decimal(value)  # type: ignore[arg-type]
        except (ArithmeticError, TypeError, ValueError):
            number = None
        if number is None or number != number.to_integral_value() or not low <= number <= high:
            raise refuse(phrase)
        return int(number)

    return By(check, marked=marked, convert="tonumber")


def one_of(*choices: str, marked: bool = False) -> By:
    """Return the check for one of a closed set of words."""
    *some, last = choices
    phrase = f"must be {', '.join(some)} or {last}" if some else f"must be {last}"
    by_letters = {choice.lower(): choice for choice in choices}

    def check(value: object) -> str:
        if value in choices:
            return str(value)
        meant = by_letters.get(str(value).lower())
        raise refuse(phrase + (f': write "{meant}"' if meant else ""))

    return By(check, marked=marked)


def matching(pattern: str, phrase: str) -> By:
    """Return the check for a string of one form; ``phrase`` says which."""
    form = re.compile(pattern)

    def check(value: object) -> str:
        found = text(value)
        if not form.fullmatch(found):
            raise refuse(phrase)
        return found

    return By(check)


def _relative(value: object) -> str:
    path = _filled(value)
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or "\\" in path:
        raise refuse(
            'must be relative to the project\'s directory, with "/": a plan means the same '
            "on every machine"
        )
    return path


def _routing(value: dict[str, float]) -> dict[str, float]:
    if len(value) > 1:
        raise refuse("must name at most one other version, as Lambda allows no more")
    return value


def _fraction(value: object) -> float:
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise refuse("must be a fraction between 0 and 1, such as 0.1")


def _items(value: object) -> object:
    if isinstance(value, list | tuple):
        return value
    raise refuse("must be a list")


def plain_items(value: object) -> object:
    """Return a list that is neither sensitive nor unknown as a whole."""
    refuse_marks(value)
    return _items(value)


def marked_items(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """Return a list whose items ``handler`` judges, or the mark that stands for all of it."""
    if isinstance(value, Pending):
        return value
    if isinstance(value, Sensitive):
        return _rewrapped(value, handler(_items(value.value)), "[for v in {} : tostring(v)]")
    return handler(_items(value))


def _entries(value: object) -> object:
    refuse_marks(value)
    if not isinstance(value, Mapping):
        raise refuse("must be a map")
    return {key: item for key, item in value.items() if item is not None}


def _marked_entries(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    if isinstance(value, Pending):
        return value
    if isinstance(value, Sensitive):
        pattern = "{{ for k, v in {} : k => tostring(v) if v != null }}"
        return _rewrapped(value, handler(_entries(value.value)), pattern)
    return handler(_entries(value))


def _rewrapped(value: Sensitive, plain: object, pattern: str) -> Sensitive:
    if plain == value.value:
        return value
    residual = None if value.residual is None else pattern.format(value.residual)
    return Sensitive(plain, residual)  # type: ignore[arg-type] # a handler answers JSON


def spread(value: object) -> object:
    """Return a sensitive object as an object of sensitive values; anything else as it is."""
    if not isinstance(value, Sensitive) or not isinstance(value.value, dict):
        return value
    return {
        key: Sensitive(item, None if value.residual is None else f"({value.residual}).{key}")
        for key, item in value.value.items()
    }


def _structure(given: object) -> object:
    value = spread(given)
    if isinstance(value, Pending):
        raise refuse("must be known when the plan is made; write its fields one by one", PENDING)
    if not isinstance(value, Mapping):
        raise refuse("must be an object, or a block")
    return {key: item for key, item in value.items() if item is not None}


Plain = Annotated[str, By(text)]
Filled = Annotated[str, By(_filled)]
Flag = Annotated[bool, By(_flag)]
Fraction = Annotated[float, By(_fraction)]
PlainList = Annotated[tuple[Plain, ...], BeforeValidator(plain_items)]
PlainMap = Annotated[dict[str, Plain], BeforeValidator(_entries)]
Routing = Annotated[dict[str, Fraction], BeforeValidator(_entries), AfterValidator(_routing)]
RelativePath = Annotated[str, By(_relative)]

MarkedText = Annotated[str | Sensitive | Pending, By(text, marked=True)]
MarkedFlag = Annotated[bool | Sensitive | Pending, By(_flag, marked=True, convert="tobool")]
MarkedList = Annotated[list[MarkedText], WrapValidator(marked_items)]
_Anything = Annotated[object, By(lambda value: value, marked=True)]
MarkedValues = Annotated[dict[str, _Anything], WrapValidator(_marked_entries)]
MarkedMap = Annotated[dict[str, MarkedText], WrapValidator(_marked_entries)]
TagMap = Annotated[dict[str, MarkedText], BeforeValidator(_entries)]
Structure = BeforeValidator(_structure)
