"""Plain text, in whatever encoding it comes."""

from pathlib import Path

from core.errors import EmptyDocument
from ingest.parsers.characters import check_size, clean, decode
from ingest.parsers.contract import Bounds, Whole


def open_plain(path: Path, bounds: Bounds) -> Whole:
    """Read a text file as it is laid out.

    Raises:
        EmptyDocument: nothing but blanks.
        TooLarge: more characters than allowed.
    """
    return Whole(read_text(path, bounds))


def read_text(path: Path, bounds: Bounds) -> str:
    """Return the clean text of a file of characters; raises as `open_plain` does."""
    # No encoding needs more than four bytes for a character; refuse before decoding.
    check_size(path.stat().st_size // 4, bounds.max_characters)
    text = clean(decode(path.read_bytes()))
    check_size(len(text), bounds.max_characters)
    if not text.strip():
        raise EmptyDocument("the file holds nothing but blanks")
    return text
