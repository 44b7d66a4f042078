"""Everything the simulator remembers, in one SQLite database (a file, or memory).

The text of each object is kept exactly as it goes over the wire; the columns beside it are what is looked up by.
WAL with synchronous=NORMAL: a commit survives the end of the process, SIGKILL included (not a power cut).
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.quickbooks import wire

# To be raised whenever a table changes.
_VERSION = 2
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS companies (realm TEXT PRIMARY KEY, settings TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (realm TEXT, name TEXT, value INTEGER NOT NULL, PRIMARY KEY (realm, name));
CREATE TABLE IF NOT EXISTS objects (
    realm TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL,
    name TEXT, number TEXT COLLATE NOCASE, customer TEXT, txn_date TEXT,
    active INTEGER NOT NULL, deleted INTEGER NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, owed INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (realm, entity, place, id));
CREATE INDEX IF NOT EXISTS objects_by_name ON objects (realm, entity, name) WHERE name IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_number ON objects (realm, entity, number) WHERE number IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (realm, entity, customer, txn_date)
    WHERE customer IS NOT NULL;
CREATE TABLE IF NOT EXISTS request_ids (
    realm TEXT, request_id TEXT, at INTEGER NOT NULL, status INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (realm, request_id));
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY, realm TEXT, client TEXT, scope TEXT, at INTEGER NOT NULL, ended INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, grant_id INTEGER, redirect_uri TEXT, expires INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS access_tokens (token TEXT PRIMARY KEY, grant_id INTEGER, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token TEXT PRIMARY KEY, grant_id INTEGER, issued INTEGER NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (realm TEXT, id TEXT, name TEXT, kind TEXT, content BLOB, PRIMARY KEY (realm, id));
"""

_WRITE = """INSERT INTO objects VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (realm, entity, place, id) DO UPDATE SET name=excluded.name, number=excluded.number,
customer=excluded.customer, txn_date=excluded.txn_date, active=excluded.active, deleted=excluded.deleted,
updated=excluded.updated, owed=excluded.owed, body=excluded.body"""


_FAMILY = """WITH RECURSIVE family(id) AS (SELECT ?2 UNION SELECT below.id FROM objects below JOIN family
ON below.realm=?1 AND below.entity='Customer' AND below.customer=family.id AND below.deleted=0)"""

MOST_LOOKED_UP = 4096
# Seconds for another process to let go of the file.
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    """One object as stored: its wire text and what it is found by.

    Times are epoch milliseconds; `owed` is what the customer owes by it, in cents (credits are negative).
    """

    entity: str
    id: str
    body: str
    created: int
    updated: int
    name: str | None = None
    number: str | None = None
    customer: str | None = None
    txn_date: str | None = None
    active: bool = True
    deleted: bool = False
    owed: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison the database can make by itself: column, operator, values."""

    column: str
    operator: str
    values: tuple[str | int, ...]

    def sql(self) -> str:
        if self.operator == "in":
            return f"{self.column} IN ({','.join('?' * len(self.values))})"
        return f"{self.column} {self.operator} ?"


class Unusable(RuntimeError):
    """A file that cannot keep the state; the message says why, for whoever started the simulator."""


class OtherVersion(Unusable):
    """A file with tables that this version does not know."""


def _why(path: str, cause: sqlite3.Error) -> str:
    said = str(cause)
    if "unable to open" in said:
        folder = Path(path).parent
        missing = f"there is no folder {folder}" if not os.path.isdir(folder) else "no file can be made there"  # noqa: PTH112  never raises
        return f"cannot open {path}: {missing}"
    if "readonly" in said:
        return f"{path} cannot be written, it is read-only"
    if "locked" in said:
        return f"{path} is in use by another process"
    if "not a database" in said:
        return f"{path} is no database of the simulator"
    return f"{path}: {said}"


class Store:
    def __init__(self, path: str | Path = ":memory:") -> None:
        self.path = str(path)
        self._lock = threading.RLock()
        self._depth = 0
        self._looked_up: dict[tuple[str, str, str], wire.Json] = {}
        try:
            self.db = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=PATIENCE,
                uri=self.path.startswith("file:"),
            )  # fmt: skip
            self._prepare()
        except sqlite3.Error as cause:
            raise Unusable(_why(self.path, cause)) from cause

    def _prepare(self) -> None:
        """Raises OtherVersion."""
        # Fails, with its reason, where nothing can be written.
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("ROLLBACK")
        # What was looked up is remembered, so the file is for one process; a second one is refused.
        self.db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        made_by = int(self.db.execute("PRAGMA user_version").fetchone()[0])
        if made_by not in (0, _VERSION):
            self.db.close()
            raise OtherVersion(f"{self.path} was made by another version of the simulator; delete it to start anew")
        self.db.executescript(_TABLES)
        self.db.execute(f"PRAGMA user_version={_VERSION}")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one writer at a time. An inner transaction is a savepoint: one item of a batch can fail."""
        with self._lock:
            self._depth += 1
            point = f"level{self._depth}"
            self.db.execute("BEGIN IMMEDIATE" if self._depth == 1 else f"SAVEPOINT {point}")
            try:
                yield
            except BaseException:
                self._looked_up.clear()
                if self._depth == 1:
                    self.db.execute("ROLLBACK")
                else:
                    self.db.execute(f"ROLLBACK TO {point}")
                    self.db.execute(f"RELEASE {point}")
                raise
            else:
                self.db.execute("COMMIT" if self._depth == 1 else f"RELEASE {point}")
            finally:
                self._depth -= 1

    def count_up(self, realm: str, name: str, first: int = 1) -> int:
        """The next number of a sequence. The first call gives `first`."""
        row = self.db.execute(
            "INSERT INTO counters VALUES (?,?,?) ON CONFLICT (realm, name) DO UPDATE SET value = value + 1"
            " RETURNING value",
            (realm, name, first),
        ).fetchone()
        return int(row[0])

    def set_counter(self, realm: str, name: str, last: int) -> None:
        self.db.execute("INSERT OR REPLACE INTO counters VALUES (?,?,?)", (realm, name, last))

    def write(self, realm: str, row: Row) -> None:
        self._looked_up.pop((realm, row.entity, row.id), None)
        values = (realm, row.entity, row.id, _place(row.id), row.name, row.number, row.customer, row.txn_date)
        self.db.execute(_WRITE, (*values, row.active, row.deleted, row.created, row.updated, row.owed, row.body))

    def read(self, realm: str, entity: str, id_: str) -> str | None:
        """The wire text of a living object, inactive ones included."""
        row = self.db.execute(
            "SELECT body FROM objects WHERE realm=? AND entity=? AND place=? AND id=? AND deleted=0",
            (realm, entity, _place(id_), id_),
        ).fetchone()
        return None if row is None else str(row[0])

    def look_up(self, realm: str, entity: str, id_: str) -> wire.Json | None:
        """The object for reading only: the same one is given to everybody until it is written again."""
        key = (realm, entity, id_)
        if key not in self._looked_up:
            text = self.read(realm, entity, id_)
            if text is None:
                return None
            if len(self._looked_up) >= MOST_LOOKED_UP:
                self._looked_up.clear()
            self._looked_up[key] = wire.loads(text)
        return self._looked_up[key]

    def named(self, realm: str, entities: Sequence[str], name: str) -> tuple[str, str] | None:
        """(entity, id) of the object that has this name, compared without case."""
        marks = ",".join("?" * len(entities))
        row = self.db.execute(
            f"SELECT entity, id FROM objects WHERE realm=? AND entity IN ({marks}) AND name=? AND deleted=0",
            (realm, *entities, name.casefold()),
        ).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))

    def numbered(self, realm: str, entity: str, number: str) -> list[str]:
        rows = self.db.execute(
            "SELECT id FROM objects WHERE realm=? AND entity=? AND number=? AND number=? COLLATE BINARY AND deleted=0"
            " ORDER BY place",
            (realm, entity, number, number),
        )
        return [str(row[0]) for row in rows]

    def bodies(
        self,
        realm: str,
        entity: str,
        conditions: Sequence[Condition] = (),
        first: int = 0,
        most: int = -1,
    ) -> list[str]:
        """Wire texts of living objects in the order of their ids."""
        where, values = _where(realm, entity, conditions)
        rows = self.db.execute(
            f"SELECT body FROM objects WHERE {where} ORDER BY place, id LIMIT ? OFFSET ?", (*values, most, first)
        )
        return [str(row[0]) for row in rows]

    def count(self, realm: str, entity: str, conditions: Sequence[Condition] = ()) -> int:
        where, values = _where(realm, entity, conditions)
        return int(self.db.execute(f"SELECT count(*) FROM objects WHERE {where}", values).fetchone()[0])

    def changed_since(self, realm: str, entity: str, since: int, most: int) -> list[tuple[str, bool, str]]:
        """(id, deleted, wire text), the latest change first."""
        rows = self.db.execute(
            "SELECT id, deleted, body FROM objects WHERE realm=? AND entity=? AND updated>=?"
            " ORDER BY updated DESC, place DESC LIMIT ?",
            (realm, entity, since, most),
        )
        return [(str(row[0]), bool(row[1]), str(row[2])) for row in rows]

    def owed_to(self, realm: str, vendor: str) -> int:
        """Cents."""
        row = self.db.execute(
            "SELECT coalesce(sum(owed), 0) FROM objects WHERE realm=? AND entity IN ('Bill','VendorCredit')"
            " AND customer=? AND deleted=0",
            (realm, vendor),
        ).fetchone()
        return int(row[0])

    def owed_by(self, realm: str, customer: str, with_jobs: bool = False) -> int:
        """Cents, of a customer alone or with all the customers below it."""
        family = _FAMILY if with_jobs else "WITH family(id) AS (SELECT ?2)"
        row = self.db.execute(
            f"{family} SELECT coalesce(sum(owed), 0) FROM objects WHERE realm=?1"
            " AND entity IN ('Invoice','CreditMemo','Payment') AND customer IN (SELECT id FROM family) AND deleted=0",
            (realm, customer),
        ).fetchone()
        return int(row[0])

    def copy_into(self, other: "Store") -> None:
        """Everything, into an empty store."""
        self.db.backup(other.db)

    def remember(self, realm: str, request_id: str, at: int, status: int, kind: str, body: bytes) -> None:
        self.db.execute("INSERT OR REPLACE INTO request_ids VALUES (?,?,?,?,?,?)",
                        (realm, request_id, at, status, kind, body))  # fmt: skip

    def remembered(self, realm: str, request_id: str, not_before: int) -> tuple[int, str, bytes] | None:
        row = self.db.execute(
            "SELECT status, kind, body FROM request_ids WHERE realm=? AND request_id=? AND at>=?",
            (realm, request_id, not_before),
        ).fetchone()
        return None if row is None else (int(row[0]), str(row[1]), bytes(row[2]))

    def forget_request_ids(self, realm: str | None = None, request_id: str | None = None) -> int:
        done = self.db.execute(
            "DELETE FROM request_ids WHERE (? IS NULL OR realm=?) AND (? IS NULL OR request_id=?)",
            (realm, realm, request_id, request_id),
        )
        return done.rowcount

    def companies(self) -> list[tuple[str, wire.Json]]:
        rows = self.db.execute("SELECT realm, settings FROM companies ORDER BY realm")
        return [(str(row[0]), wire.loads(row[1])) for row in rows]

    def write_company(self, realm: str, settings: wire.Json) -> None:
        self.db.execute("INSERT OR REPLACE INTO companies VALUES (?,?)", (realm, wire.dumps(settings)))

    def wipe(self, realm: str | None = None) -> None:
        """Forget one company, or everything."""
        self._looked_up.clear()
        if realm is None:
            for table in ("companies", "counters", "objects", "request_ids", "files", "facts"):
                self.db.execute(f"DELETE FROM {table}")
            for table in ("grants", "codes", "access_tokens", "refresh_tokens"):
                self.db.execute(f"DELETE FROM {table}")
            return
        for table in ("companies", "counters", "objects", "request_ids", "files"):
            self.db.execute(f"DELETE FROM {table} WHERE realm=?", (realm,))
        self.db.execute("UPDATE grants SET ended=1 WHERE realm=?", (realm,))


def _place(id_: str) -> int:
    """Where an object stands among its kind: by number, those without one first."""
    return int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 18 else 0


def _where(realm: str, entity: str, conditions: Sequence[Condition]) -> tuple[str, tuple[str | int, ...]]:
    parts = ["realm=?", "entity=?", "deleted=0", *(one.sql() for one in conditions)]
    values = (realm, entity, *(value for one in conditions for value in one.values))
    return " AND ".join(parts), values
