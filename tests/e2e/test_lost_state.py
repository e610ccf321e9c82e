"""State that goes away while an apply is under way, and comes back."""

from __future__ import annotations

import json

from tests.e2e.places import PLACE

PROJECT = (
    """
"""
    + PLACE
    + """
service "worker" {
  function {
    function_name = "worker-${self.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/worker"
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {}
}

release "worker" {
  for_each       = toset(["a", "b", "c", "d", "e", "f"])
  service        = service.worker
  infrastructure = infrastructure.main
}
"""
)


def test_what_was_done_is_kept_and_recorded_later(user) -> None:
    user.write("lamform.hcl", PROJECT)
    user.code("one")
    state, away = user.directory / ".lamform", user.directory / "away"
    process = user.start("apply", "--auto-approve", "--new-state", "--json", "--parallelism", "2")
    for line in process.stdout:
        if json.loads(line)["type"] == "step_done":
            state.rename(away)
            break
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 1, rest + err
    assert "Traceback" not in err
    [diagnostic] = json.loads(rest.splitlines()[-1])["diagnostics"]
    [kept] = user.directory.glob("lamform-recovery-*.json")
    assert f"lamform state recover {kept.name}" in diagnostic["detail"]
    existing = user.functions()
    assert 0 < len(existing) < 6

    gone = user.run("state", "recover", kept.name)
    assert gone.returncode == 1
    assert "another state" in gone.stderr

    away.rename(state)
    done = user.run("state", "recover", kept.name)
    assert done.returncode == 0, done.stderr
    assert "Revision 1 records what was done" in done.stdout
    recorded = {address.split('"')[1] for address in user.json("state", "list")["addresses"]}
    assert {f"worker-{key}" for key in recorded} == existing
    assert user.run("drift").returncode == 0
    [revision] = user.json("history")["revisions"]
    assert revision["status"] == "interrupted"

    again = user.run("state", "recover", kept.name)
    assert (again.returncode, again.stdout) == (
        0,
        "Nothing to recover: the run is settled already.\n",
    )
    assert user.run("state", "recover").stdout == "Nothing to recover: no run was cut off.\n"
    assert user.json("state", "recover")["revision"] is None

    assert user.run("apply", "--auto-approve").returncode == 0
    assert user.run("plan", "--detailed-exitcode").returncode == 0
    assert user.run("state", "verify").returncode == 0


def test_a_recovery_file_that_is_none_is_refused(user) -> None:
    user.write("lamform.hcl", PROJECT)
    user.write("plan.json", "{}")
    user.write("text.json", "not json")
    for name in ("plan.json", "text.json"):
        wrong = user.run("state", "recover", name)
        assert wrong.returncode == 1
        assert "Not a recovery file" in wrong.stderr
    missing = user.run("state", "recover", "nowhere.json")
    assert missing.returncode == 1
    assert "nowhere.json: No such file" in missing.stderr
