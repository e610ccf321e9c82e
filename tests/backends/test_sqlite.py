"""What is SQLite's own: the file, its permissions, its form, and how it can be broken."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlite_utils.migrations import Migrations

from backends import open_backend, sqlite_schema
from backends.base import (
    CorruptStateError,
    ObjectMissingError,
    SchemaTooNewError,
    StateUnavailableError,
    object_id,
)
from backends.sqlite import SqliteBackend
from backends.sqlite_file import SqliteFile
from backends.sqlite_protected import protected
from backends.testing.case import a_draft, a_record, a_request, a_run
from declarative.engine.verification import verify

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def backend(path: Path) -> Iterator[SqliteBackend]:
    """A state with one revision, one lease, one open run."""
    with opened(path) as backend:
        fill(backend)
        yield backend


@contextmanager
def opened(path: Path, *, busy_timeout: float = 10.0) -> Iterator[SqliteBackend]:
    backend = SqliteBackend(path, "shop", busy_timeout=busy_timeout)
    try:
        yield backend
    finally:
        backend.close()


def fill(backend: SqliteBackend) -> None:
    backend.create()
    lease = backend.acquire(a_request())
    (name,) = backend.put([b'{"version": 7}'])
    backend.begin_run(a_run(), token=lease.token)
    backend.append("run-1", [a_record(1)], token=lease.token)
    backend.commit(a_draft({"a": name, "b": name}), expected=None, token=lease.token)


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


class TestTheFile:
    def test_opening_and_reading_create_nothing(self, tmp_path: Path) -> None:
        with opened(tmp_path / "deep" / "state.db") as backend:
            assert backend.head() is None
            assert backend.resources() == {}
        assert list(tmp_path.iterdir()) == []

    def test_its_owner_alone_may_read_it(self, backend: SqliteBackend, path: Path) -> None:
        modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in path.parent.iterdir()}
        assert modes.pop("state.db") == 0o600
        assert set(modes.values()) <= {0o600}

    def test_git_ignores_our_own_directory(self, tmp_path: Path) -> None:
        with opened(tmp_path / ".lamform" / "state.db") as backend:
            backend.create()
        assert (tmp_path / ".lamform" / ".gitignore").read_text() == "*\n"

    def test_a_gitignore_that_is_there_stays(self, tmp_path: Path) -> None:
        (tmp_path / ".lamform").mkdir()
        (tmp_path / ".lamform" / ".gitignore").write_text("mine\n")
        with opened(tmp_path / ".lamform" / "state.db") as backend:
            backend.create()
        assert (tmp_path / ".lamform" / ".gitignore").read_text() == "mine\n"

    def test_other_directories_are_left_alone(self, tmp_path: Path) -> None:
        with opened(tmp_path / "states" / "state.db") as backend:
            backend.create()
        assert [item.name for item in (tmp_path / "states").iterdir()] == ["state.db"]

    @pytest.mark.parametrize("name", ["a b.db", "50%25.db", "what?.db", "#1.db", "{path}.db"])
    def test_any_name_will_do(self, tmp_path: Path, name: str) -> None:
        with opened(tmp_path / name) as backend:
            fill(backend)
        assert [item.name for item in tmp_path.iterdir()] == [name]

    def test_durability_is_asked_for(self, backend: SqliteBackend) -> None:
        with backend._file.reading() as db:
            pragmas = {
                name: db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

    def test_people_can_query_it(self, backend: SqliteBackend, path: Path) -> None:
        query = "SELECT address, json_extract(data, '$.version'), revision FROM resources"
        assert sorted(execute(path, query)) == [("a", 7, 1), ("b", 7, 1)]

    def test_a_commit_writes_what_changed(self, backend: SqliteBackend) -> None:
        (token,) = (lease.token for lease in backend.leases())
        names = backend.put([b"x", b"y"])
        many = {f"address-{number}": names[0] for number in range(500)}
        head = backend.head()
        assert head is not None
        head = backend.commit(a_draft(many), expected=head.id, token=token)
        with backend._file.reading() as db:
            before = db.conn.total_changes
        backend.commit(a_draft({"address-7": names[1]}), expected=head.id, token=token)
        with backend._file.reading() as db:
            assert db.conn.total_changes - before == 3  # a revision, a change, a row of head

    def test_projects_share_a_file(self, backend: SqliteBackend, path: Path) -> None:
        bank = open_backend("sqlite", {"path": str(path)}, "bank")
        try:
            bank.create()
            assert bank.head() is None
        finally:
            bank.close()
        assert execute(path, "SELECT name FROM projects ORDER BY name") == [("bank",), ("shop",)]

    def test_a_closed_handle_leaves_one_file(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        assert [item.name for item in path.parent.iterdir()] == ["state.db"]


class TestWhatIsNoState:
    @pytest.mark.parametrize("content", [b"not a database, but long enough\n" * 40, b"x"])
    def test_a_file_of_another_kind(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        with opened(path) as backend:
            for use in (backend.exists, backend.head, backend.create):
                with pytest.raises(StateUnavailableError) as caught:
                    use()
                assert caught.value.reason == "not_a_state"
                assert str(path) in caught.value.detail
        assert path.read_bytes() == content

    def test_the_database_of_another_program(self, path: Path) -> None:
        execute(path, "CREATE TABLE resources (id)")
        with opened(path) as backend:
            for use in (backend.exists, backend.create):
                with pytest.raises(StateUnavailableError) as caught:
                    use()
                assert caught.value.reason == "not_a_state"
        assert execute(path, "SELECT name FROM sqlite_master") == [("resources",)]

    @pytest.mark.parametrize("emptied", ["cut off", "without tables"])
    def test_an_empty_file_is_a_damaged_state(self, path: Path, emptied: str) -> None:
        if emptied == "cut off":
            with opened(path) as backend:
                fill(backend)
            os.truncate(path, 0)
        else:  # as a killed creation of version 0.1.0 left it
            execute(path, "VACUUM")
        before = path.read_bytes()
        with opened(path) as backend:
            for use in (backend.exists, backend.head, backend.create, lambda: backend.put([b"x"])):
                with pytest.raises(CorruptStateError, match="it is empty") as caught:
                    use()
                assert "if nothing was ever applied with it, delete it" in caught.value.detail
        assert path.read_bytes() == before

    def test_a_directory(self, path: Path) -> None:
        path.mkdir()
        with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
            backend.exists()
        assert caught.value.reason == "cannot_open"

    def test_a_file_where_a_directory_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "state.db"
        with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
            backend.create()
        assert caught.value.reason == "cannot_open"

    @pytest.mark.parametrize("replaced", [True, False])
    def test_a_file_that_vanished_while_open(
        self, backend: SqliteBackend, path: Path, *, replaced: bool
    ) -> None:
        path.rename(path.with_name("moved.db"))
        if replaced:
            path.touch()
        for use in (backend.head, lambda: backend.put([b"x"])):
            with pytest.raises(StateUnavailableError, match="removed or replaced"):
                use()


@pytest.mark.skipif(sys.platform == "win32", reason="a rename replaces nothing there")
class TestCreation:
    """A file appears whole, once, and in nobody's place."""

    def test_the_file_appears_with_all_that_is_in_it(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[str, bytes]] = []
        really = os.link

        def link(made: Path, there: Path) -> None:
            seen.extend((item.name[:18], item.read_bytes()) for item in path.parent.iterdir())
            really(made, there)

        monkeypatch.setattr(os, "link", link)
        with opened(path) as backend:
            backend.create()
        ((name, content),) = seen  # no log beside it
        assert name == "state.db.creating-"
        copy = path.with_name("copy.db")
        copy.write_bytes(content)
        tables = "SELECT name FROM sqlite_master ORDER BY name"
        assert execute(copy, tables) == execute(path, tables) != []
        assert execute(copy, "PRAGMA journal_mode") == [("wal",)]
        copy.unlink()
        assert [item.name for item in path.parent.iterdir()] == ["state.db"]
        assert path.stat().st_nlink == 1

    def test_one_that_came_to_no_end_leaves_no_state_and_is_cleared_away(self, path: Path) -> None:
        for end in ("", "-wal", "-journal"):
            path.with_name(f"state.db.creating-00{end}").write_bytes(b"half")
        with opened(path) as backend:
            assert not backend.exists()
            backend.create()
            assert {item.name for item in path.parent.iterdir()} <= {
                f"state.db{end}" for end in ("", "-wal", "-shm")
            }

    def test_a_second_name_that_a_creation_kept_goes_with_the_next(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        path.with_name("state.db.creating-00").hardlink_to(path)
        with opened(path) as backend:
            backend.create()
            assert backend.head() is not None
        assert [item.name for item in path.parent.iterdir()] == ["state.db"]

    @pytest.mark.parametrize("moment", ["link", "fill"])
    def test_another_process_may_be_quicker(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
    ) -> None:
        with opened(path) as other, opened(path) as backend:
            link, fill_ = os.link, backend._file._fill

            def quicker(*arguments: Path) -> None:
                monkeypatch.undo()
                fill(other)
                (link if moment == "link" else fill_)(*arguments)

            if moment == "link":
                monkeypatch.setattr(os, "link", quicker)
            else:
                monkeypatch.setattr(backend._file, "_fill", quicker)
            backend.create()
            assert backend.head() == other.head() is not None
            assert backend.key() == other.key()

    def test_where_files_have_one_name_it_is_copied(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def link(*_: Path) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
        with opened(path) as backend:
            fill(backend)
        assert [item.name for item in path.parent.iterdir()] == ["state.db"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with opened(path) as backend:
            assert backend.head() is not None

    def test_a_creation_that_fails_leaves_nothing(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def link(*_: Path) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "link", link)
        with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
            backend.create()
        assert caught.value.reason == "full"
        assert list(path.parent.iterdir()) == []

    @pytest.mark.parametrize("end", ["-wal", "-journal"])
    def test_the_log_of_a_file_that_is_gone_is_not_taken_into_a_new_one(
        self, path: Path, end: str
    ) -> None:
        with opened(path) as writer:
            fill(writer)
            log = path.with_name(f"state.db{end}")
            content = path.with_name("state.db-wal").read_bytes()
        path.unlink()
        log.write_bytes(content)
        with opened(path) as backend:
            with pytest.raises(StateUnavailableError, match="its log is not"):
                backend.create()
            assert [item.name for item in path.parent.iterdir()] == [log.name]
            log.unlink()
            backend.create()
            assert backend.head() is None


class TestForm:
    def test_a_newer_form_is_refused_and_named(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        execute(
            path,
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('backends', '9999_from_the_future', 'tomorrow')",
        )
        with opened(path) as backend:
            for use in (backend.exists, backend.head, backend.create, lambda: backend.put([b""])):
                with pytest.raises(SchemaTooNewError) as caught:
                    use()
                assert caught.value.unknown == ("9999_from_the_future",)

    def test_an_older_form_is_brought_up_to_date(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with opened(path) as backend:
            fill(backend)
            head = backend.head()
        later = self._with_later_form(monkeypatch, "ALTER TABLE runs ADD COLUMN note TEXT")
        with opened(path) as backend:
            assert backend.head() == head
        assert ("note",) in execute(path, "SELECT name FROM pragma_table_info('runs')")
        with opened(path) as backend, backend._file.reading() as db:
            assert later.pending(db) == []

    def test_a_failed_step_leaves_the_older_form(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with opened(path) as backend:
            fill(backend)
        with monkeypatch.context() as patch:
            self._with_later_form(patch, "DROP VIEW resources", "DROP TABLE nowhere")
            with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
                backend.head()
            assert caught.value.reason == "failed"
        with opened(path) as backend:
            assert backend.head() is not None
        assert execute(path, "SELECT count(*) FROM resources") == [(2,)]

    def _with_later_form(self, patch: pytest.MonkeyPatch, *statements: str) -> Migrations:
        later = Migrations("backends")
        later(name="0001_first_form")(sqlite_schema.first_form)
        later(name="0002_origin")(sqlite_schema.origin)

        @later(name="9001_later_form")
        def later_form(db) -> None:
            for statement in statements:
                db.execute(statement)

        patch.setattr(sqlite_schema, "MIGRATIONS", later)
        return later


class TestDamage:
    @pytest.mark.parametrize(
        ("statement", "what"),
        [
            ("UPDATE revisions SET message = 'it was not me'", "revision 1"),
            ("UPDATE revisions SET details = 'no json'", "revision 1"),
            ("DELETE FROM changes WHERE address = 'a'", "revision 1"),
        ],
    )
    def test_history_that_was_edited(
        self, backend: SqliteBackend, path: Path, statement: str, what: str
    ) -> None:
        execute(path, statement)
        with pytest.raises(CorruptStateError) as caught:
            backend.head()
        assert caught.value.what == what

    @pytest.mark.parametrize("edit", ["data = x'00'", "data = CAST(data AS TEXT)"])
    def test_objects_that_were_edited(self, backend: SqliteBackend, path: Path, edit: str) -> None:
        execute(path, f"UPDATE objects SET {edit}")  # noqa: S608 - the edits are above
        with pytest.raises(CorruptStateError):
            backend.objects(backend.resources().values())

    def test_documents_that_cannot_be_read(self, backend: SqliteBackend, path: Path) -> None:
        for statement, read in (
            ("UPDATE leases SET addresses = '{'", backend.leases),
            ("UPDATE runs SET addresses = '{'", backend.open_runs),
            ("UPDATE journal SET data = '{'", lambda: backend.journal("run-1")),
        ):
            execute(path, statement)
            with pytest.raises(CorruptStateError):
                read()

    def test_pages_that_were_overwritten(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        with opened(path) as backend, pytest.raises(CorruptStateError):
            backend.head()

    def test_a_file_that_was_cut_off(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        whole = path.read_bytes()
        for size in (len(whole) // 2, 4096, 1000):
            path.write_bytes(whole[:size])
            with opened(path) as backend, pytest.raises((CorruptStateError, StateUnavailableError)):
                backend.put([b"x"])
            assert path.read_bytes() == whole[:size]

    def test_damage_that_reading_does_not_meet_stops_the_first_write(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        (root,) = execute(
            path, "SELECT rootpage FROM sqlite_master WHERE name = 'idx_changes_object'"
        )
        with path.open("r+b") as file:
            file.seek(4096 * (root[0] - 1))
            file.write(b"\xff" * 4096)
        with opened(path) as backend:
            assert backend.head() is not None
            for _ in range(2):
                with pytest.raises(CorruptStateError) as caught:
                    backend.put([b"x"])
                assert caught.value.what == str(path)
                assert "\n" not in caught.value.found
                assert len(caught.value.found) > 10
            assert backend.head() is not None

    def test_an_index_that_lacks_an_entry_is_found(self, path: Path) -> None:
        """As where a fault of the disk undid one write of many."""
        with opened(path) as backend:
            fill(backend)
        index = "idx_changes_project_address_revision"
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            row = db.execute("SELECT * FROM sqlite_master WHERE name = ?", [index]).fetchone()
            db.execute("PRAGMA writable_schema = ON")
            db.execute("DELETE FROM sqlite_master WHERE name = ?", [index])
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("UPDATE changes SET address = 'c' WHERE address = 'b'")
            db.execute("UPDATE changes SET address = 'b' WHERE address = 'c'")
            db.execute("INSERT INTO changes SELECT project, 2, address, object FROM changes")
            db.execute("DELETE FROM changes WHERE revision = 2 AND address = 'b'")
            db.execute("PRAGMA writable_schema = ON")
            db.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
        with opened(path) as backend:
            found = backend.findings()
            assert f"SQLite finds in {path}: row 3 missing from index {index}." in found
            assert set(verify(backend).damage) >= set(found)

    def test_rows_that_name_what_is_not_there_are_found(
        self, backend: SqliteBackend, path: Path
    ) -> None:
        assert backend.findings() == ()
        assert verify(backend).damage == ()
        execute(path, "INSERT INTO journal SELECT project, 'lost', 1, '', '', '', '', '' FROM runs")
        (found,) = backend.findings()
        assert found == f"SQLite finds in {path}: row 2 of journal names what runs lacks."
        assert verify(backend).damage == (found,)

    def test_an_object_that_is_put_again_is_compared(
        self, backend: SqliteBackend, path: Path
    ) -> None:
        (name,) = backend.put([b"content"])
        assert backend.put([b"content", b"more"])[0] == name
        execute(path, f"UPDATE objects SET data = x'00' WHERE id = '{name}'")  # noqa: S608 - a hash
        with pytest.raises(CorruptStateError) as caught:
            backend.put([b"new", b"content"])
        assert caught.value.what == f"object {name}"
        with pytest.raises(ObjectMissingError):
            backend.objects([object_id(b"new")])

    def test_a_whole_file_is_looked_through_once(self, backend: SqliteBackend) -> None:
        asked: list[str] = []
        with opened(backend._file.path) as other:
            assert other.head() is not None
            other._file._db.conn.set_trace_callback(asked.append)
            other.put([b"x"])
            other.put([b"y"])
        assert asked.count("PRAGMA quick_check(1)") == 1


class TestForgetting:
    def test_it_makes_the_file_smaller(self, backend: SqliteBackend, path: Path) -> None:
        (lease,) = backend.leases()
        head = backend.head()
        for number in range(4):
            (name,) = backend.put([bytes([number]) * 500_000])
            assert head is not None
            head = backend.commit(a_draft({"a": name}), expected=head.id, token=lease.token)
        with opened(path) as other:
            other.head()
            before = sum(item.stat().st_size for item in path.parent.iterdir())
            backend.forget(4, token=lease.token)
            after = sum(item.stat().st_size for item in path.parent.iterdir())
            assert before > 2_000_000
            assert after < 1_500_000
            assert other.head() == head

    def test_what_is_forgotten_is_gone_although_the_file_stays_as_it_is(
        self, backend: SqliteBackend, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (lease,) = backend.leases()
        head = backend.head()
        assert head is not None
        backend.commit(a_draft({"b": None}), expected=head.id, token=lease.token)
        shrink = backend._file.shrink

        def at_a_bad_time() -> None:
            with closing(sqlite3.connect(path)) as other:
                other.execute("BEGIN IMMEDIATE")
                shrink()

        monkeypatch.setattr(backend._file, "shrink", at_a_bad_time)
        monkeypatch.setattr(backend._file, "_timeout", 0)
        with backend._file.reading() as db:
            db.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(StateUnavailableError, match="could not be made smaller") as caught:
            backend.forget(1, token=lease.token)
        assert caught.value.reason == "locked"
        assert [one.number for one in backend.revisions()] == [2]
        monkeypatch.undo()
        assert backend.forget(1, token=lease.token) == 0

    def test_a_state_of_the_first_form_forgets(self, path: Path) -> None:
        kept = Path(__file__).parents[1] / "data" / "state-0.1.0" / "state.db"
        shutil.copy(kept, path)
        backend = SqliteBackend(path, "kept")
        lease = backend.acquire(a_request())
        expected = backend.resources(at=3)
        assert backend.forget(2, token=lease.token) > 0
        assert [one.number for one in backend.revisions()] == [3]
        assert backend.resources() == expected
        assert len(backend.objects(expected.values())) == len(set(expected.values()))
        backend.close()


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Give up the rights of root, for whom no permission is missing."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that every user can reach, unlike those of pytest."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


class TestObstacles:
    def test_another_writer_is_waited_for_and_named_as_a_lock(
        self, backend: SqliteBackend, path: Path
    ) -> None:
        with opened(path, busy_timeout=0.05) as impatient:
            with backend._writing():
                assert impatient.head() is not None
                with pytest.raises(StateUnavailableError) as caught:
                    impatient.put([b"y"])
            assert caught.value.reason == "locked"
            assert impatient.put([b"y"])

    def test_a_commit_in_the_last_free_bytes_of_a_disk_is_whole(self, path: Path) -> None:
        with opened(path) as backend:
            backend.create()
            token = backend.acquire(a_request()).token
            backend.forget(0, token=token)  # gives back every page that holds nothing
            (name,) = backend.put([b"new"])
            with backend._file.reading() as db:
                (pages,) = db.execute("PRAGMA page_count").fetchone()
                db.execute(f"PRAGMA max_page_count = {pages}")
            backend.commit(a_draft({"new": name}), expected=None, token=token)
            assert backend.resources() == backend.resources(at=1) == {"new": name}

    def test_a_full_disk_records_nothing_and_can_be_cured(self, backend: SqliteBackend) -> None:
        (token,) = (lease.token for lease in backend.leases())
        head = backend.head()
        assert head is not None
        large = a_draft(status="x" * 200_000)
        with backend._file.reading() as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StateUnavailableError) as caught:
            backend.commit(large, expected=head.id, token=token, closes="run-1")
        assert caught.value.reason == "full"
        assert backend.head() == head
        assert backend.open_runs() == (a_run(),)

        with backend._file.reading() as db:
            db.execute("PRAGMA max_page_count = 1000000")
        assert backend.commit(large, expected=head.id, token=token, closes="run-1").number == 2

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
    @pytest.mark.parametrize("locked", ["file", "directory", "both"])
    def test_a_state_that_may_not_be_written(
        self, public: Path, locked: str, request: pytest.FixtureRequest
    ) -> None:
        path = public / "state.db"
        with opened(path) as backend:
            fill(backend)
        path.chmod(0o444 if locked in {"file", "both"} else 0o666)
        public.chmod(0o555 if locked in {"directory", "both"} else 0o777)
        request.getfixturevalue("unprivileged")
        with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
            backend.put([b"y"])
        assert caught.value.reason == "read_only"

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
    @pytest.mark.parametrize("locked", ["file", "directory", "both"])
    def test_a_state_that_may_not_be_written_can_be_read(
        self, public: Path, locked: str, request: pytest.FixtureRequest
    ) -> None:
        path = public / "state.db"
        with opened(path) as backend:
            fill(backend)
            expected = [backend.head(), backend.resources(), backend.open_runs()]
        path.chmod(0o444 if locked in {"file", "both"} else 0o666)
        public.chmod(0o555 if locked in {"directory", "both"} else 0o777)
        request.getfixturevalue("unprivileged")
        with opened(path) as backend:
            assert backend.exists()
            assert [backend.head(), backend.resources(), backend.open_runs()] == expected
        assert [item.name for item in public.iterdir()] == ["state.db"]

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
    def test_a_state_of_the_first_form_can_be_read_where_nothing_may_be_written(
        self, public: Path, request: pytest.FixtureRequest
    ) -> None:
        path = public / "state.db"
        shutil.copy(Path(__file__).parents[1] / "data" / "state-0.1.0" / "state.db", path)
        path.chmod(0o444)
        public.chmod(0o555)
        content = path.read_bytes()
        request.getfixturevalue("unprivileged")
        backend = SqliteBackend(path, "kept")
        assert [one.number for one in backend.revisions()] == [3, 2, 1]
        backend.close()
        assert path.read_bytes() == content

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
    def test_what_is_still_in_the_log_is_never_left_out(
        self, public: Path, request: pytest.FixtureRequest
    ) -> None:
        path = public / "state.db"
        with opened(public / "written.db") as writer:
            fill(writer)
            expected = writer.head()
            for end in ("", "-wal"):  # as a writer leaves them that was killed
                shutil.copy(public / f"written.db{end}", public / f"state.db{end}")
        for item in public.iterdir():
            item.chmod(0o444)
        public.chmod(0o555)
        request.getfixturevalue("unprivileged")
        with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
            assert backend.head() == expected
        assert caught.value.reason == "read_only"

    def test_a_file_that_is_written_while_it_is_read_as_it_was(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        reading = protected(path, 1)
        query = "SELECT count(*) FROM revisions"
        assert reading.__enter__().execute(query).fetchone() == (1,)
        os.utime(path, ns=(1, 1))
        with pytest.raises(StateUnavailableError, match="written while it was read"):
            reading.__exit__(None, None, None)

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
    def test_a_directory_that_may_not_be_written(
        self, public: Path, request: pytest.FixtureRequest
    ) -> None:
        public.chmod(0o555)
        request.getfixturevalue("unprivileged")
        path = public / "new" / "state.db"
        with opened(path) as backend, pytest.raises(StateUnavailableError) as caught:
            backend.create()
        assert caught.value.reason == "read_only"


class FakeDatabase:
    """Answers to ``PRAGMA journal_mode``, in order; an answer of None means busy."""

    def __init__(self, *modes: str | None) -> None:
        self.modes = list(modes)

    def execute(self, statement: str) -> FakeDatabase:
        if self.modes[0] is None:
            self.modes.pop(0)
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return self

    def fetchone(self) -> tuple[str | None]:
        return (self.modes.pop(0),)


class TestTheWriteAheadLog:
    """SQLite's own waiting does not cover two processes that switch one file to it."""

    def test_it_is_turned_on_in_a_copy_without_it(self, path: Path) -> None:
        with opened(path) as backend:
            fill(backend)
        execute(path, "PRAGMA journal_mode = DELETE")
        with opened(path) as backend:
            assert backend.head() is not None
            assert execute(path, "PRAGMA journal_mode") == [("delete",)]  # reading changes nothing
            backend.put([b"x"])
            assert execute(path, "PRAGMA journal_mode") == [("wal",)]

    def test_it_is_waited_for(self, path: Path) -> None:
        SqliteFile(path, busy_timeout=10)._use_wal(FakeDatabase(None, None, "wal"))

    def test_it_is_not_waited_for_longer_than_asked(self, path: Path) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            SqliteFile(path, busy_timeout=0)._use_wal(FakeDatabase(None, None, None, "wal"))

    def test_nothing_else_will_do(self, path: Path) -> None:
        with pytest.raises(StateUnavailableError, match="journal mode delete"):
            SqliteFile(path, busy_timeout=0)._use_wal(FakeDatabase("delete"))


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


PRELUDE = """
import sys
from pathlib import Path
from backends.base import commit_disjoint
from backends.sqlite import SqliteBackend
from backends.testing.case import a_draft, a_record, a_request, a_run
backend = SqliteBackend(Path(sys.argv[1]), "shop")
"""

JOURNAL_FOR_EVER = (
    PRELUDE
    + """
backend.create()
token = backend.acquire(a_request()).token
backend.begin_run(a_run(), token=token)
for number in range(1, 1_000_000):
    backend.append("run-1", [a_record(2 * number), a_record(2 * number + 1)], token=token)
    print(2 * number + 1, flush=True)
"""
)

DIE_IN_A_COMMIT = (
    PRELUDE
    + """
backend.create()
token = backend.acquire(a_request()).token
backend.begin_run(a_run(), token=token)
backend.append("run-1", [a_record(1)], token=token)
with backend._writing() as tables:
    tables.end_run("run-1", "now")
    tables.put([("id", b"x" * 5_000_000)])
    print("ready", flush=True)
    sys.stdin.read()
"""
)

COMMIT_MANY = (
    PRELUDE
    + """
backend.create()
who = sys.argv[2]
token = backend.acquire(a_request(who, who)).token
(name,) = backend.put([who.encode()])
for number in range(25):
    draft = a_draft({f"{who}-{number}": name})
    print(commit_disjoint(backend, draft, base=None, token=token).number)
backend.close()
"""
)


class TestProcesses:
    def test_every_acknowledged_record_survives_a_kill(self, path: Path) -> None:
        with start(JOURNAL_FOR_EVER, str(path)) as child:
            assert child.stdout is not None
            acknowledged = [int(child.stdout.readline()) for _ in range(40)]
            child.kill()
            acknowledged += [int(line) for line in child.stdout.read().split()]
        with opened(path) as backend:
            assert backend.open_runs() == (a_run(),)
            journal = backend.journal("run-1")
            assert [item.sequence for item in journal] == list(range(2, len(journal) + 2))
            assert journal[-1].sequence >= acknowledged[-1]
            assert len(journal) % 2 == 0  # groups are whole

    def test_a_kill_inside_a_commit_leaves_the_run_open(self, path: Path) -> None:
        child = subprocess.Popen(
            [sys.executable, "-c", DIE_IN_A_COMMIT, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        with child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            child.kill()
        with opened(path) as backend:
            assert backend.open_runs() == (a_run(),)
            assert backend.journal("run-1") == (a_record(1),)
            assert backend.head() is None
            (lost,) = backend.leases()
            backend.unlock("run-1")
            token = backend.acquire(a_request("run-2")).token
            assert token > lost.token
            backend.commit(a_draft(), expected=None, token=token, closes="run-1")
            assert backend.open_runs() == ()

    def test_two_processes_create_and_commit_at_once(self, path: Path) -> None:
        children = [start(COMMIT_MANY, str(path), who) for who in ("one", "two")]
        numbers: list[int] = []
        for child in children:
            output, _ = child.communicate(timeout=60)
            assert child.returncode == 0
            numbers += map(int, output.split())
        assert sorted(numbers) == list(range(1, 51))
        with opened(path) as backend:
            history = list(backend.revisions())[::-1]
            assert [item.parent for item in history] == [None, *(item.id for item in history[:-1])]
            assert len(backend.resources()) == 50
