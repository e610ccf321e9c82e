"""What holds after any sequence of applies and edits, with no AWS at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from backends.base import LeaseRequest, RevisionDraft
from backends.memory import MemoryBackend, MemoryStore
from declarative.cli.state import parts
from declarative.engine.editing import forget
from declarative.engine.moves import moves_since, trace
from declarative.engine.ports import Runner
from declarative.engine.renaming import move, moves_for
from declarative.engine.snapshot import read_snapshot
from declarative.engine.statediff import difference
from declarative.engine.stopping import Stop
from declarative.engine.undoing import undo
from declarative.engine.verification import verify
from declarative.engine.writing import Writing
from declarative.errors import RefusedError
from declarative.model.artifacts import ArtifactIdentity, LocalArtifact
from declarative.model.desired import ConnectorSettings, DesiredAlias, DesiredRelease, Residual
from declarative.model.plan import Action
from declarative.model.revision import RecordedAlias, RecordedFunction, ReleaseRecord

NAMES = [f"release.{name}" for name in ("a", "b", 'c["x"]', 'c["y"]', "d")]


def record(address: str, function_name: str, memory: int, others: tuple[str, ...]) -> ReleaseRecord:
    connector = ConnectorSettings(address="connector.aws.main", credentials={"kind": "default"})
    residuals = tuple(
        Residual(path=("memory_size",), expression=f"{one}.function.version", sensitive=False)
        for one in others
    )
    desired = DesiredRelease(
        address=address,
        service="s",
        infrastructure="infrastructure.main",
        environment="prod",
        connector=connector,
        account_id="123456789012",
        region="eu-west-1",
        function_name=function_name,
        function={"memory_size": memory},
        declared=(("memory_size",),),
        tags={"T": str(memory)},
        aliases={"live": DesiredAlias()},
        artifact=ArtifactIdentity(source=LocalArtifact(path="src"), identity="x"),
        depends_on=tuple(sorted(others)),
        residuals=residuals,
    )
    return ReleaseRecord(
        address=address,
        status="applied",
        plan_id=None,
        desired=desired,
        connector=connector,
        function=RecordedFunction(
            arn="arn",
            attributes={"memory_size": memory},
            declared=desired.declared,
            code_sha256="x",
            code_size=1,
        ),
        tags=desired.tags,
        aliases={"live": RecordedAlias(arn="arn:live", function_version=str(memory))},
        version=str(memory),
    )


class Project:
    """A state, and what can happen to it."""

    def __init__(self) -> None:
        self.state = MemoryBackend(MemoryStore(), "p")
        self.state.create()

    def writing(self) -> Writing:
        runner = Runner("tester", "here", 1, "", "lamform state")
        nothing = dict.fromkeys(("cloud", "artifacts", "secrets"))
        return Writing(
            state=self.state,
            runner=runner,
            listener=lambda _: None,
            stop=Stop(),
            clock=lambda: 0.0,
            keep=lambda name, _: name,
            **nothing,
        )

    @property
    def head(self) -> int:
        head = self.state.head()
        return head.number if head else 0

    def apply(self, address: str, memory: int, others: tuple[str, ...]) -> None:
        present = read_snapshot(self.state).record(address)
        name = present.desired.function_name if present else f"function-{self.head}"
        made = record(address, name, memory, tuple(one for one in others if one != address))
        [stored] = self.state.put([made.to_bytes()])
        lease = self.state.acquire(
            LeaseRequest(
                run="apply",
                who="",
                host="",
                pid=1,
                boot_id="",
                command="",
                addresses=frozenset({address}),
            )
        )
        head = self.state.head()
        draft = RevisionDraft(
            status="applied", author="", created_at="", message="", changes={address: stored}
        )
        self.state.commit(draft, expected=head.id if head else None, token=lease.token)
        self.state.release(lease)

    def edit(self, data: st.DataObject) -> None:
        known = sorted(self.state.resources())
        kind = data.draw(st.sampled_from(["rm", "part", "mv", "undo"]))
        if kind == "undo":
            try:
                undo(data.draw(st.integers(1, self.head)), self.writing())
            except RefusedError:
                return
        elif not known:
            return
        elif kind == "mv":
            free = [name for name in NAMES if name not in known]
            if free:
                source, target = data.draw(st.sampled_from(known)), data.draw(st.sampled_from(free))
                move(moves_for(source, target, known), self.writing())
        else:
            target = data.draw(st.sampled_from(known))
            part = target if kind == "rm" else f"{target}.alias.live"
            snapshot = read_snapshot(self.state)
            if kind == "rm" or "live" in snapshot.releases[target].record.aliases:
                forget([part], self.writing())


@st.composite
def projects(draw: st.DrawFn) -> Project:
    project, data = Project(), draw(st.data())
    for _ in range(draw(st.integers(1, 8))):
        if project.head == 0 or draw(st.booleans()):
            address = draw(st.sampled_from(NAMES))
            others = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
            project.apply(address, draw(st.integers(128, 131)), tuple(others))
        else:
            project.edit(data)
    return project


def shown(release: ReleaseRecord) -> dict[str, dict]:
    return {part.address: part.attributes for part in parts(release)}


@given(projects(), st.data())
@settings(deadline=None)
def test_an_edit_and_its_undoing_leave_what_was_recorded(project, data) -> None:
    before, number = dict(project.state.resources()), project.head
    project.edit(data)
    if project.head > number:
        undo(None, project.writing())
        assert dict(project.state.resources()) == before
    assert verify(project.state).damage == ()
    assert project.state.leases() == ()


@given(projects())
@settings(deadline=None)
def test_every_record_says_the_address_it_is_recorded_under(project) -> None:
    for number in range(1, project.head + 1):
        for address, recorded in read_snapshot(project.state, at=number).releases.items():
            assert recorded.record.address == recorded.record.desired.address == address


@given(projects())
@settings(deadline=None)
def test_a_trace_tells_the_past_in_the_names_of_today(project) -> None:
    known = set(project.state.resources())
    newest: dict[str, ReleaseRecord] = {}
    for address, revision, found in trace(set(known), project.state):
        assert found.address == found.desired.address == address
        assert revision.number <= project.head
        newest.setdefault(address, found)
    head = read_snapshot(project.state)
    assert newest == {address: one.record for address, one in head.releases.items()}


@given(projects(), st.data())
@settings(deadline=None)
def test_a_difference_read_backwards_is_the_same_turned_round(project, data) -> None:
    one, other = (data.draw(st.integers(1, project.head)) for _ in range(2))
    there = difference(project.state, (one, other), shown)
    back = difference(project.state, (other, one), shown)
    assert (there == ()) == (back == ())
    assert difference(project.state, (one, one), shown) == ()

    turned = {Action.CREATE: Action.DELETE, Action.DELETE: Action.CREATE}
    mirrors = {
        (found.moved_from or found.address, found.address, str(found.action)): found
        for found in back
    }
    for found in there:
        action = turned.get(found.action, found.action)
        names = (found.address, found.moved_from or found.address)
        mirror = mirrors.pop((*names, str(action)))
        paths = [
            (change.kind, item.path, item.before, item.after)
            for change in found.changes
            for item in change.attributes
        ]
        assert sorted(map(repr, paths)) == sorted(
            repr((change.kind, item.path, item.after, item.before))
            for change in mirror.changes
            for item in change.attributes
        )
    assert mirrors == {}


@given(projects())
@settings(deadline=None)
def test_only_edits_rename(project) -> None:
    moves = moves_since(project.state, 0)
    edits = [one for one in project.state.revisions() if one.status == "edited"]
    assert len(moves) <= len(edits)
    assert all(one.origin != one.destination for one in moves)
