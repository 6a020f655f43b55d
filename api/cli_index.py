"""The command line's way to the indexes: compare them with SQL, and build them anew from it."""

import time
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress, TaskID
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import console
from api.house import House
from core import leases, settings
from core.db import reading, transaction
from core.documents import Scope
from core.errors import IndexLocked, Unavailable
from core.tables import Document, Job, Workspace
from ingest.upkeep import ACTIVE
from retrieval.upkeep import keyword_differences

app = typer.Typer(help="The search indexes, which are built from SQL.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

UNCHECKED = 3
"""The exit code where one index could not be looked at, and nothing else is wrong."""
POLL_SECONDS = 0.5
LISTED = 20
"""Documents that are named; a rebuild puts all of them right."""
ONLY_TASK = TaskID(0)
WORDS = {
    True: "equal to the documents",
    False: "differ: run `mailroom index rebuild`",
    None: "not compared",
}


@app.command()
def verify(as_json: Json = False) -> None:
    """Compare both indexes with the documents; exit code 1 if they differ, 3 if one is closed."""
    with closing(House(settings.load())) as house:
        closed = _closed(house)
        report = [_compared(house, scope, closed) for scope in house.upkeep.scopes()]
        if as_json:
            console.print_json({"ok": _code(report) == 0, "workspaces": report})
        else:
            for workspace in report:
                _show(workspace)
    if code := _code(report):
        raise typer.Exit(code)


@app.command()
def rebuild(
    *,
    vectors: Annotated[bool, typer.Option("--vectors", help="Only search by meaning.")] = False,
    keywords: Annotated[bool, typer.Option("--keywords", help="Only search by words.")] = False,
    as_json: Json = False,
) -> None:
    """Build the indexes anew from the documents; search answers meanwhile.

    Run it again if it was stopped: it goes on where it was.
    """
    both = vectors == keywords
    with closing(House(settings.load())) as house:
        alone = _alone(house)
        wanted = _ask(house, vectors=vectors or both, keywords=keywords or both)
        with console.bar("building", len(wanted)) as progress:
            ended = [_see_through(house, job, progress, alone=alone) for job in wanted]
    report = [_outcome(job) for job in ended]
    if as_json:
        console.print_json({"jobs": report})
    else:
        columns = ("kind", "workspace", "state", "done", "error")
        console.print_table(columns, [[row[name] for name in columns] for row in report])
    if any(job.state != "succeeded" for job in ended):
        raise typer.Exit(console.FAILED)


def _alone(house: House) -> bool:
    """Tell whether no service runs here, so that this process has to do the work."""
    if not house.settings.jobs.embedded:
        return False
    if house.settings.index.host:
        return True
    try:
        # What is broken is moved aside first: opened here, it might end this process.
        house.vectors.examine()
    except IndexLocked:
        return False
    return True


def _ask(house: House, *, vectors: bool, keywords: bool) -> list[Job]:
    """Write the jobs; a service that runs on this installation does them."""
    with transaction(house.sessions) as session:
        ask = [house.upkeep.rebuild_keywords] * keywords + [house.upkeep.rebuild_vectors] * vectors
        return [one(session, scope) for scope in house.upkeep.scopes() for one in ask]


def _see_through(house: House, job: Job, progress: Progress, *, alone: bool) -> Job:
    """Wait until a job has ended; where no service runs, do it here."""
    while job.state in ACTIVE:
        progress.update(ONLY_TASK, description=f"{job.kind}: {job.done} of {job.total or '?'}")
        if alone:
            with transaction(house.sessions) as session:
                leases.free_at_once(session, job.id)
            house.work(job.id)
        with reading(house.sessions) as session:
            job = leases.get(session, Scope(job.workspace_id), job.id)
        if not alone or job.error_code:
            time.sleep(POLL_SECONDS)
    progress.advance(ONLY_TASK)
    return job


def _outcome(job: Job) -> dict[str, Any]:
    return {
        "job": job.id,
        "kind": job.kind,
        "workspace": job.workspace_id,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "error": job.error_detail,
    }


def _closed(house: House) -> dict[str, Any] | None:
    """Return why the vectors cannot be looked at; what is broken might end this process."""
    try:
        finding = house.vectors.diagnosis()
    except IndexLocked:
        return {"ok": None, "state": "held by the running service, which compares it by itself"}
    if finding.broken is None:
        return None
    return {"ok": False, "state": f"broken: {finding.broken}"}


def _compared(house: House, scope: Scope, closed: dict[str, Any] | None) -> dict[str, Any]:
    with reading(house.sessions) as session:
        workspace = session.get_one(Workspace, scope.workspace_id).name
        words = keyword_differences(session, house.keywords, scope)
        names = _names(session, [*words.missing, *words.surplus])
    return {
        "workspace": workspace,
        "chunks": words.chunks,
        "keywords": {
            "ok": not words.missing and not words.surplus,
            "entries": words.entries,
            "missing": words.missing.total(),
            "surplus": words.surplus.total(),
            "documents": names,
        },
        "vectors": closed or _compared_vectors(house, scope),
    }


def _compared_vectors(house: House, scope: Scope) -> dict[str, Any]:
    """Compare the vectors; `ok` is null where they cannot be looked at."""
    try:
        standing = house.upkeep.index.standing(scope)
        found = house.upkeep.index.differences(scope)
    except Unavailable as error:
        return {"ok": None, "state": f"{error.code}: {error.detail}"}
    with reading(house.sessions) as session:
        strays = {key.document_id for key in found.surplus}
        names = _names(session, [*found.missing, *strays])
    served = standing.state == "serving" or standing.chunks == 0
    return {
        "ok": served and not found.missing and not found.surplus,
        "state": standing.state,
        "expected": standing.expected,
        "vectors": standing.vectors,
        "missing": found.missing.total(),
        "surplus": len(found.surplus),
        "documents": names,
    }


def _names(session: Session, documents: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return the documents concerned; those that SQL does not know have no name."""
    few = documents[:LISTED]
    query = select(Document.id, Document.filename).where(Document.id.in_(few))
    known = {row.id: row.filename for row in session.execute(query)}
    return [{"document_id": one, "filename": known.get(one)} for one in few]


def _code(report: Sequence[dict[str, Any]]) -> int:
    found = [one[index]["ok"] for one in report for index in ("keywords", "vectors")]
    if False in found:
        return console.FAILED
    return UNCHECKED if None in found else 0


def _show(workspace: dict[str, Any]) -> None:
    console.out.print(f"[bold]{workspace['workspace']}[/], {workspace['chunks']} chunks")
    for index in ("keywords", "vectors"):
        found = workspace[index]
        console.print_fields({index: WORDS[found["ok"]], **_numbers(found)})


def _numbers(found: dict[str, Any]) -> dict[str, object]:
    documents = [one["filename"] or str(one["document_id"]) for one in found.get("documents", ())]
    numbers = {name: value for name, value in found.items() if name not in ("ok", "documents")}
    return numbers | ({"documents": ", ".join(documents)} if documents else {})
