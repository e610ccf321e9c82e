"""The regions of AWS: their form, and those known when this was written."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Final

from declarative.model.checks import By, refuse, text

_FORM: Final = re.compile(r"[a-z]{2,5}(-[a-z]+)+-\d{1,2}")

REGIONS: Final = tuple(
    f"{area}-{number}"
    for area, numbers in {
        "af-south": "1",
        "ap-east": "12",
        "ap-northeast": "123",
        "ap-south": "12",
        "ap-southeast": "1234567",
        "ca-central": "1",
        "ca-west": "1",
        "cn-north": "1",
        "cn-northwest": "1",
        "eu-central": "12",
        "eu-isoe-west": "1",
        "eu-north": "1",
        "eu-south": "12",
        "eu-west": "123",
        "eusc-de-east": "1",
        "il-central": "1",
        "me-central": "1",
        "me-south": "1",
        "mx-central": "1",
        "sa-east": "1",
        "us-east": "12",
        "us-gov-east": "1",
        "us-gov-west": "1",
        "us-iso-east": "1",
        "us-iso-west": "1",
        "us-isob-east": "1",
        "us-isob-west": "1",
        "us-isof-east": "1",
        "us-isof-south": "1",
        "us-west": "12",
    }.items()
    for number in numbers
)
"""Where Lambda is, in all partitions; a test holds them against the SDK's."""

_DOMAINS: Final = {
    "cn-": "amazonaws.com.cn",
    "eu-isoe-": "cloud.adc-e.uk",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}


def domain_of(region: str) -> str:
    """Return the domain under which the services of a region have their names."""
    return next((one for area, one in _DOMAINS.items() if region.startswith(area)), "amazonaws.com")


def nearest_region(name: str) -> str | None:
    """Return the known region that ``name`` was probably meant to be."""
    written = name.lower().replace("_", "-")
    near = difflib.get_close_matches(written, REGIONS, n=5, cutoff=0.7)
    # Letters in the wrong order are the likeliest slip: "esat" is east, not west.
    swapped = [region for region in near if sorted(region) == sorted(written)]
    return next(iter([*swapped, *near]), None)


def _region(value: object) -> str:
    found = text(value)
    if not _FORM.fullmatch(found):
        near = nearest_region(found) or "us-east-2"
        raise refuse(f'must be a region of AWS, such as "{near}"')
    return found


Region = Annotated[str, By(_region)]
"""A region's name; one that AWS opens tomorrow is as good as any."""
