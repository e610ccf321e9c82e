"""No tracked file names a package registry or a directory of somebody's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Written so that this file does not contain what it forbids.
REGISTRIES = re.compile(r"pypi[.]org|python[h]osted|registry[.]npmjs|proxy[.]golang[.]org")
MACHINE_PATHS = re.compile(r"(?<![\w.*-])/(?:work|root|home/\w+|Users/\w+)/")


def tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing is tracked here")
    listing = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = listing.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("forbidden", [REGISTRIES, MACHINE_PATHS], ids=["registry", "machine"])
def test_no_tracked_file_holds(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for match in [forbidden.search(path.read_text(encoding="utf-8", errors="replace"))]
        if match
    ]
    assert not found
