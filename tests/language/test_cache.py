"""Syntax trees that are kept: the same as those that are read, and never trusted unsealed."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import SourceRange
from declarative.language import cache as module
from declarative.language.cache import ParseCache
from declarative.language.flattening import Unflattening, flatten
from declarative.language.reading import parse
from declarative.language.source import SourceText

EVERYTHING = r"""
locals {
  number   = [1, -2.50, 1e5, 123456789012345678901234567890]
  text     = "ä \" ${a.b} %{if x}y%{else}z%{endif} %{for k, v in m}${k}%{endfor} \n"
  heredoc  = <<-EOT
    one ${two}
      three
  EOT
  object   = { a = 1, "b" = true, (c) = null, "${d}" = false }
  chain    = f.g["h"][0].i.0.j
  splats   = [a[*].b, a.*.b, a.*.b[0]]
  unary    = !a || -b > 1 && c != d
  choice   = a ? b : c ? d : e
  comprise = [for v in l : v if v > 1]
  group    = { for k, v in m : v => k... if k != "" }
  call     = max(1, core::min(2, 3), l...)
  nested   = (1 + 2) * 3 % 4 / 5 - 6
}
block "label" bare {
  inner {
    a = 1
  }
}
empty {}
"""
LARGE = EVERYTHING + "# filler\n" * 2000


@pytest.fixture
def cache(tmp_path: Path) -> ParseCache:
    (tmp_path / "project").mkdir()
    return ParseCache(tmp_path / "project" / ".lamform", tmp_path / "home" / "key")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the files that are read and not taken from the cache."""
    names: list[str] = []

    def counted(source: bytes, filename: str) -> object:
        names.append(filename)
        return parse(source, filename)

    monkeypatch.setattr(module, "parse", counted)
    return names


def kept(cache: ParseCache) -> Path:
    return cache.home / "cache" / "syntax"


def sources(**texts: str) -> dict[str, bytes]:
    return {f"{name}.lamform.hcl": text.encode() for name, text in texts.items()}


def everything_in(node: Any) -> Any:
    """Return a tree as nested tuples, with the ranges that comparing nodes leaves out."""
    if isinstance(node, SourceRange):
        return (node.filename, node.start, node.end)
    if is_dataclass(node):
        return (type(node), *(everything_in(getattr(node, one.name)) for one in fields(node)))
    if isinstance(node, tuple):
        return tuple(map(everything_in, node))
    return (type(node), node)


def test_a_tree_is_the_same_when_it_comes_back() -> None:
    source = EVERYTHING.encode()
    parsed = parse(source, "a")
    assert not parsed.diagnostics
    again = Unflattening(SourceText(source, "a")).node(flatten(parsed.body))
    assert again == parsed.body
    assert everything_in(again) == everything_in(parsed.body)


@given(st.text('ab01. \n={}[]()"$%?:,*!<-#', max_size=60))
def test_any_text_without_errors_comes_back_the_same(text: str) -> None:
    parsed = parse(text.encode(), "a")
    if not parsed.diagnostics:
        again = Unflattening(SourceText(text.encode(), "a")).node(flatten(parsed.body))
        assert everything_in(again) == everything_in(parsed.body)


def test_what_has_not_changed_is_not_read_again(cache: ParseCache, reads: list[str]) -> None:
    first = cache.parse(sources(a=LARGE, b=EVERYTHING))
    again = cache.parse(sources(a=LARGE, b=EVERYTHING))
    assert reads == ["a.lamform.hcl", "b.lamform.hcl"]
    assert again == first
    assert [everything_in(file.body) for file in again.values()] == [
        everything_in(file.body) for file in first.values()
    ]


def test_only_what_has_changed_is_read_again(cache: ParseCache, reads: list[str]) -> None:
    cache.parse(sources(a=LARGE, b=EVERYTHING))
    reads.clear()
    changed = cache.parse(sources(a=LARGE, b=EVERYTHING.replace("empty", "other")))
    assert reads == ["b.lamform.hcl"]
    assert changed["b.lamform.hcl"].body.blocks[-1].type == "other"
    reads.clear()
    cache.parse(sources(a=LARGE, b=EVERYTHING.replace("empty", "other")))
    assert not reads


def test_a_file_under_another_name_has_its_own_places(cache: ParseCache, reads: list[str]) -> None:
    cache.parse(sources(a=LARGE))
    renamed = cache.parse(sources(b=LARGE))["b.lamform.hcl"]
    assert reads == ["a.lamform.hcl"]
    assert str(renamed.body.blocks[0].range) == "b.lamform.hcl:2:1"


def test_only_the_files_of_the_project_are_kept(cache: ParseCache) -> None:
    cache.parse(sources(a=LARGE, b=LARGE + "# more\n"))
    both = kept(cache).stat().st_size
    cache.parse(sources(a=LARGE))
    assert kept(cache).stat().st_size < both * 0.6


def test_a_small_project_leaves_nothing_behind(cache: ParseCache) -> None:
    cache.parse(sources(a=EVERYTHING))
    assert not list(cache.home.parent.iterdir())
    assert not cache.key.exists()


def test_git_overlooks_the_cache_and_only_its_user_reads_it(cache: ParseCache) -> None:
    cache.parse(sources(a=LARGE))
    assert (cache.home / ".gitignore").read_text() == "*\n"
    for path in (kept(cache), cache.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_with_errors_are_read_every_time(cache: ParseCache, reads: list[str]) -> None:
    for _ in range(2):
        parsed = cache.parse(sources(a=LARGE, b="a = = 1\n"))
        assert parsed["b.lamform.hcl"].diagnostics
    assert reads == ["a.lamform.hcl", "b.lamform.hcl", "b.lamform.hcl"]


def test_a_tree_that_is_too_deep_is_not_kept(cache: ParseCache, reads: list[str]) -> None:
    deep = "a = b" + ".c" * 3000 + "\n"
    for _ in range(2):
        cache.parse(sources(a=LARGE, b=deep))
    assert reads == ["a.lamform.hcl", "b.lamform.hcl", "b.lamform.hcl"]


@pytest.mark.parametrize("position", [0, 31, 32, 40, -1])
def test_a_damaged_cache_is_overlooked_and_replaced(
    cache: ParseCache, reads: list[str], position: int
) -> None:
    before = cache.parse(sources(a=LARGE))
    content = bytearray(kept(cache).read_bytes())
    content[position] ^= 1
    kept(cache).write_bytes(content)
    reads.clear()
    assert cache.parse(sources(a=LARGE)) == before
    assert cache.parse(sources(a=LARGE)) == before
    assert reads == ["a.lamform.hcl"]


@pytest.mark.parametrize("size", [0, 1, 32, 33, 1000])
def test_a_cache_cut_short_is_overlooked(cache: ParseCache, reads: list[str], size: int) -> None:
    cache.parse(sources(a=LARGE))
    os.truncate(kept(cache), size)
    cache.parse(sources(a=LARGE))
    assert len(reads) == 2


def test_a_cache_that_came_with_the_files_is_not_believed(
    cache: ParseCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever hands over a directory may say one thing in the file, another in the cache."""
    lie = parse(LARGE.replace('"label"', '"liars"').encode(), "a.lamform.hcl")
    theirs = ParseCache(cache.home, tmp_path / "theirs" / "key")
    monkeypatch.setattr(module, "parse", lambda *_: lie)
    theirs.parse(sources(a=LARGE))
    monkeypatch.undo()
    assert theirs.parse(sources(a=LARGE))["a.lamform.hcl"].body == lie.body
    for _ in range(2):
        believed = cache.parse(sources(a=LARGE))["a.lamform.hcl"].body
        assert believed.blocks[1].labels[0].text == "label"


@pytest.mark.parametrize("change", ["key", "version", "program"])
def test_a_cache_of_another_key_or_lamform_is_overlooked(
    cache: ParseCache, reads: list[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    cache.parse(sources(a=LARGE))
    match change:
        case "key":
            cache.key.unlink()
        case "version":
            monkeypatch.setattr(module, "__version__", "0")
        case _:
            monkeypatch.setattr(module, "_program", lambda: b"edited")
    cache.parse(sources(a=LARGE))
    assert len(reads) == 2


@pytest.mark.parametrize("fault", ["readable by others", "short", "link", "directory"])
def test_a_key_that_is_not_this_users_alone_is_no_key(
    cache: ParseCache, reads: list[str], fault: str
) -> None:
    cache.parse(sources(a=LARGE))
    key = cache.key.read_bytes()
    match fault:
        case "readable by others":
            cache.key.chmod(0o644)
        case "short":
            cache.key.write_bytes(key[:-1])
        case "link":
            cache.key.rename(cache.key.with_name("elsewhere"))
            cache.key.symlink_to("elsewhere")
        case _:
            cache.key.unlink()
            cache.key.mkdir()
    cache.parse(sources(a=LARGE))
    assert len(reads) == 2


@pytest.mark.parametrize("linked", [".lamform", ".lamform/cache"])
def test_nothing_is_written_where_a_link_leads(
    cache: ParseCache, tmp_path: Path, reads: list[str], linked: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = cache.home.parent / linked
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    for _ in range(2):
        cache.parse(sources(a=LARGE))
    assert not list(outside.iterdir())
    assert len(reads) == 2


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_only_a_plain_file_is_a_cache(cache: ParseCache, reads: list[str], kind: str) -> None:
    cache.parse(sources(a=LARGE))
    path = kept(cache)
    if kind == "link":
        path.rename(path.with_name("other"))
        path.symlink_to("other")
    else:
        path.unlink()
        os.mkfifo(path) if kind == "pipe" else path.mkdir()
    cache.parse(sources(a=LARGE))
    assert len(reads) == 2


@pytest.mark.parametrize("blocked", ["project", "home"])
def test_where_nothing_can_be_kept_files_are_read(
    cache: ParseCache, reads: list[str], caplog: pytest.LogCaptureFixture, blocked: str
) -> None:
    if blocked == "project":
        cache.home.write_text("in the way")
    else:
        cache.key.parent.write_text("in the way")
    with caplog.at_level(logging.DEBUG, logger="declarative"):
        for _ in range(2):
            assert cache.parse(sources(a=LARGE))["a.lamform.hcl"].body.blocks
    assert len(reads) == 2
    assert "Syntax trees cannot be kept" in caplog.text


def test_a_full_disk_leaves_no_half_of_a_file(
    cache: ParseCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    cache.parse(sources(a=LARGE))
    assert not list(kept(cache).parent.iterdir())


def test_what_killed_processes_left_is_cleared_away(cache: ParseCache) -> None:
    cache.parse(sources(a=LARGE))
    left = kept(cache).with_name("syntax.abandoned")
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    young = kept(cache).with_name("syntax.written-now")
    young.write_bytes(b"half")
    cache.parse(sources(a=LARGE + "# more\n"))
    assert {path.name for path in kept(cache).parent.iterdir()} == {"syntax", young.name}
