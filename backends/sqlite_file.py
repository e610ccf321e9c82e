"""One SQLite file as a place for state: creating, opening, transactions, and its failures.

The file is in WAL mode with ``synchronous=FULL``: readers never wait for a writer, and a
transaction that has returned survives a loss of power.  Nothing but ``create`` makes a file, and
it appears whole: one that holds nothing was damaged.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

from backends.errors import CorruptStateError, SchemaTooNewError, StateMissingError
from backends.sqlite_creation import create_whole, tidy
from backends.sqlite_failures import (
    is_protected,
    not_shrunk,
    of_sqlite,
    of_system,
    result_code,
    unavailable,
)
from backends.sqlite_protected import protected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

_SMALLEST_PAGE = 512
_EMPTY = (
    "it is empty, as no state ever is: it was cut off, or its creation by an earlier version was "
    "(if nothing was ever applied with it, delete it)"
)


class SqliteFile:
    """A state file; one connection, shared by all threads under a lock."""

    def __init__(self, path: Path, *, busy_timeout: float) -> None:
        """Name the file; it is opened when first used.

        Args:
            path: The file.
            busy_timeout: Seconds to wait for other processes before giving up.
        """
        self.path = path
        self._timeout = busy_timeout
        self._lock = threading.RLock()
        self._db: Database | None = None
        self._identity: tuple[int, int] | None = None
        self._empty: Database | None = None
        self._is_checked = False

    def create(self) -> None:
        """Create the file and its tables, readable by its owner alone; idempotent."""
        with self._lock, self._translated():
            if self._opened() is None:
                create_whole(self.path, self._fill)
                self._opened()
            tidy(self.path)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Database]:
        """Yield the database in one consistent snapshot; an empty one where there is no state."""
        with self._lock, self._translated(), self._readable() as db, _transaction(db, "BEGIN"):
            yield db

    @contextlib.contextmanager
    def writing(self) -> Iterator[Database]:
        """Yield the database in a transaction that is durable when the block ends.

        Raises:
            StateMissingError: There is no state.
            CorruptStateError: SQLite finds damage, looking before the first write.
        """
        with self._lock, self._translated():
            db = self._opened()
            if db is None:
                raise StateMissingError(str(self.path))
            self._check(db)
            # IMMEDIATE: what is read in the block is still so when it commits.
            with _transaction(db, "BEGIN IMMEDIATE"):
                yield db

    def findings(self) -> tuple[str, ...]:
        """Return what SQLite finds wrong with the file, indexes and references included.

        Raises:
            CorruptStateError: So much that SQLite cannot look through it.
        """
        with self.reading() as db:
            pages = [" ".join(said.split()) for (said,) in db.execute("PRAGMA integrity_check")]
            broken = db.execute("PRAGMA foreign_key_check").fetchall()
        return (
            *(f"SQLite finds in {self.path}: {said}." for said in pages if said != "ok"),
            *(
                f"SQLite finds in {self.path}: row {row} of {table} names what {parent} lacks."
                for table, row, parent, _ in broken
            ),
        )

    def shrink(self) -> None:
        """Give the space of what was deleted back to the file system.

        Raises:
            StateUnavailableError: It could not be; what was deleted is gone all the same.
        """
        with self._lock, self._translated():
            db = self._opened()
            if db is None:
                return
            try:
                db.execute("VACUUM")
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise not_shrunk(error, self.path) from error

    def close(self) -> None:
        """Close what was opened."""
        with self._lock, self._translated():
            for db in (self._db, self._empty):
                if db is not None:
                    db.close()
            self._db = self._empty = None

    @contextlib.contextmanager
    def _readable(self) -> Iterator[Database]:
        """Yield the connection; an empty database where there is no state."""
        if self._db is None and is_protected(self.path):
            with protected(self.path, self._timeout) as connection:
                yield self._in_our_form(connection)
        else:
            yield self._opened() or self._nothing()

    def _in_our_form(self, connection: sqlite3.Connection) -> Database:
        """Return what a connection that cannot write holds; in memory, where it is older."""
        from sqlite_utils import Database

        db = Database(connection, execute_plugins=False)
        if not self._is_older(db):
            return db
        copy = Database(_in_memory(), execute_plugins=False)
        connection.backup(copy.conn)
        self._migrate(copy)
        return copy

    def _check(self, db: Database) -> None:
        """Make ready for writing, once: a page that is not what it was spoils others.

        A copy that was put in the place of the file may have lost the mode of its log.
        """
        if not self._is_checked:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise CorruptStateError(str(self.path), " ".join(found.split()))
            self._use_wal(db)
            self._is_checked = True

    def _opened(self) -> Database | None:
        """Return the connection, made where there is none yet and the file holds a state."""
        if self._db is not None:
            # What is written to a file that lost its name is lost with the process.
            if _identity(self.path) != self._identity:
                raise unavailable("cannot_open", self.path, "it was removed or replaced while open")
        elif self.path.exists():
            db = self._connect(self.path)
            try:
                if self._is_older(db):
                    self._migrate(db)
                self._keep(db)
            finally:
                if self._db is None:
                    db.close()
        return self._db

    def _keep(self, db: Database) -> None:
        self._identity = _identity(self.path)
        self._db = db

    def _nothing(self) -> Database:
        """Return an empty database in memory, which stands for a file that is not there."""
        from sqlite_utils import Database

        if self._empty is None:
            self._empty = Database(_in_memory(), execute_plugins=False)
            self._migrate(self._empty)
        return self._empty

    def _fill(self, path: Path) -> None:
        """Make a state of an empty file, all of it in the file itself and nothing in a log."""
        with contextlib.closing(self._connect(path)) as db:
            self._migrate(db)
            self._use_wal(db)

    def _connect(self, path: Path) -> Database:
        from sqlite_utils import Database

        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",  # rw: opening never creates
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return Database(connection, recursive_triggers=False, execute_plugins=False)

    def _is_older(self, db: Database) -> bool:
        """Say whether the file holds a state of an older form.

        Raises:
            CorruptStateError: It holds nothing at all, and no state is created like that.
        """
        from backends.sqlite_schema import APPLICATION_ID, MIGRATIONS, known_names

        with _transaction(db, "BEGIN"):
            (mark,) = db.execute("PRAGMA application_id").fetchone()
            if mark != APPLICATION_ID:
                # SQLite takes a file shorter than any page for an empty database.
                stub = 0 < self.path.stat().st_size < _SMALLEST_PAGE
                if mark or stub or db.table_names():
                    raise unavailable("not_a_state", self.path)
                raise CorruptStateError(str(self.path), _EMPTY)
            applied = {migration.name for migration in MIGRATIONS.applied(db)}
        known = known_names()
        if unknown := applied - known:
            raise SchemaTooNewError(str(self.path), sorted(unknown))
        return bool(known - applied)

    def _migrate(self, db: Database) -> None:
        """Bring the file to our form, in one transaction with the record of it."""
        from backends.sqlite_schema import MIGRATIONS

        with _transaction(db, "BEGIN IMMEDIATE"):
            MIGRATIONS.apply(db)

    def _use_wal(self, db: Database) -> None:
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as error:
                # SQLite does not wait here when two processes create the same state.
                if result_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
                continue
            if mode != "wal":
                raise unavailable("failed", self.path, f"journal mode {mode}")
            return

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what SQLite and the system raise into our errors."""
        try:
            yield
        except sqlite3.Error as error:
            raise of_sqlite(error, self.path) from error
        except OSError as error:
            raise of_system(error, self.path) from error


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


@contextlib.contextmanager
def _transaction(db: Database, begin: str) -> Iterator[None]:
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite ends the transaction by itself after some errors, a full disk among them.
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other that has or had its name; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
