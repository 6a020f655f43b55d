"""Looks at everything the service needs, without starting it."""

import sqlite3
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from api.house import House
from core import db
from core.errors import IndexLocked, IndexUnavailable, MailroomError
from core.settings import Settings
from retrieval.index import CHROMA
from retrieval.probe import quarantined

ROOMS = ("core", "prompts", "classify", "retrieval", "ingest", "api")
OK = "ok"


def examine(settings: Settings) -> dict[str, str]:
    """Return each thing that was looked at, "ok …" or what is wrong and what to do."""
    house = House(settings)
    checks: dict[str, Callable[[], str]] = {
        "rooms": rooms,
        "data folder": lambda: _folder(settings.data_dir),
        "database": lambda: _database(house),
        "sqlite": lambda: f"{sqlite3.sqlite_version}, {db.journal_mode()} journal",
        "embedding model": lambda: _model(house),
        "classifier": lambda: ", ".join(engine.name for engine in house.classifier.engines),
        "vectors": lambda: _index(house),
    }
    if not settings.jobs.embedded:
        checks |= {
            "worker": lambda: house.at_work("worker"),
            "beat": lambda: house.at_work("beat"),
        }
    try:
        return {name: _finding(check) for name, check in checks.items()}
    finally:
        house.close()


def healthy(findings: Mapping[str, str]) -> bool:
    """Tell whether nothing is wrong."""
    return all(finding.startswith(OK) for finding in findings.values())


def rooms() -> str:
    """Return the folder under which all rooms lie.

    Raises:
        LookupError: another package has taken the name of one of ours.
    """
    roots = {}
    for room in ROOMS:
        found = find_spec(room)
        if found is None or found.origin is None:
            raise LookupError(f"{room} is missing: install Mailroom again")
        roots[room] = Path(found.origin).parent.parent
    if len(set(roots.values())) != 1:
        raise LookupError(f"another package has the name of a room: {roots}")
    return str(roots["core"])


def _finding(check: Callable[[], str]) -> str:
    try:
        return f"{OK}: {check()}"
    except MailroomError as error:
        return f"{error.code}: {error.detail} {error.hint}"
    except (LookupError, OSError) as error:
        return f"wrong: {error}"


def _folder(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    probe.write_bytes(b"")
    probe.unlink()
    return str(folder)


def _database(house: House) -> str:
    return house.engine.dialect.name


def _model(house: House) -> str:
    # For an endpoint this asks it for a vector, so that a wrong key or address shows here.
    return f"{house.embedder.name}, {house.embedder.dimension} dimensions"


def _index(house: House) -> str:
    try:
        finding = house.vectors.diagnosis()
    except IndexLocked:
        return "held by the running service"
    if finding.broken is not None:
        raise IndexUnavailable(f"{finding.broken}: the next start moves it aside and rebuilds it.")
    house.vectors.ping()
    kind = "server" if house.settings.index.host else "embedded"
    aside = [
        f"{path.name} was moved aside" for path in quarantined(house.settings.data_dir / CHROMA)
    ]
    return ", ".join((kind, *finding.warnings, *aside))
