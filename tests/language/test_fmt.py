"""`format_source` against files as `terraform fmt` leaves them, and against itself.

``NAME.hcl`` is a file in some layout, ``NAME.fmt.hcl`` the same in Terraform's.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from declarative.errors import ConfigurationError
from declarative.language.format import format_source

CORPUS = Path(__file__).parent / "fmt"
NAMES = sorted(
    path.name.removesuffix(".hcl")
    for path in CORPUS.glob("*.hcl")
    if not path.name.endswith(".fmt.hcl")
)


def test_the_corpus_is_large() -> None:
    assert len(NAMES) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_files_get_terraforms_layout(name: str) -> None:
    expected = (CORPUS / f"{name}.fmt.hcl").read_bytes()
    assert format_source((CORPUS / f"{name}.hcl").read_bytes(), name) == expected
    assert format_source(expected, name) == expected


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_gives_what_is_stored(tmp_path: Path) -> None:
    for name in NAMES:
        shutil.copy(CORPUS / f"{name}.hcl", tmp_path / f"{name}.tf")
    subprocess.run(["terraform", "fmt", str(tmp_path)], check=True, capture_output=True)
    stored = {name: (CORPUS / f"{name}.fmt.hcl").read_bytes() for name in NAMES}
    assert {name: (tmp_path / f"{name}.tf").read_bytes() for name in NAMES} == stored


def test_a_file_with_errors_has_no_layout() -> None:
    with pytest.raises(ConfigurationError) as caught:
        format_source(b"a = [\n", "x.hcl")
    assert "closing bracket" in caught.value.diagnostics[0].summary


def test_nested_wrappings_go_at_once() -> None:
    source = b'a = "${"${"${b}"}"}"\nc = "${"${d }"\n}" # end\n'
    once = format_source(source, "x.hcl")
    assert once == b"a = b\nc = d # end\n"
    assert format_source(once, "x.hcl") == once
