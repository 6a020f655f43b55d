"""The one place that says which reader opens which media type."""

# Imports inside the functions: the reading child starts for one document, so it loads one format.
# ruff: noqa: PLC0415

from collections.abc import Callable

from core.errors import UnsupportedMediaType
from ingest.parsers import contract
from ingest.parsers.contract import Opener


def choose(media_type: str) -> Opener:
    """Load and return the reader of a media type.

    Raises:
        UnsupportedMediaType: nobody here reads that.
    """
    load = _LOADERS.get(media_type)
    if load is None:
        raise UnsupportedMediaType(f"no reader for {media_type}", media_type=media_type)
    return load()


def supported() -> tuple[str, ...]:
    """Return every media type that can be read."""
    return tuple(_LOADERS)


def _pdf() -> Opener:
    from ingest.parsers import pdf

    return pdf.open_pdf


def _word() -> Opener:
    from ingest.parsers import word

    return word.open_word


def _mail() -> Opener:
    from ingest.parsers import mail

    return mail.open_mail


def _webpage() -> Opener:
    from ingest.parsers import webpage

    return webpage.open_webpage


def _table() -> Opener:
    from ingest.parsers import table

    return table.open_table


def _markdown() -> Opener:
    from ingest.parsers import markdown

    return markdown.open_markdown


def _plain() -> Opener:
    from ingest.parsers import plain

    return plain.open_plain


_LOADERS: dict[str, Callable[[], Opener]] = {
    contract.PDF: _pdf,
    contract.DOCX: _word,
    contract.MAIL: _mail,
    contract.HTML: _webpage,
    contract.CSV: _table,
    contract.MARKDOWN: _markdown,
    contract.TEXT: _plain,
}
