"""Taking a backup of a running service: every row at one moment, and every original."""

import hashlib
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Connection, Engine, Table, TypeDecorator, func, select

from core import db, schema
from core.archive import MANIFEST, Writer, writing
from core.db import Sessions, answering, reading
from core.errors import BackupDamaged, DatabaseUnavailable, NotFound
from core.storage import BLOCK, BlobStore
from core.tables import Document, Row, VectorCollection, now

FORMAT = 1
TABLES: Mapping[str, Table] = {table.name: table for table in Row.metadata.sorted_tables}
"""Every table of `core.tables`, each after those that its rows point to."""

ROWS_AT_ONCE, HASHES_AT_ONCE = 50, 1000
PART_BYTES = 4 << 20
PAGES_AT_ONCE = 4096
RESTARTS = 3

Say = Callable[[str, int, int], None]


class Manifest(BaseModel):
    """What a backup says of itself, first of all."""

    model_config = ConfigDict(extra="ignore")

    format: int
    mailroom: str
    schema_revision: str
    taken_at: datetime
    database: str
    embedding: str
    """The model in use; vectors are made anew from the text, and not kept."""
    collections: list[str]
    """Models that vectors were made with."""
    rows: dict[str, int]
    originals: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a backup holds, and the originals that it could not hold."""

    file: Path
    bytes: int
    manifest: Manifest
    missing: list[str] = field(default_factory=list)
    """Erased since the moment of the backup: their documents are in it, their bytes are not."""
    damaged: list[str] = field(default_factory=list)
    """On disk, but no longer what came in; they are left out."""


def take(make: Sessions, store: BlobStore, target: Path, embedding: str, say: Say) -> Taken:
    """Write everything to a new file; the service goes on meanwhile.

    Raises:
        Conflict: the file exists.
        StorageUnavailable: it cannot be written.
        DatabaseUnavailable: the database does not answer.
    """
    with writing(target) as (writer, folder), tempfile.TemporaryFile(dir=folder) as hashes:
        with _moment(make, folder) as moment:
            manifest = _manifest(moment, make.kw["bind"], embedding)
            _add(writer, MANIFEST, manifest.model_dump_json(indent=2).encode())
            for number, table in enumerate(TABLES.values(), 1):
                _write_table(writer, moment, table)
                say("tables", number, len(TABLES))
            _note_hashes(moment, hashes)
        lost = _write_originals(writer, store, hashes, manifest.originals, say)
    return Taken(target, target.stat().st_size, manifest, *lost)


def row_to_line(row: Mapping[str, Any]) -> bytes:
    """Return a row as a line of JSON."""
    return json.dumps(dict(row), default=_plain).encode() + b"\n"


def line_to_row(table: Table, line: bytes) -> dict[str, Any]:
    """Return the row that a line holds.

    Raises:
        BackupDamaged: it is no row of that table.
    """
    try:
        values = json.loads(line)
        if set(values) != set(table.columns.keys()):
            raise BackupDamaged(f"a row of {table.name} has the columns {sorted(values)}")
        return {name: _value(table, name, value) for name, value in values.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise BackupDamaged(f"a row of {table.name} cannot be read: {error}") from error


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _value(table: Table, name: str, value: Any) -> Any:
    column = table.columns[name].type
    kind = (column.impl_instance if isinstance(column, TypeDecorator) else column).python_type
    if value is None or isinstance(column, JSON):
        return value
    if kind is UUID:
        return UUID(value)
    if kind is datetime:
        return datetime.fromisoformat(value).astimezone(UTC)
    # SQLite would take anything.
    if not isinstance(value, (float, int) if kind is float else kind):
        raise TypeError(f"{name} is {value!r:.100}")
    return value


@contextmanager
def _moment(make: Sessions, folder: Path) -> Iterator[Connection]:
    """Lend a connection that sees one moment for as long as it takes, and keeps nobody waiting.

    On SQLite a reader holds up every commit, so a copy is made quickly and read at leisure.
    """
    engine: Engine = make.kw["bind"]
    if engine.dialect.name != "sqlite":
        with reading(make) as session:
            moment = session.connection()
            db.unhurried(moment)
            yield moment
        return
    copy = folder / "moment.sqlite3"
    _copy_sqlite(engine, copy)
    copied = db.create(f"sqlite:///{copy}")
    try:
        with reading(db.sessions(copied)) as session:
            yield session.connection()
    finally:
        copied.dispose()
        copy.unlink()


def _copy_sqlite(engine: Engine, copy: Path) -> None:
    try:
        with answering(), engine.connect() as connection, sqlite3.connect(copy) as target:
            source = connection.connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise TypeError(f"no connection of SQLite: {source!r}")
            _copy_pages(source, target)
        target.close()
    except sqlite3.Error as error:
        raise DatabaseUnavailable(f"database: {error}") from error


def _copy_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy a database by SQLite's online backup, in pieces between which others may commit.

    A commit makes it begin again. Where that goes on it copies in one go: commits wait for it.
    """
    furthest, restarts = 0, 0

    def watch(_status: int, remaining: int, total: int) -> None:
        nonlocal furthest, restarts
        done = total - remaining
        restarts += done < furthest
        furthest = done
        if restarts > RESTARTS:
            raise _TooBusy

    try:
        source.backup(target, pages=PAGES_AT_ONCE, progress=watch, sleep=0.01)
    except _TooBusy:
        source.backup(target, sleep=0.01)


class _TooBusy(Exception):
    """Others commit faster than pages are copied."""


def _manifest(moment: Connection, engine: Engine, embedding: str) -> Manifest:
    counts = {
        name: moment.scalar(select(func.count()).select_from(table)) or 0
        for name, table in TABLES.items()
    }
    originals = moment.scalar(select(func.count(Document.sha256.distinct()))) or 0
    used = moment.scalars(select(VectorCollection.embedder).distinct()).all()
    return Manifest(
        format=FORMAT,
        mailroom=version("mailroom"),
        schema_revision=schema.revision(moment),
        taken_at=now(),
        database=engine.dialect.name,
        embedding=embedding,
        collections=sorted(used),
        rows=counts,
        originals=originals,
    )


def _write_table(writer: Writer, moment: Connection, table: Table) -> None:
    """Write the rows in parts, so that none needs to be held longer than until it is full."""
    rows = select(table).order_by(*table.primary_key.columns)
    streamed = moment.execute(rows, execution_options={"yield_per": ROWS_AT_ONCE})
    part, lines = 0, bytearray()
    for row in streamed.mappings():
        lines += row_to_line({str(name): value for name, value in row.items()})
        if len(lines) >= PART_BYTES:
            part, lines = part + 1, _add_part(writer, table, part, lines)
    if lines:
        _add_part(writer, table, part, lines)


def _add_part(writer: Writer, table: Table, part: int, lines: bytearray) -> bytearray:
    _add(writer, f"tables/{table.name}/{part:06}.jsonl", lines)
    return bytearray()


def _add(writer: Writer, name: str, data: bytes | bytearray) -> None:
    writer.add(name, io.BytesIO(data), len(data))


def _note_hashes(moment: Connection, hashes: IO[bytes]) -> None:
    every = select(Document.sha256).distinct().order_by(Document.sha256)
    for sha256 in moment.scalars(every, execution_options={"yield_per": HASHES_AT_ONCE}):
        hashes.write(f"{sha256}\n".encode())
    hashes.seek(0)


def _write_originals(
    writer: Writer, store: BlobStore, hashes: IO[bytes], total: int, say: Say
) -> tuple[list[str], list[str]]:
    """Write every original; return those that are gone and those that are damaged."""
    missing: list[str] = []
    damaged: list[str] = []
    for number, line in enumerate(hashes, 1):
        sha256 = line.decode().strip()
        try:
            with store.file(sha256) as path, path.open("rb") as data:
                if not _write_original(writer, sha256, data):
                    damaged.append(sha256)
        except (NotFound, FileNotFoundError):
            missing.append(sha256)
        say("originals", number, total)
    return missing, damaged


def _write_original(writer: Writer, sha256: str, data: BinaryIO) -> bool:
    """Write an original, unless it is no longer what came in: then the disk has damaged it."""
    if _sha256(data) != sha256:
        return False
    size = data.tell()
    data.seek(0)
    writer.add(f"originals/{sha256}", data, size)
    return True


def _sha256(data: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := data.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
