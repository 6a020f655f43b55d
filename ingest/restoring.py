"""Putting a backup back into an empty installation, and making its projections anew."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Table, case, exists, func, insert, select, text, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from core import db, jobs, leases, schema, steps
from core.archive import MANIFEST, Member, members
from core.backup import FORMAT, TABLES, Manifest, Say, line_to_row
from core.db import Sessions, reading, transaction
from core.documents import Chunk, Scope, Span
from core.errors import BackupDamaged, BackupIncompatible, NotEmpty, NotFound
from core.storage import BlobStore, stage
from core.tables import ChunkRow, Document, Job, Step, VectorCollection, WorkerRow, Workspace, now
from ingest.intake import EMBED
from retrieval.index import VectorIndex
from retrieval.keywords import KeywordIndex

ROWS_AT_ONCE = 200
DOCUMENTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and what the service has to catch up with."""

    manifest: Manifest
    requeued: int
    """Jobs that were waiting or running; they are done now."""
    embedding: int
    """Documents whose vectors are made anew by the service; until then words find them."""
    missing: list[str]
    """Originals that the backup does not hold."""


@dataclass(frozen=True, slots=True)
class Restorer:
    """Puts a backup back.

    Args:
        sessions: of the empty database, brought up to this release's tables.
        store: where originals are kept.
        index: the vector index; only its rows are written, its vectors are the service's work.
        keywords: the keyword index of that database.
        data_dir: whose `incoming` holds an original while it is being checked.
    """

    sessions: Sessions
    store: BlobStore
    index: VectorIndex
    keywords: KeywordIndex
    data_dir: Path

    def restore(self, archive: Path, manifest: Manifest, say: Say) -> Restored:
        """Put an examined backup back: all of it in one transaction, or nothing.

        Raises:
            NotEmpty: something is kept here already.
            BackupDamaged: the database refuses a row, or the file has changed since.
            StorageUnavailable: an original cannot be kept.
        """
        with reading(self.sessions) as session:
            refuse_unless_empty(session)
        try:
            with transaction(self.sessions) as session:
                _take_time(session)
                refuse_unless_empty(session)
                self._load(session, archive, manifest, say)
                requeued = requeue(session)
                embedding = self._rebuild(session, manifest, say)
                go_on_counting(session)
        except (IntegrityError, DataError) as error:
            raise BackupDamaged(f"the database refuses a row: {error.orig}") from error
        return Restored(manifest, requeued, embedding, self._missing())

    def _load(self, session: Session, archive: Path, manifest: Manifest, say: Say) -> None:
        rows = dict.fromkeys(TABLES, 0)
        originals = 0
        for member in members(archive):
            match member.name.split("/"):
                case ["tables", name, _]:
                    rows[_table(name).name] += self._load_rows(session, _table(name), member)
                case ["originals", sha256]:
                    self._keep(sha256, member)
                    originals += 1
                    say("originals", originals, manifest.originals)
        if rows != manifest.rows:
            raise BackupDamaged(f"it holds other rows than it says: {rows}, not {manifest.rows}")

    def _load_rows(self, session: Session, table: Table, member: Member) -> int:
        count = 0
        lines = iter(member.data)
        while batch := [line_to_row(table, line) for line in islice(lines, ROWS_AT_ONCE)]:
            count += len(batch)
            if kept := [row for row in batch if not _stays_behind(table, row)]:
                session.execute(insert(table), kept)
            if table is Workspace.__table__:
                # Before their first chunk, as in life: then a collection serves from the start.
                for row in batch:
                    self.index.prepare(session, Scope(row["id"]))
        return count

    def _keep(self, sha256: str, member: Member) -> None:
        with stage(member.data, self.data_dir / "incoming", member.size) as staged:
            if staged.sha256 != sha256:
                raise BackupDamaged(f"originals/{sha256} holds other bytes")
            self.store.keep(staged)

    def _rebuild(self, session: Session, manifest: Manifest, say: Say) -> int:
        """Index every document's words, and write the jobs that make its vectors."""
        for done, (document_id, workspace_id) in enumerate(_documents(session), 1):
            scope = Scope(workspace_id)
            if chunks := _chunks(session, document_id):
                self.keywords.upsert(session, scope, document_id, chunks)
                _embed_again(session, scope, document_id)
            say("words", done, manifest.rows["documents"])
        unfinished = Job.kind == EMBED, Job.state == "queued"
        return session.scalar(select(func.count()).select_from(Job).where(*unfinished)) or 0

    def _missing(self) -> list[str]:
        with reading(self.sessions) as session:
            every = session.scalars(select(Document.sha256).distinct().order_by(Document.sha256))
            return [sha256 for sha256 in every if not self._has(sha256)]

    def _has(self, sha256: str) -> bool:
        try:
            with self.store.file(sha256):
                return True
        except NotFound:
            return False


def examine(archive: Path) -> Manifest:
    """Read a backup to its end, compare every checksum, and return what it says of itself.

    Raises:
        BackupDamaged: it is no backup, or a damaged one.
        BackupIncompatible: it was made by a release that this one does not understand.
    """
    manifest = None
    for member in members(archive):
        if manifest is None:
            if member.name != MANIFEST:
                raise BackupDamaged(f"it begins with {member.name}, not with its manifest")
            manifest = _manifest(member.data.read())
    if manifest is None:
        raise BackupDamaged("it holds nothing")
    return manifest


def refuse_unless_empty(session: Session) -> None:
    """Refuse to mix a backup with what is here.

    Raises:
        NotEmpty: there is a row in any table.
    """
    full = [name for name, table in TABLES.items() if session.scalar(select(exists(select(table))))]
    if full:
        raise NotEmpty(f"there are {', '.join(full)} here already")


def requeue(session: Session) -> int:
    """Let every unfinished job be told of and taken at once; whoever held it is not here."""
    unfinished = update(Job).where(Job.state.in_(("queued", "running")))
    found = session.execute(
        unfinished.values(
            state="queued",
            # The interrupted attempt does not count.
            attempts=case((Job.state == "running", Job.attempts - 1), else_=Job.attempts),
            queued_at=case((Job.state == "running", now()), else_=Job.queued_at),
            sent_at=None,
            lease_owner=None,
            lease_until=None,
        ).returning(Job.id)
    )
    return len(found.all())


def go_on_counting(session: Session) -> None:
    """Have PostgreSQL number new rows after the highest restored one; SQLite does so by itself."""
    if session.connection().dialect.name != "postgresql":
        return
    for table in TABLES.values():
        column = table.autoincrement_column
        highest = session.scalar(select(func.max(column))) if column is not None else None
        if column is not None and highest is not None:
            names = {"table": table.name, "column": column.name, "highest": highest}
            session.execute(SET_SEQUENCE, names)


SET_SEQUENCE = text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)")


def _manifest(data: bytes) -> Manifest:
    try:
        said: Mapping[str, Any] = json.loads(data)
        wanted = said["format"]
        if wanted != FORMAT:
            release = said.get("mailroom", "unknown")
            raise BackupIncompatible(
                f"the backup has format {wanted}, this release knows {FORMAT}; Mailroom {release}"
            )
        manifest = Manifest.model_validate(said)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise BackupDamaged(f"its manifest cannot be read: {error}") from error
    _refuse_other_tables(manifest)
    return manifest


def _refuse_other_tables(manifest: Manifest) -> None:
    known = schema.known()
    theirs = manifest.schema_revision
    if theirs != known[0]:
        age = "an earlier" if theirs in known else "a later"
        raise BackupIncompatible(
            f"the backup has the tables of {age} release, Mailroom {manifest.mailroom} "
            f"(schema {theirs}, here {known[0]})"
        )
    if set(manifest.rows) != set(TABLES):
        raise BackupIncompatible(f"the backup has other tables: {sorted(manifest.rows)}")


def _table(name: str) -> Table:
    if name not in TABLES:
        raise BackupDamaged(f"there is no table {name}")
    return TABLES[name]


def _stays_behind(table: Table, row: Mapping[str, Any]) -> bool:
    """Tell whether a row speaks of vectors, which no backup holds, or of processes of then."""
    if table is Step.__table__:
        return bool(row["name"] == steps.EMBED)
    return table in (VectorCollection.__table__, WorkerRow.__table__)


def _take_time(session: Session) -> None:
    db.unhurried(session.connection())
    if session.connection().dialect.name == "postgresql":
        # Large originals are written while no statement runs.
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _documents(session: Session) -> Iterator[tuple[UUID, UUID]]:
    """Return every document and its workspace, in batches: others are written meanwhile."""
    batch = select(Document.id, Document.workspace_id).order_by(Document.id)
    last: Sequence[Any] = ()
    while True:
        after = batch.where(Document.id > last[-1].id) if last else batch
        last = session.execute(after.limit(DOCUMENTS_AT_ONCE)).all()
        if not last:
            return
        for row in last:
            yield row.id, row.workspace_id


def _chunks(session: Session, document_id: UUID) -> list[Chunk]:
    columns = ChunkRow.ordinal, ChunkRow.page, ChunkRow.start, ChunkRow.end, ChunkRow.text
    mine = select(*columns).where(ChunkRow.document_id == document_id).order_by(ChunkRow.ordinal)
    return [Chunk(row[0], Span(*row[1:4]), row[4]) for row in session.execute(mine)]


def _embed_again(session: Session, scope: Scope, document_id: UUID) -> None:
    """Write the job that embeds a document, unless one is waiting."""
    waiting = Job.document_id == document_id, Job.kind == EMBED, Job.state == "queued"
    if not session.scalar(select(exists().where(*waiting))):
        # Nobody is told: the sweeper of the service finds it.
        leases.create(session, scope, EMBED, jobs.EMBED, document_id).sent_at = None
