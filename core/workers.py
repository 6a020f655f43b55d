"""Who is at work: every worker and every beat signs now and then, and silence says it has gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.tables import WorkerRow, now

SIGN_SECONDS = 10.0
GONE_AFTER = timedelta(seconds=3 * SIGN_SECONDS)
FORGOTTEN_AFTER = timedelta(days=1)

Kind = Literal["worker", "beat"]


def sign(session: Session, name: str, kind: Kind, queues: Sequence[str] = ()) -> None:
    """Say that this process works; the first time it is entered."""
    at = now()
    session.execute(delete(WorkerRow).where(WorkerRow.seen_at < at - FORGOTTEN_AFTER))
    session.merge(WorkerRow(name=name, kind=kind, queues=list(queues), seen_at=at))


def leave(session: Session, name: str) -> None:
    """Say that this process stops."""
    session.execute(delete(WorkerRow).where(WorkerRow.name == name))


def present(session: Session, at: datetime) -> Sequence[WorkerRow]:
    """Return all that signed a moment ago, the latest first."""
    signed = select(WorkerRow).where(WorkerRow.seen_at > at - GONE_AFTER)
    return session.scalars(signed.order_by(WorkerRow.seen_at.desc())).all()


def described(session: Session, kind: Kind, queues: Sequence[str], at: datetime) -> str:
    """Return in words how many are at work, and which of the queues none of them serves."""
    here = [one for one in present(session, at) if one.kind == kind]
    if not here:
        return "none alive; documents wait until one is started"
    seconds = max((at - here[0].seen_at).total_seconds(), 0)
    served = {queue for one in here for queue in one.queues}
    idle = [queue for queue in queues if queue not in served]
    alone = f"; nobody serves {', '.join(idle)}" if idle else ""
    return f"{len(here)} alive, last sign {seconds:.0f} s ago{alone}"
