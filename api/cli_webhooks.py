"""The command line's words for receivers of events."""

from collections.abc import Mapping
from contextlib import closing
from typing import Annotated
from uuid import UUID

import typer

from api import console, endpoints
from api.house import House
from core import settings
from core.db import reading, transaction

app = typer.Typer(help="Receivers of events.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_endpoints(as_json: Json = False) -> None:
    """List the receivers."""
    with closing(House(settings.load())) as house, reading(house.sessions) as session:
        found = endpoints.listed(session, house.scope)
    rows = [(str(row.id), row.url, list(row.types), row.active) for row in found]
    if as_json:
        names = ("id", "url", "types", "active")
        console.print_json({"items": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    table = [(one, url, ", ".join(types) or "all", on) for one, url, types, on in rows]
    console.print_table(("endpoint", "url", "events", "active"), table)


@app.command("add")
def add_endpoint(
    url: str,
    types: Annotated[list[str] | None, typer.Option("--type", help="Only such events.")] = None,
    as_json: Json = False,
) -> None:
    """Have events sent to a URL; prints the secret, which is shown only now."""
    with closing(House(settings.load())) as house, transaction(house.sessions) as session:
        rules = house.settings.webhooks
        made = endpoints.create(session, house.scope, rules, url, types or [])
        shown = {"id": str(made.id), "url": made.url, "secret": made.secret}
    _show(shown, as_json=as_json)


@app.command("remove")
def remove_endpoint(endpoint_id: UUID, as_json: Json = False) -> None:
    """Remove a receiver with its log."""
    with closing(House(settings.load())) as house, transaction(house.sessions) as session:
        endpoints.remove(session, house.scope, endpoint_id)
    _show({"removed": str(endpoint_id)}, as_json=as_json)


@app.command("replay")
def replay(endpoint_id: UUID, as_json: Json = False) -> None:
    """Try a receiver's dead deliveries anew."""
    with closing(House(settings.load())) as house, transaction(house.sessions) as session:
        number = endpoints.replay_dead(session, house.scope, endpoint_id)
    _show({"replayed": number}, as_json=as_json)


def _show(fields: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        console.print_json(fields)
    else:
        console.print_fields(fields)
