"""How the command line speaks: results on standard output, progress and problems on the other."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from core.errors import MailroomError

out = Console()
err = Console(stderr=True)

FAILED = 1
ID_WIDTH = 36


def print_json(value: Any) -> None:
    """Print one JSON object and nothing else on standard output."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(to_jsonable_python(plain), ensure_ascii=False, indent=2) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows for a person."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    table = Table(header_style="bold", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        # An id that is cut off cannot be used again: the first column keeps room for one.
        width = max((len(row[0]) for row in cells), default=0) if place == 0 else 0
        table.add_column(column, min_width=min(width, ID_WIDTH), overflow="fold")
    for row in cells:
        table.add_row(*row)
    out.print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values, one a line."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        out.print(f"[bold]{name:<{width}}[/]  ", end="")
        out.print("—" if value is None else str(value), markup=False)


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Progress]:
    """Show a progress bar on standard error; its only task has id 0."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        progress.add_task(what, total=total)
        yield progress


def complain(error: MailroomError) -> None:
    """Say what went wrong and what to do next."""
    err.print(f"[bold red]{error.code}[/]: ", end="")
    err.print(error.detail, markup=False)
    err.print(error.hint, markup=False, style="dim")


def tell(message: str) -> None:
    """Say how far long work has come, on standard error."""
    err.print(message, markup=False, highlight=False, style="dim")


def counted(what: str, done: int, total: int) -> None:
    """Say how far long work has come, in one line that is written over."""
    end = "\n" if done >= total else "\r"
    err.print(f"{what}: {done} of {total}", markup=False, highlight=False, style="dim", end=end)
