"""Editing state: what is forgotten, renamed or accepted, and how each of it is undone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from backends.base import ConflictError, LeaseHeldError, LeaseRequest, RevisionDraft
from backends.memory import MemoryBackend
from declarative.artifacts.sources import ArtifactSources
from declarative.engine.accepting import accept
from declarative.engine.editing import Edited, forget
from declarative.engine.moves import Move
from declarative.engine.ports import Runner
from declarative.engine.records import recorded_outputs
from declarative.engine.renaming import move, moves_for
from declarative.engine.undoing import undo
from declarative.errors import LamformError, RefusedError, RemoteError
from declarative.model.plan import PlannedOutput
from declarative.model.revision import NOTHING
from declarative.model.values import Pending


def actions(plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def ship(world, *answers: str, **release: object) -> None:
    for text in answers:
        world.code(text)
        world.declare(world.release(function={"description": text}, **release))
        assert world.apply().status == "applied"


def rename(world, source: str, destination: str) -> Edited:
    return move(moves_for(source, destination, world.state.resources()), world.writing())


def under(world, address: str, **changes: object):
    """Return the release of the files with another address and nothing else changed."""
    return replace(world.release(**changes), address=address)


def history(world) -> list[dict[str, object]]:
    [*found] = world.state.head().details["releases"]
    return found


def test_a_forgotten_release_stays_in_aws_and_is_adopted_again(world) -> None:
    world.outputs = {"answer": PlannedOutput(value=42)}
    ship(world, "one")
    edited = forget(["release.checkout"], world.writing())
    assert world.state.resources() == {}
    assert world.aws("GetFunction")
    head = world.state.head()
    assert (head.status, head.author, head.message) == (
        "edited",
        "tester",
        "state rm release.checkout",
    )
    assert edited.revision == head
    assert [one["action"] for one in history(world)] == ["forget"]
    assert recorded_outputs(head)["answer"]["value"] == 42
    assert actions(world.plan()) == {"release.checkout.function": "adopt"}


def test_what_is_forgotten_of_a_release_is_not_deleted_by_later_plans(world) -> None:
    ship(world, "one")
    forget(["release.checkout.alias.live", "release.checkout.tags"], world.writing())
    record = world.record()
    assert (record.aliases, record.tags, record.status) == ({}, None, "edited")
    assert [one["parts"] for one in history(world)] == [["alias live", "tags"]]
    world.declare(world.release(function={"description": "one"}, aliases={}, tags=None))
    plan = world.plan()
    assert plan.changes == ()
    world.apply(plan)
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "1"
    assert world.aws("GetFunction")["Tags"]["Team"] == "payments"


def test_what_is_forgotten_and_still_declared_is_managed_again(world) -> None:
    ship(world, "one")
    forget(["release.checkout.alias.live"], world.writing())
    plan = world.plan()
    assert plan.changes == ()
    world.apply(plan)
    assert list(world.record().aliases) == ["live"]
    assert world.record().status == "applied"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("release.checkout.function", "forget the release"),
        ("release.checkout.alias.next", "alias.next is not recorded"),
        ("release.other", "release.other is not recorded"),
    ],
)
def test_what_cannot_be_forgotten(world, target, said) -> None:
    ship(world, "one")
    with pytest.raises(LamformError, match=said):
        forget([target], world.writing())
    assert world.state.head().number == 1
    assert world.state.leases() == ()


def test_nothing_is_edited_without_state(world) -> None:
    with pytest.raises(LamformError, match="no state yet"):
        forget(["release.checkout"], world.writing())
    assert not world.state.exists()
    with pytest.raises(LamformError, match="nothing to undo"):
        undo(None, world.writing())


def forgets(world) -> None:
    forget(["release.one", "release.two.alias.live"], world.writing())


def moves(world) -> None:
    rename(world, "one", "three[eu]")


def accepts(world) -> None:
    world.aws("UpdateFunctionConfiguration", "one", MemorySize=1024)
    accept(["release.one"], world.writing())


def undoes(world) -> None:
    forgets(world)
    undo(None, world.writing())


@pytest.mark.parametrize("edit", [forgets, moves, accepts, undoes])
def test_every_edit_is_undone_by_a_revision_and_redone_by_another(world, edit) -> None:
    world.declare(
        world.release("one"),
        world.release("two", depends_on=("release.one",)),
        world.release("bystander"),
    )
    world.apply()
    before = dict(world.state.resources())
    edit(world)
    number, after = world.state.head().number, dict(world.state.resources())
    undone = undo(None, world.writing())
    expected = before if edit is not undoes else None
    assert expected is None or dict(world.state.resources()) == expected
    assert undone.revision.status == "edited"
    assert undone.revision.details["undoes"] == number
    assert undone.revision.message == f"state undo {number}"
    assert {one["action"] for one in history(world)} == {"undo"}
    undo(None, world.writing())
    assert dict(world.state.resources()) == after


def test_an_edit_under_later_ones_is_undone_unless_they_share_a_release(world) -> None:
    world.declare(world.release("one"), world.release("two"))
    world.apply()
    forget(["release.one"], world.writing())
    forget(["release.two.tags"], world.writing())
    undo(2, world.writing())
    assert set(world.state.resources()) == {"release.one", "release.two"}
    with pytest.raises(RefusedError, match="undone already"):
        undo(2, world.writing())
    world.apply()
    with pytest.raises(RefusedError, match=r"Revision 5 .* changed release.two since"):
        undo(3, world.writing())


def test_what_an_apply_did_is_not_undone(world) -> None:
    ship(world, "one")
    with pytest.raises(RefusedError, match="lamform revert previous"):
        undo(None, world.writing())
    forget(["release.checkout.tags"], world.writing())
    with pytest.raises(RefusedError, match="newest is revision 2"):
        undo(1, world.writing())


def test_a_function_that_was_adopted_meanwhile_is_not_recorded_twice(world) -> None:
    ship(world, "one")
    forget(["release.checkout"], world.writing())
    world.declare(under(world, "release.adopter", function={"description": "one"}))
    world.apply()
    with pytest.raises(RefusedError, match=r"belongs to release\.adopter"):
        undo(2, world.writing())


# Moving


@pytest.mark.parametrize("name", ["release.renamed", 'release.checkout["eu"]'])
def test_the_same_rename_in_state_and_files_leaves_nothing_to_do(world, name) -> None:
    ship(world, "one")
    edited = rename(world, "checkout", name)
    assert set(world.state.resources()) == {name}
    assert [(one["action"], one["origin"]) for one in history(world)] == [
        ("move", "release.checkout")
    ]
    assert edited.revision.message == f"state mv release.checkout {name}"
    world.declare(under(world, name, function={"description": "one"}))
    plan = world.plan()
    assert plan.is_empty
    assert plan.summary.unchanged == 3
    assert world.drift().findings == ()


def readers(world, first: str):
    variables = {"VERSION": Pending(f"release.{first}.function.version")}
    return world.release(
        "reader",
        function={"environment": {"variables": variables}},
        depends_on=(f"release.{first}",),
    )


def test_what_others_depend_on_and_read_follows(world) -> None:
    world.outputs = {
        "secret": PlannedOutput(sensitive=True, residual="[release.first.function.version]")
    }
    world.declare(world.release("first"), readers(world, "first"), world.release("apart"))
    world.apply()
    apart = world.state.resources()["release.apart"]
    rename(world, "first", "second[eu]")
    assert world.record("reader").desired.depends_on == ('release.second["eu"]',)
    assert world.state.resources()["release.apart"] == apart
    assert [one["action"] for one in history(world)] == ["move", "relink"]
    world.outputs = {
        "secret": PlannedOutput(sensitive=True, residual='[release.second["eu"].function.version]')
    }
    world.declare(
        replace(world.release("first"), address='release.second["eu"]'),
        readers(world, 'second["eu"]'),
        world.release("apart"),
    )
    plan = world.plan()
    assert plan.is_empty, [plan.releases, plan.output_changes]


def test_a_release_with_a_key_is_another_than_the_name_alone(world) -> None:
    keyed = replace(world.release("keyed"), address='release.first["eu"]')
    world.declare(world.release("first"), keyed, readers(world, 'first["eu"]'))
    world.apply()
    before = world.record("reader")
    rename(world, "first", "second")
    assert world.record("reader") == before


def test_all_instances_move_with_their_keys(world) -> None:
    world.declare(
        *(replace(world.release(key), address=f'release.checkout["{key}"]') for key in ("eu", "us"))
    )
    world.apply()
    rename(world, "checkout", "shop")
    assert set(world.state.resources()) == {'release.shop["eu"]', 'release.shop["us"]'}
    assert world.state.head().message == "state mv release.checkout release.shop"


KNOWN = ("release.one", 'release.many["eu"]', 'release.many["us"]', 'release.single["a.b"]')


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("one", "two", [("release.one", "release.two")]),
        ("release.one", "one[eu]", [("release.one", 'release.one["eu"]')]),
        ("many[eu]", 'many["de"]', [('release.many["eu"]', 'release.many["de"]')]),
        ("many[eu]", "many", [('release.many["eu"]', "release.many")]),
        ("single", "other", [('release.single["a.b"]', 'release.other["a.b"]')]),
        ("single[a.b]", "other", [('release.single["a.b"]', "release.other")]),
        (
            "many",
            "more",
            [
                ('release.many["eu"]', 'release.more["eu"]'),
                ('release.many["us"]', 'release.more["us"]'),
            ],
        ),
    ],
)
def test_what_source_and_destination_mean(source, destination, expected) -> None:
    assert moves_for(source, destination, KNOWN) == tuple(Move(*one) for one in expected)


@pytest.mark.parametrize(
    ("source", "destination", "said"),
    [
        ("oen", "two", r"Did you mean release.one\?"),
        ("one", "many[eu]", "recorded already"),
        ("one", "one", "has that name already"),
        ("one", "two.alias.live", "no address of a release"),
        ("one", "2two", "cannot name a release"),
        ("one", "two[", "cannot name a release"),
        ("many", "more[x]", "Several releases cannot become one"),
        ("*", "more", "Several releases cannot become one"),
        ("one.alias.live", "two", "part of release.one"),
        ("many[eu].tags", "two", r'part of release.many\["eu"\]'),
    ],
)
def test_what_cannot_be_moved(source, destination, said) -> None:
    with pytest.raises(LamformError, match=said):
        moves_for(source, destination, KNOWN)


def test_holds_go_with_the_release_however_often_it_moves(world) -> None:
    ship(world, "one", "two")
    world.apply(world.revert("1"))
    for source, destination in (("checkout", "renamed"), ("renamed", "again")):
        assert rename(world, source, destination).notes == ()
        world.declare(under(world, f"release.{destination}", function={"description": "two"}))
        assert set(actions(world.plan()).values()) == {"held"}
    undo(None, world.writing())
    undo(4, world.writing())
    world.declare(world.release(function={"description": "two"}))
    assert set(actions(world.plan()).values()) == {"held"}


def test_the_hold_of_a_reader_goes_with_what_it_reads(world) -> None:
    for size in (256, 512):
        reader = readers(world, "first")
        function = {**reader.function, "memory_size": size}
        world.declare(world.release("first"), replace(reader, function=function))
        world.apply()
    world.apply(world.revert("1"))
    rename(world, "first", "second")
    reader = readers(world, "second")
    world.declare(
        replace(world.release("first"), address="release.second"),
        replace(reader, function={**reader.function, "memory_size": 512}),
    )
    plan = world.plan()
    assert actions(plan) == {"release.reader.function": "held", "release.reader.alias.live": "held"}


def test_a_hold_against_what_no_revision_has_is_given_up_and_said(world) -> None:
    ship(world, "one")
    record = world.record().model_copy(update={"held": ("sha256:gone", NOTHING)})
    [stored] = world.state.put([record.to_bytes()])
    lease = world.state.acquire(request("maker", "release.checkout"))
    draft = RevisionDraft(
        status="applied",
        author="",
        created_at="2026-01-01T00:00:00Z",
        message="",
        changes={"release.checkout": stored},
    )
    world.state.commit(draft, expected=world.state.head().id, token=lease.token)
    world.state.release(lease)
    [note] = rename(world, "checkout", "renamed").notes
    assert "hold of a revert on release.renamed is over" in note
    assert world.record("renamed").held == (NOTHING,)


# Accepting


def test_what_was_changed_by_hand_is_drift_no_longer_and_the_plan_still_offers_it(world) -> None:
    ship(world, "one")
    world.aws("UpdateFunctionConfiguration", MemorySize=1024)
    world.aws(
        "TagResource",
        Resource=world.aws("GetFunctionConfiguration")["FunctionArn"],
        Tags={"Team": "others", "Mine": "yes"},
    )
    offered = actions(world.plan())
    accept(["release.checkout"], world.writing())
    assert world.drift().findings == ()
    record = world.record()
    assert record.function.attributes["memory_size"] == 1024
    assert record.tags["Team"] == "others"
    assert "Mine" not in record.tags
    assert (record.status, record.version) == ("edited", None)
    assert record.desired.function["memory_size"] == 256
    plan = world.plan()
    assert actions(plan) == offered
    world.apply(plan)
    assert world.aws("GetFunctionConfiguration")["MemorySize"] == 256
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "1"
    assert world.plan().is_empty


def test_only_the_named_part_is_accepted(world) -> None:
    ship(world, "one", "two")
    world.aws("UpdateFunctionConfiguration", MemorySize=1024)
    world.aws("UpdateAlias", Name="live", FunctionVersion="1")
    accept(["release.checkout.alias.live"], world.writing())
    assert {one.kind for one in world.drift().findings} == {"function"}
    assert history(world)[0]["aliases"] == {"live": {"from": "2", "to": "1"}}
    assert world.state.head().message == "state accept release.checkout.alias.live"


def test_nothing_is_recorded_where_nothing_that_is_managed_differs(world) -> None:
    ship(world, "one")
    world.aws("UpdateFunctionConfiguration", Timeout=77)  # no file says anything of it
    assert accept(["release.checkout"], world.writing()).revision is None
    assert world.state.head().number == 1


def test_what_is_gone_from_aws_is_gone_from_state(world) -> None:
    world.declare(world.release("one"), world.release("two"))
    world.apply()
    world.aws("DeleteAlias", "one", Name="live")
    world.aws("DeleteFunction", "two")
    with pytest.raises(LamformError, match="does not exist in AWS any more"):
        accept(["release.two.tags"], world.writing())
    edited = accept(["release.one", "release.two"], world.writing())
    assert set(world.state.resources()) == {"release.one"}
    assert world.record("one").aliases == {}
    assert any("release.two is gone" in note for note in edited.notes)
    assert world.drift().findings == ()
    assert actions(world.plan())["release.one.alias.live"] == "create"


SECRETS = {"environment": {"variables": {"PLAIN": "x"}}}


def test_values_set_by_hand_are_recorded_as_fingerprints(world) -> None:
    world.declare(world.release(function=SECRETS))
    world.apply()
    variables = {"Variables": {"PLAIN": "y", "MINE": "t0psecret"}}
    world.aws("UpdateFunctionConfiguration", Environment=variables)
    accept(["release.checkout"], world.writing())
    assert b"t0psecret" not in world.record().to_bytes()
    assert world.record().function.attributes["environment"]["variables"]["PLAIN"] == "y"
    assert world.drift().findings == ()


def deny_tags(answer) -> None:
    answer.pop("Tags", None)
    answer["TagsError"] = {"ErrorCode": "AccessDeniedException", "Message": "no"}


def deny_environment(answer) -> None:
    error = {"ErrorCode": "AccessDeniedException", "Message": "no"}
    answer["Configuration"]["Environment"] = {"Error": error}


@pytest.mark.parametrize(
    ("deny", "permission"), [(deny_tags, "lambda:ListTags"), (deny_environment, "kms:Decrypt")]
)
def test_what_aws_withholds_is_never_recorded_as_empty(
    world, monkeypatch, deny, permission
) -> None:
    world.declare(world.release(function=SECRETS))
    world.apply()
    world.aws("UpdateAlias", Name="live", Description="by hand")
    real = world.sandbox.simulator.call

    def call(operation, /, **asked):
        answer = real(operation, **asked)
        if operation == "GetFunction":
            deny(answer)
        return answer

    monkeypatch.setattr(world.sandbox.simulator, "call", call)
    with pytest.raises(RemoteError, match=permission):
        accept(["release.checkout"], world.writing())
    assert world.state.head().number == 1
    accept(["release.checkout.alias.live"], world.writing())
    assert world.record().aliases["live"].description == "by hand"


def test_code_that_was_accepted_is_not_taken_for_the_artifacts(world, monkeypatch) -> None:
    """Of an object in S3 only the identity is known: its code is what an apply found it to be."""
    real = ArtifactSources.identify

    def identify(self, artifact, connector, region):
        return real(self, artifact, connector, region).model_copy(update={"code_sha256": None})

    monkeypatch.setattr(ArtifactSources, "identify", identify)
    ship(world, "one")
    own = world.aws("GetFunctionConfiguration")["CodeSha256"]
    world.aws("UpdateFunctionCode", ZipFile=other_package(world))
    accept(["release.checkout"], world.writing())
    assert world.drift().findings == ()
    assert actions(world.plan())["release.checkout.function"] == "update"
    world.apply()
    assert world.aws("GetFunctionConfiguration")["CodeSha256"] == own
    assert world.plan().is_empty


def other_package(world) -> bytes:
    artifact = world.code("another", "elsewhere")
    sources = ArtifactSources(world.root, world.clients)
    connector = world.releases[0].connector
    return sources.code(sources.identify(artifact, connector, "us-east-1")).data


# Beside other runs


def request(run: str, *addresses: str) -> LeaseRequest:
    return LeaseRequest(
        run=run,
        who="kim",
        host="elsewhere",
        pid=1,
        boot_id="",
        command="lamform apply",
        addresses=frozenset(addresses),
    )


def test_a_release_that_another_run_works_on_is_not_edited(world) -> None:
    world.declare(world.release("one"), world.release("two", depends_on=("release.one",)))
    world.apply()
    world.state.acquire(request("busy", "release.two"))
    with pytest.raises(LeaseHeldError):
        forget(["release.two"], world.writing())
    with pytest.raises(LeaseHeldError):
        accept(["release.two"], world.writing())
    with pytest.raises(LeaseHeldError):  # two depends on it and would be changed
        rename(world, "one", "three")
    forget(["release.one"], world.writing())


def test_losing_the_race_for_a_release_records_nothing(world) -> None:
    ship(world, "one")

    class Racing(MemoryBackend):
        def commit(self, draft, *, expected, token, closes=None):
            if not raced:
                raced.append(draft)
                super().commit(replace(draft, message="the other"), expected=expected, token=token)
            return super().commit(draft, expected=expected, token=token, closes=closes)

    raced: list[RevisionDraft] = []
    world.state = Racing(world.state._store, world.project)
    with pytest.raises(ConflictError, match=r"release\.checkout"):
        forget(["release.checkout"], world.writing())
    assert world.state.head().message == "the other"


@pytest.fixture(scope="module")
def dead_pid() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


class Killed(BaseException):
    """The process is gone."""


def cut_off(world, dead_pid: int) -> None:
    """Apply the files in a process that dies before it records what it did."""

    class Mortal(MemoryBackend):
        def commit(self, *args, **kwargs):
            raise Killed

        def release(self, lease):
            raise Killed

    living = world.state, world.runner
    world.state = Mortal(world.state._store, world.project)
    world.runner = Runner("mortal", "here", dead_pid, "boot", "lamform apply")
    with suppress(Killed):
        world.apply()
    world.state, world.runner = living


EDITS = {
    "rm": lambda world: forget(["release.one.tags"], world.writing()),
    "mv": lambda world: rename(world, "one", "renamed"),
    "accept": lambda world: accept(["release.one"], world.writing()),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_a_dead_run_did_to_the_release_is_recorded_first(world, dead_pid, name) -> None:
    world.declare(world.release("one"), world.release("two"))
    world.apply()
    world.declare(world.release("one", function={"memory_size": 512}), world.release("two"))
    cut_off(world, dead_pid)
    EDITS[name](world)
    assert world.state.revision(2).status == "recovered"
    assert world.state.open_runs() == ()
    [record] = [
        world.record(address.removeprefix("release."))
        for address in world.state.resources()
        if address != "release.two"
    ]
    assert record.function.attributes["memory_size"] == 512


def test_a_dead_run_elsewhere_is_left_to_the_next_apply(world, dead_pid) -> None:
    world.declare(world.release("one"), world.release("two"))
    world.apply()
    world.declare(world.release("one", function={"memory_size": 512}), world.release("two"))
    cut_off(world, dead_pid)
    forget(["release.two"], world.writing())
    assert [one.status for one in world.state.revisions()] == ["edited", "applied"]
    assert len(world.state.open_runs()) == 1


# Going back across edits


@pytest.mark.parametrize("edit", ["rm", "mv", "accept"])
def test_previous_does_not_go_back_from_an_edit(world, edit) -> None:
    world.declare(world.release("one"))
    world.apply()
    world.aws("UpdateFunctionConfiguration", "one", MemorySize=1024)
    EDITS[edit](world)
    with pytest.raises(RefusedError, match="lamform state undo 2"):
        world.revert("previous")


def test_previous_goes_past_what_was_accepted_and_says_so(world) -> None:
    ship(world, "one")
    world.aws("UpdateFunctionConfiguration", MemorySize=1024)
    accept(["release.checkout"], world.writing())
    ship(world, "two")
    plan = world.revert("previous")
    assert plan.reverts == 1
    [warning] = plan.diagnostics
    assert "past revision 2" in warning.summary
    assert world.apply(plan).status == "applied"
    assert world.aws("GetFunctionConfiguration")["Description"] == "one"
    assert world.aws("GetFunctionConfiguration")["MemorySize"] == 256


def test_previous_does_not_delete_an_alias_that_was_forgotten_for_a_while(world) -> None:
    ship(world, "one")
    forget(["release.checkout.alias.live"], world.writing())
    ship(world, "two")
    world.apply(world.revert("previous"))
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "1"


def test_a_revision_is_not_gone_back_to_for_what_was_edited_in_it(world) -> None:
    ship(world, "one")
    world.aws("UpdateFunctionConfiguration", MemorySize=1024)
    accept(["release.checkout"], world.writing())
    ship(world, "two")
    for options in ({}, {"allow_failed": True}):
        with pytest.raises(RefusedError, match="lamform state undo"):
            world.revert("2", **options)


@pytest.mark.parametrize("target", ["1", "previous"])
def test_going_back_follows_a_release_to_its_new_name(world, target) -> None:
    ship(world, "one")
    rename(world, "checkout", "between")
    rename(world, "between", "renamed")
    world.code("two")
    world.declare(under(world, "release.renamed", function={"description": "two"}))
    world.apply()
    plan = world.revert(target)
    assert not plan.has_errors
    assert plan.reverts == 1
    assert set(actions(plan)) == {"release.renamed.function", "release.renamed.alias.live"}
    assert world.apply(plan).status == "applied"
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "1"
    assert set(world.state.resources()) == {"release.renamed"}
    assert set(actions(world.plan()).values()) == {"held"}


def test_a_release_that_only_moved_does_not_differ(world) -> None:
    ship(world, "one", "two")
    world.apply(world.revert("1"))
    rename(world, "checkout", "renamed")
    assert world.revert("3").is_empty


def test_a_forgotten_release_is_adopted_by_going_back(world) -> None:
    ship(world, "one", "two")
    forget(["release.checkout"], world.writing())
    plan = world.revert("1")
    assert actions(plan)["release.checkout.function"] == "adopt"
    assert world.apply(plan).status == "applied"
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "1"
