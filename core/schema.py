"""Bringing a database up to the tables of this release."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from core import db


def upgrade(engine: Engine) -> None:
    """Run the migrations that this database has not had; nothing to do the second time.

    Processes that start together take turns.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    with _config() as config, db.answering(), engine.begin() as begun:
        db.unhurried(begun)
        db.hold(begun, "migrations")
        config.attributes["connection"] = begun
        command.upgrade(config, "head")


def revision(connection: Connection) -> str:
    """Return the last migration that a database has had."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def known() -> list[str]:
    """Return all migrations of this release, the newest first."""
    with _config() as config:
        return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


@contextmanager
def _config() -> Iterator[Config]:
    with as_file(files("core") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        yield config
