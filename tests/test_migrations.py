"""The migrations make exactly the tables, and can be undone."""

from importlib.resources import as_file, files

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from core import db, schema
from core.tables import Row
from tests import postgres


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'a.sqlite3'}"


@pytest.fixture
def postgresql():
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def engine(request):
    made = db.create(request.getfixturevalue(request.param))
    yield made
    made.dispose()


def _ours(_object, name, kind, *_rest):
    return not (kind == "table" and name.startswith("keyword_"))


def tables(engine):
    return set(inspect(engine).get_table_names())


def test_migrations_equal_the_tables_and_can_be_repeated_and_undone(engine):
    schema.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours})
        assert compare_metadata(context, Row.metadata) == []
    before = tables(engine)
    assert any(name.startswith("keyword_") for name in before)
    schema.upgrade(engine)
    assert tables(engine) == before
    downgrade(engine)
    assert tables(engine) == {"alembic_version"}


def downgrade(engine):
    with as_file(files("core") / "migrations") as folder, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
