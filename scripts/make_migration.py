"""Write the next migration from the difference between the tables and the migrations so far."""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

from core import db, schema

MIGRATIONS = Path(__file__).parent.parent / "core" / "migrations"


def main(message: str) -> None:
    """Upgrade a throw-away database, compare, and write what is missing."""
    with tempfile.TemporaryDirectory() as folder:
        engine = db.create(f"sqlite:///{folder}/empty.sqlite3")
        schema.upgrade(engine)
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            count = len(list((MIGRATIONS / "versions").glob("*.py")))
            command.revision(config, message, autogenerate=True, rev_id=f"{count + 1:04d}")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change")
