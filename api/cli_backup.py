"""`mailroom backup` and `mailroom restore`: everything into one file, and back."""

import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from api import console
from api.house import House
from core import backup, settings
from ingest import restoring
from ingest.restoring import Restored, Restorer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
TERMINATED = 143


def take(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file, such as m.tar.gz.")],
    *,
    as_json: Json = False,
) -> None:
    """Write everything to one file, at one moment, while the service goes on."""
    # Told to stop, it clears up what it has written so far.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    with closing(House(settings.load())) as house:
        model = house.settings.embedding.model
        taken = backup.take(house.sessions, house.store, file, model, _say)
    for sha256 in taken.missing:
        console.tell(f"missing: original {sha256} was erased meanwhile or is lost")
    for sha256 in taken.damaged:
        console.tell(f"damaged: original {sha256} is not what came in, and was left out")
    if as_json:
        console.print_json(taken)
    else:
        console.print_fields({"file": taken.file, "bytes": taken.bytes, **taken.manifest.rows})
    if taken.damaged:
        raise typer.Exit(console.FAILED)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    as_json: Json = False,
) -> None:
    """Put a backup into an empty installation; the service then makes the vectors anew."""
    console.tell("comparing checksums")
    manifest = restoring.examine(file)
    with closing(House(settings.load())) as house:
        restorer = Restorer(
            house.sessions, house.store, house.index, house.keywords, house.settings.data_dir
        )
        restored = restorer.restore(file, manifest, _say)
    if as_json:
        console.print_json(restored)
    else:
        console.print_fields(_told(restored))


def _say(what: str, done: int, total: int) -> None:
    """Tell of every hundredth thing and the last: telling of each would take longer than doing."""
    if done % 100 == 0 or done == total:
        console.counted(what, done, total)


def _told(restored: Restored) -> dict[str, object]:
    return {
        "taken": restored.manifest.taken_at,
        **restored.manifest.rows,
        "originals missing": ", ".join(restored.missing) or "none",
        "jobs put back": restored.requeued,
        "to embed": f"{restored.embedding} documents, by the service once it runs",
    }
