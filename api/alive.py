"""Tells whether this machine's worker or beat is at work: `python -m api.alive worker`.

For the health check of a container, which runs often: it loads little but the database.
"""

import socket
import sys

from core import db, settings, workers
from core.errors import MailroomError
from core.tables import now


def main(kind: str) -> str | None:
    """Return nothing when one is at work, else what is wrong."""
    engine = db.create(settings.load().database_url)
    try:
        with db.reading(db.sessions(engine)) as session:
            present = workers.present(session, now())
    except MailroomError as error:
        return f"{error.code}: {error.detail}"
    finally:
        engine.dispose()
    here = f"{socket.gethostname()}:"
    if any(one.kind == kind and one.name.startswith(here) for one in present):
        return None
    return f"no {kind} on {here[:-1]} has signed lately"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
