"""What AWS would refuse, judged from what the files say alone, before anything is called.

One field by itself is judged where it is read (`declarative.model.config`); here are the
rules between fields, and those that need to know region and artifact. A value that is not
known yet is not judged; a secret is, but is in no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from declarative.errors import Diagnostic
from declarative.model.arns import function_address
from declarative.model.finding import Finding, Subject, known
from declarative.model.rules_of_fields import FIELD_RULES
from declarative.model.rules_of_settings import SETTING_RULES
from declarative.model.runtimes import DEPRECATED, KNOWN

if TYPE_CHECKING:
    from declarative.errors import SourceRange
    from declarative.model.bound import BoundRelease

_MOST_TAGS: Final = 50
_KEY_LENGTH: Final = 128
_VALUE_LENGTH: Final = 256
_IMAGE: Final = "ecr"
_OF_ZIP: Final = ("runtime", "handler", "layers", "snap_start", "source_kms_key_arn")


def judge(
    release: BoundRelease, account_id: Callable[[], str | None] = lambda: None
) -> tuple[Diagnostic, ...]:
    """Return everything that AWS would refuse in a release, and warnings of what it may.

    ``account_id`` gives the account that the release is deployed to, None where nobody knows;
    it is asked only where the function is addressed by an ARN.
    """
    subject = Subject(release, account_id)
    return tuple(
        Diagnostic(
            finding.summary,
            finding.detail,
            finding.severity,
            address=release.address,
            range=_range(release, finding.path),
        )
        for rule in _RULES
        for finding in rule(subject)
    )


def _range(release: BoundRelease, path: tuple[str, ...]) -> SourceRange | None:
    """Return where the nearest thing around ``path`` is written."""
    for length in range(len(path), -1, -1):
        found = release.ranges.get(".".join(path[:length]))
        if found is not None:
            return found
    return None


def _name(subject: Subject) -> Iterator[Finding]:
    written = subject.release.function_name
    address = function_address(written)
    path = ("function", "function_name")
    if address is None:
        yield Finding(
            path,
            "Invalid name",
            f'"{written}" is no name of a function: use at most 64 letters, digits, "-" and "_", '
            "or the ARN of a function, without a version or an alias.",
        )
    elif address.region is not None and address.region != subject.release.region:
        yield Finding(
            path,
            "The function is in another region",
            f"{written} is in {address.region}, and the release is deployed to "
            f"{subject.release.region}. Write the name alone, or choose another infrastructure.",
        )
    elif address.account_id is not None:
        account = subject.account_id()
        if account not in (None, address.account_id):
            yield Finding(
                path,
                "The function is in another account",
                f"{written} is in account {address.account_id}, and the release is deployed to "
                f"{account}. Write the name alone, or choose another infrastructure.",
            )


def _tags(subject: Subject) -> Iterator[Finding]:
    release = subject.release
    ownership = {"lamform:project": ""} if release.ownership_tag else {}
    tags: Mapping[str, object] = {**release.default_tags, **(release.tags or {}), **ownership}
    path = ("function", "tags")
    if len(tags) > _MOST_TAGS:
        yield Finding(
            path,
            "Too many tags",
            f"The function would have {len(tags)} tags, with the default tags and lamform's own; "
            f"Lambda allows {_MOST_TAGS}. Take some away.",
        )
    for key, value in tags.items():
        shown = known(value)
        if key.lower().startswith("aws:"):
            yield Finding(
                path, "Reserved tag", f'"{key}" begins with "aws:", which is AWS\'s own. Rename it.'
            )
        if not 1 <= len(key) <= _KEY_LENGTH or (
            isinstance(shown, str) and len(shown) > _VALUE_LENGTH
        ):
            yield Finding(
                path,
                "A tag is too long",
                f'The key of tag "{key[:40]}" may have {_KEY_LENGTH} characters and its value '
                f"{_VALUE_LENGTH}. Shorten it.",
            )


def _package(subject: Subject) -> Iterator[Finding]:
    image = subject.artifact_kind == _IMAGE
    if image:
        for name in _OF_ZIP:
            if subject.has(name):
                yield Finding(
                    ("function", name),
                    "Not for images",
                    f"{name} belongs to functions that are deployed as a package; this one is "
                    "deployed as an image, which brings its own. Leave it out.",
                )
        if subject.release.settings.code_signing_config_arn is not None:
            yield Finding(
                ("code_signing_config_arn",),
                "Not for images",
                "Lambda checks signatures of packages, and this function is deployed as an image. "
                "Leave code_signing_config_arn out.",
            )
        if subject.release.settings.runtime_management is not None:
            yield Finding(
                ("runtime_management",),
                "Not for images",
                "AWS updates the runtimes of packages, and this function is deployed as an image, "
                "which brings its own. Leave runtime_management out.",
            )
    elif subject.has("image_config"):
        yield Finding(
            ("function", "image_config"),
            "Only for images",
            "image_config belongs to functions that are deployed as an image; this one is "
            'deployed as a package. Leave it out, or write artifact "ecr".',
        )


def _runtime(subject: Subject) -> Iterator[Finding]:
    runtime = subject.text("runtime")
    if runtime is None:
        return
    path = ("function", "runtime")
    if runtime in DEPRECATED:
        yield Finding(
            path,
            "Deprecated runtime",
            f"AWS has deprecated {subject.shown(runtime, 'runtime')}: it gets no security patches, "
            "and AWS blocks creating and then updating functions with it. Move to "
            f"{DEPRECATED[runtime]}.",
            severity="warning",
        )
    elif runtime not in KNOWN:
        yield Finding(
            path,
            "Unknown runtime",
            f"{subject.shown(runtime, 'runtime')} is no runtime that this version of lamform "
            "knows; AWS will tell.",
            severity="warning",
        )


_RULES: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _name,
    _tags,
    _package,
    _runtime,
    *FIELD_RULES,
    *SETTING_RULES,
)
