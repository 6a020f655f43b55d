"""Markdown, kept as written; its first heading is the title."""

import re
from pathlib import Path

from ingest.parsers.contract import About, Bounds, Whole
from ingest.parsers.plain import read_text

_FENCE = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$|^(\S.*)\n=+[ \t]*$", re.MULTILINE)
_TOP = 20_000


def open_markdown(path: Path, bounds: Bounds) -> Whole:
    """Read a Markdown file; raises as plain text does."""
    text = read_text(path, bounds)
    heading = _HEADING.search(_FENCE.sub("", text[:_TOP]))
    if heading is None:
        return Whole(text)
    return Whole(text, About(metadata={"title": heading.group(1) or heading.group(2)}))
