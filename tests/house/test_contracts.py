"""Each import contract is broken once on purpose, so that none of them is decoration."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

OFFENCES = [
    pytest.param("layers", {"model/offence.py": "import declarative.engine"}, id="upwards"),
    pytest.param("layers", {"render/offence.py": "import declarative.aws"}, id="row"),
    pytest.param("layers", {"aws/offence.py": "import declarative.sandbox"}, id="sandbox"),
    pytest.param("layers", {"stray.py": ""}, id="exhaustive"),
    pytest.param("packages", {"../backends/offence.py": "import declarative.errors"}, id="below"),
    pytest.param("pure", {"engine/offence.py": "import boto3"}, id="aws-in-engine"),
    pytest.param("pure", {"language/offence.py": "import urllib.request"}, id="net-in-language"),
    pytest.param("pure", {"model/offence.py": "import subprocess"}, id="process-in-model"),
    pytest.param("pure", {"render/offence.py": "import sqlite3"}, id="database-in-render"),
    pytest.param("ports", {"engine/offence.py": "import backends"}, id="backend-in-engine"),
    pytest.param("ports", {"model/offence.py": "import backends.base"}, id="protocol-in-model"),
    pytest.param(
        "acyclic",
        {
            "model/offence.py": "import declarative.model.accomplice",
            "model/accomplice.py": "import declarative.model.offence",
        },
        id="circle",
    ),
]


def lint(tree: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("contract", "files"), OFFENCES)
def test_offence_breaks_its_contract(tmp_path: Path, contract: str, files: dict[str, str]) -> None:
    for package in ("declarative", "backends"):
        without_caches = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=without_caches)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, source in files.items():
        (tmp_path / "declarative" / name).write_text(source + "\n", encoding="utf-8")
    offended = lint(tmp_path, contract)
    assert offended.returncode == 1
    assert "0 kept, 1 broken" in offended.stdout, offended.stdout + offended.stderr
    # `make lint` says that the contracts hold; here each must blame the offence, by name.
    assert any(Path(name).stem in offended.stdout for name in files), offended.stdout
