"""Global options may stand anywhere on the command line; here they are brought to the front."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FLAGS: Final = frozenset({"--json", "--no-color", "--version"})
_VALUES: Final = frozenset({"-C", "--log-level"})
_VARIABLES: Final = frozenset({"--var", "--var-file"})
GLOBAL_OPTIONS: Final = _FLAGS | _VALUES
_HELP: Final = frozenset({"-h", "--help"})
_FOREIGN: Final = ["sandbox", "run"]
"""The command whose own words end where another command line begins."""


def globals_first(arguments: Sequence[str], value_options: frozenset[str]) -> list[str]:
    """Return ``arguments`` with the global options first, everything else in its order.

    The value of another option (``value_options`` take one) is never mistaken for a global
    option, and nothing behind ``--`` or inside the command of ``sandbox run`` is touched.
    """
    front: list[str] = []
    rest: list[str] = []
    words: list[str] = []
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        if argument == "--" or (words == _FOREIGN and not argument.startswith("-")):
            break
        taken = 2 if argument in _VALUES or argument in value_options else 1
        pair = arguments[index : index + taken]
        (front if _is_global(argument) else rest).extend(pair)
        if not argument.startswith("-"):
            words.append(argument)
        index += taken
    return [*front, *rest, *arguments[index:]]


def _is_global(argument: str) -> bool:
    if argument in _FLAGS or argument in _VALUES:
        return True
    attached = argument.startswith("-C") and not argument.startswith("--")
    return attached or argument.startswith("--log-level=")


def command_of(arguments: Sequence[str]) -> str | None:
    """Return the command that is called; None where it cannot be told, or help is asked before."""
    rest = iter(arguments)
    for argument in rest:
        if argument in _VALUES:
            next(rest, None)
        elif argument in _HELP:
            return None
        elif not argument.startswith("-"):
            return argument
    return None


def variables_in_order(arguments: Sequence[str], value_options: frozenset[str]) -> list[str]:
    """Return which of ``--var`` and ``--var-file`` is given when: the later wins."""
    found: list[str] = []
    index = 0
    while index < len(arguments) and arguments[index] != "--":
        name = arguments[index].partition("=")[0]
        if name in _VARIABLES:
            found.append(name)
        index += 2 if arguments[index] in value_options else 1
    return found


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the answer shall be JSON, judged before anything is parsed.

    A command line that cannot be parsed is answered in the form it asked for.
    """
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in own or "--format=json" in own or ("--format", "json") in pairwise(own)


def value_options(command: Any) -> frozenset[str]:
    """Return the options of ``command`` and of its sub-commands that take a value."""
    return frozenset(_value_options(command))


def _value_options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.is_flag:
            yield from parameter.opts
    for child in getattr(command, "commands", {}).values():
        yield from _value_options(child)
