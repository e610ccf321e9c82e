"""A package depends on its files and on nothing else."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.artifacts.archive import Member, archive, code_sha256
from declarative.artifacts.local import pack
from declarative.model.artifacts import LocalArtifact

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=8,
).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
MEMBERS = st.lists(
    st.builds(Member, PATHS, st.binary(max_size=50), st.booleans()),
    min_size=1,
    max_size=6,
    unique_by=lambda member: member.name,
)


@given(MEMBERS, st.randoms(use_true_random=False))
def test_order_has_no_effect(members, random) -> None:
    shuffled = random.sample(members, len(members))
    assert archive(shuffled) == archive(members)


@given(MEMBERS)
def test_what_goes_in_comes_out(members) -> None:
    with zipfile.ZipFile(io.BytesIO(archive(members))) as package:
        assert package.testzip() is None
        found = [
            Member(info.filename, package.read(info), bool(info.external_attr >> 16 & stat.S_IXUSR))
            for info in package.infolist()
        ]
    assert found == sorted(members, key=lambda member: member.name)


def test_packing_is_part_of_the_format() -> None:
    # Another digest here means that every function packed from a directory is deployed again.
    members = [Member("b/é.py", b"x=1\n"), Member("a.sh", b"#!/bin/sh\n", executable=True)]
    assert code_sha256(archive(members)) == "JKbP/tH+BxDdEDvvUVoI7ZsVpMJe2qE5R3M9qHSVUZU="


@given(
    files=st.dictionaries(
        st.from_regex(r"[a-z]{1,4}(/[a-z]{1,4}\.py)?", fullmatch=True),
        st.binary(max_size=20),
        min_size=1,
        max_size=6,
    ).filter(lambda files: not any(name.split("/")[0] in files for name in files if "/" in name)),
    random=st.randoms(use_true_random=False),
)
def test_creation_order_and_times_have_no_effect(tmp_path_factory, files, random) -> None:
    packages = []
    for _ in range(2):
        root = tmp_path_factory.mktemp("tree")
        names = random.sample(sorted(files), len(files))
        for name in names:
            path = root / "app" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
            # Group, others and writing are the machine's business.
            path.chmod(random.choice([0o600, 0o644, 0o664]))
            moment = random.randrange(2_000_000_000)
            os.utime(path, (moment, moment))
        packages.append(pack(root, LocalArtifact(path="app")))
    assert packages[0] == packages[1]


@pytest.mark.parametrize(("mode", "expected"), [(0o755, 0o755), (0o700, 0o755), (0o640, 0o644)])
def test_modes_are_two(tmp_path: Path, mode: int, expected: int) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "bootstrap").write_text("#!/bin/sh\n")
    (app / "bootstrap").chmod(mode)
    with zipfile.ZipFile(io.BytesIO(pack(tmp_path, LocalArtifact(path="app")))) as package:
        assert stat.S_IMODE(package.infolist()[0].external_attr >> 16) == expected
