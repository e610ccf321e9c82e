"""What of a directory is packed, and what is refused."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from declarative.artifacts import local
from declarative.artifacts.local import pack
from declarative.errors import ConfigurationError
from declarative.model.artifacts import LocalArtifact

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def app(tmp_path: Path) -> Path:
    directory = tmp_path / "app"
    directory.mkdir()
    (directory / "app.py").write_text("handler = None\n")
    return directory


def names(app: Path, *exclude: str) -> list[str]:
    package = pack(app.parent, LocalArtifact(path="app", exclude=exclude))
    return zipfile.ZipFile(io.BytesIO(package)).namelist()


def add(app: Path, *files: str) -> None:
    for file in files:
        path = app / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)


def test_caches_and_repositories_are_left_out(app: Path) -> None:
    add(app, "__pycache__/app.pyc", "lib/old.pyc", ".git/HEAD", ".lamform/state.db", "lib/x.py")
    (app / "empty").mkdir()
    assert names(app) == ["app.py", "lib/x.py"]


def test_ignore_file_then_exclude_and_the_later_wins(app: Path) -> None:
    add(app, "a.txt", "b.txt", "docs/c.txt", "docs/d.md")
    (app / ".lamformignore").write_text("# a comment\n*.txt\n!b.txt\n")
    assert names(app) == ["app.py", "b.txt", "docs/d.md"]
    assert names(app, "docs/", "!a.txt") == ["a.txt", "app.py", "b.txt"]


def test_what_is_ignored_is_not_even_looked_at(app: Path) -> None:
    (app / "nowhere").symlink_to("missing")
    (app / "circle").symlink_to("circle")
    os.mkfifo(app / "pipe")
    assert names(app, "nowhere", "pipe", "circle") == ["app.py"]


def test_links_inside_are_followed(app: Path) -> None:
    add(app, "lib/x.py")
    (app / "same.py").symlink_to("app.py")
    (app / "vendor").symlink_to("lib")
    assert names(app) == ["app.py", "lib/x.py", "same.py", "vendor/x.py"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("..", "outside"),
        ("/etc", "outside"),
        ("missing", "leads nowhere"),
        ("link", "leads nowhere"),
        (".", "contains it"),
        ("lib/../lib", "contains it"),
    ],
)
def test_links_that_cannot_be_packed(app: Path, target: str, said: str) -> None:
    add(app, "lib/x.py")
    where = "lib/link" if said == "contains it" else "link"
    (app / where).symlink_to(app / target if target == "lib/../lib" else target)
    with pytest.raises(ConfigurationError, match=rf"app/{where} .*{said}"):
        names(app)


def test_special_files_are_refused(app: Path) -> None:
    os.mkfifo(app / "pipe")
    with pytest.raises(ConfigurationError, match="app/pipe is neither a file nor a directory"):
        names(app)


def test_names_must_be_text(app: Path) -> None:
    path = os.fsencode(app) + b"/\xff.py"
    try:
        with open(path, "w"):  # noqa: PTH123 - no Path has such a name
            pass
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        names(app)


def test_unreadable_file(app: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (app / "app.py").chmod(0)
    with pytest.raises(ConfigurationError, match=r"app\.py"):
        names(app)


def test_bad_pattern(app: Path) -> None:
    with pytest.raises(ConfigurationError, match="Pattern cannot be read"):
        names(app, "!")


def test_nothing_to_pack(app: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file to pack"):
        names(app, "*")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="dist does not exist"):
        pack(tmp_path, LocalArtifact(path="dist"))


def test_a_zip_is_used_byte_for_byte(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("app.py", "handler = None\n")
    assert pack(tmp_path, LocalArtifact(path="app.zip")) == (tmp_path / "app.zip").read_bytes()


@pytest.mark.parametrize("name", ["app.py", "app.zip"])
def test_a_file_that_is_no_package(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("handler = None\n")
    with pytest.raises(ConfigurationError, match=rf"{name} is neither"):
        pack(tmp_path, LocalArtifact(path=name))


def test_too_large_is_said_before_anything_is_read(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (app / "model.bin").open("wb") as sparse:
        sparse.truncate(local.UNZIPPED_LIMIT + 1)
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(ConfigurationError, match=r"250\.0 MB.*at most 250 MB"):
        names(app)


def zipped(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("zeros.bin", bytes(size))


def test_what_is_too_large_once_it_is_unzipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "UNZIPPED_LIMIT", 1_000_000)
    zipped(tmp_path / "app.zip", 1_000_000)
    assert pack(tmp_path, LocalArtifact(path="app.zip"))
    zipped(tmp_path / "app.zip", 1_000_001)
    assert (tmp_path / "app.zip").stat().st_size < 10_000
    with pytest.raises(ConfigurationError, match="at most 250 MB"):
        pack(tmp_path, LocalArtifact(path="app.zip"))


def test_a_zip_that_is_damaged_is_said(tmp_path: Path) -> None:
    zipped(tmp_path / "app.zip", 100)
    content = bytearray((tmp_path / "app.zip").read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory : directory + 4] = b"XXXX"
    (tmp_path / "app.zip").write_bytes(bytes(content))
    with pytest.raises(ConfigurationError, match=r"app\.zip is (damaged|neither)"):
        pack(tmp_path, LocalArtifact(path="app.zip"))
