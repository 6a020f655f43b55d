"""Classifying on the spot what is not kept: text sent along, or a file."""

from typing import BinaryIO

from core.documents import Page, ParsedDocument
from core.settings import Settings
from core.storage import stage
from ingest.intake import clean_name
from ingest.parsing import read, sniff

TEXT = "text/plain"


def as_document(text: str) -> ParsedDocument:
    """Return a text as a document of one page."""
    return ParsedDocument(media_type=TEXT, pages=(Page(1, text),))


def read_stream(settings: Settings, stream: BinaryIO, filename: str) -> ParsedDocument:
    """Read a file in a limited child process; nothing is kept.

    Raises:
        InvalidInput: the file cannot be read; the code says why.
    """
    limit = settings.storage.max_upload_mb * 1024 * 1024
    with stage(stream, settings.data_dir / "incoming", limit) as staged:
        media_type = sniff(staged.path, clean_name(filename))
        return read(staged.path, media_type, settings.reading)
