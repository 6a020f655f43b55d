"""Tables as text (CSV): each row becomes a line that names its columns, so search can hit it."""

import csv
from collections import Counter
from itertools import islice
from pathlib import Path

from ingest.parsers.characters import check_size, clean
from ingest.parsers.contract import Bounds, Whole
from ingest.parsers.plain import read_text

_DELIMITERS = (",", ";", "\t", "|")
_LOOK_AT = 50


def open_table(path: Path, bounds: Bounds) -> Whole:
    """Read a CSV file with any of the usual delimiters and encodings; raises as text does.

    With a header row, a line reads `Name: Ada | Amount: 20.00`; without one, `Ada | 20.00`.
    """
    text = read_text(path, bounds)
    csv.field_size_limit(bounds.max_characters)
    try:
        rows = _rows(text)
    except csv.Error:
        return Whole(text)  # better the raw lines than nothing
    return Whole(_lines(rows, bounds))


def _rows(text: str) -> list[list[str]]:
    """Parse with the delimiter that cuts the first rows into the most even columns."""
    lines = text.split("\n")
    delimiter = max(_DELIMITERS, key=lambda sign: _evenness(lines, sign))
    parsed = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    cells = ([" ".join(cell.split()) for cell in row] for row in parsed)
    return [row for row in cells if any(row)]


def _evenness(lines: list[str], delimiter: str) -> tuple[int, int]:
    """Return how many of the first rows share the commonest width above one, and that width."""
    parsed = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    widths = Counter(len(row) for row in islice(parsed, _LOOK_AT) if len(row) > 1)
    if not widths:
        return (0, 0)
    width, count = widths.most_common(1)[0]
    return (count, width)


def _lines(rows: list[list[str]], bounds: Bounds) -> str:
    names, body = (rows[0], rows[1:]) if _is_header(rows) else ([], rows)
    lines, size = [" | ".join(names)] if names else [], 0
    for row in body:
        line = " | ".join(_cell(names, i, cell) for i, cell in enumerate(row) if cell)
        size += len(line) + 1
        check_size(size, bounds.max_characters)
        lines.append(line)
    return clean("\n".join(lines))


def _cell(names: list[str], column: int, cell: str) -> str:
    return f"{names[column]}: {cell}" if column < len(names) else cell


def _is_header(rows: list[list[str]]) -> bool:
    """A header names every column once, in words; a row of data mostly holds some number."""
    first = rows[0]
    if len(rows) == 1 or len(first) == 1:
        return False
    return len(set(first)) == len(first) and not any(_is_value(cell) for cell in first)


def _is_value(cell: str) -> bool:
    digits = sum(character.isdigit() for character in cell)
    return not cell or "@" in cell or digits * 2 >= len(cell)
