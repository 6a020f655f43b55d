"""Who is calling: API keys, kept as hashes, each opening one workspace."""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import hold
from core.documents import Scope
from core.errors import Unauthenticated
from core.tables import ApiKey, Workspace

KEY_PREFIX = "mr_"
DEFAULT_WORKSPACE = "default"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who has shown a valid key: its name and what it may see."""

    name: str
    scope: Scope


def create_key(session: Session, workspace: Workspace, name: str) -> str:
    """Make a key for a workspace; the text is returned once and never stored."""
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    session.add(ApiKey(workspace_id=workspace.id, name=name, sha256=_hash(token)))
    return token


def default_workspace(session: Session) -> Workspace:
    """Return the workspace that a new installation starts with, making it if need be."""
    # Several processes may start on one new database.
    hold(session, "default workspace")
    found = session.scalar(select(Workspace).where(Workspace.name == DEFAULT_WORKSPACE))
    if found is not None:
        return found
    workspace = Workspace(name=DEFAULT_WORKSPACE)
    session.add(workspace)
    session.flush()
    return workspace


def first_key(session: Session) -> str | None:
    """Make the first key of an installation; None where there is one already."""
    workspace = default_workspace(session)
    if session.scalar(select(ApiKey.id).limit(1)) is not None:
        return None
    return create_key(session, workspace, "first key")


def authenticate(session: Session, token: str | None) -> Identity:
    """Return whose key this is.

    Raises:
        Unauthenticated: there is no key, or nobody's.
    """
    if not token:
        raise Unauthenticated("no API key was sent")
    key = session.scalar(select(ApiKey).where(ApiKey.sha256 == _hash(token)))
    if key is None:
        raise Unauthenticated("this API key is not known")
    return Identity(name=key.name, scope=Scope(key.workspace_id))


def _hash(token: str) -> str:
    # The token is 256 random bits: a fast hash is safe, and stretching would only slow us.
    return hashlib.sha256(token.encode()).hexdigest()
