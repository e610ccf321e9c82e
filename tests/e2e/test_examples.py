"""The examples are projects that plan as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "multi-environment"


def test_two_services_in_three_environments_and_two_regions(user) -> None:
    shutil.copytree(EXAMPLE, user.directory, dirs_exist_ok=True)
    plan = user.json("plan")
    releases = {one["address"]: one for one in plan["releases"]}
    assert len(releases) == 12
    assert plan["summary"]["add"] == 36
    api = {key: releases[f'release.api["{key}-us-east-2"]'] for key in ("dev", "staging", "prod")}
    code = {key: one["artifact"]["identity"] for key, one in api.items()}
    assert code["dev"] == code["staging"] != code["prod"]
    accounts = {one["account_id"] for one in releases.values()}
    assert accounts == {"111111111111", "222222222222", "333333333333"}
    assert sum(len(path.read_text().splitlines()) for path in EXAMPLE.glob("*.hcl")) < 120
