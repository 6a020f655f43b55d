"""The nouns that every room shares: documents, pages, chunks, spans and scopes, all frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

PageSource = Literal["text", "ocr", "data"]
"""Where a page's text comes from: its own characters, its picture, or data inside the file."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a document: characters `start` to `end` of the text of page `page`.

    Pages count from 1, offsets from 0 in that page's own text, `end` is exclusive.
    """

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Word:
    """Where the characters `start` to `end` of a page's text stand on its picture.

    `box` is left, top, right and bottom as shares (0..1) of the width and height of the page as it
    is shown; `confidence` (0..1) says how sure the reading is.
    """

    start: int
    end: int
    box: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page of text as it was read; formats without pages have a single one.

    A page of source `data` shows what the file carries for machines, such as an electronic
    invoice; it follows the pages that people see.
    """

    number: int
    text: str
    error: str | None = None
    """Stable code of what kept this page from being read, where something did."""
    source: PageSource = "text"
    confidence: float | None = None
    """How well a picture could be read, 0..1; None where nothing had to be recognised."""
    words: tuple[Word, ...] = ()
    """Places of recognised words, in the order of the text; empty for other sources."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A value that the file states for machines, under a field's standard name.

    `quote` stands word for word on page `page`.
    """

    name: str
    value: str
    page: int
    quote: str


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a document's own table of contents; `level` counts from 0."""

    title: str
    page: int | None
    level: int


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What reading a file gave: pages of text and what the format says of itself.

    `metadata` holds what the file states (title, author, subject, from, to, date …), as text.
    `form_fields` are a form's fields by name; `attachments` the names of embedded files; `stated`
    holds the values of an electronic invoice; `outline` the document's own table of contents.
    """

    media_type: str
    pages: tuple[Page, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    form_fields: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()
    stated: tuple[Stated, ...] = ()
    outline: tuple[Bookmark, ...] = ()

    @property
    def reading_confidence(self) -> float | None:
        """How well the worst page could be read, 0..1; None where nothing was in doubt.

        A page that could not be read at all counts as 0.
        """
        doubts = [0.0 if page.error else page.confidence for page in self.pages]
        return min((doubt for doubt in doubts if doubt is not None), default=None)

    @property
    def title(self) -> str | None:
        """The title that the document gives itself, if it does."""
        return self.metadata.get("title") or self.metadata.get("subject") or None

    @property
    def text(self) -> str:
        """All pages, joined by form feeds."""
        return "\f".join(page.text for page in self.pages)

    @property
    def has_text(self) -> bool:
        """Whether there is anything to read on any page."""
        return any(page.text.strip() for page in self.pages)

    def quote(self, span: Span) -> str | None:
        """Return the words at a span, or None where there is no such place."""
        for page in self.pages:
            if page.number == span.page and 0 <= span.start < span.end <= len(page.text):
                return page.text[span.start : span.end]
        return None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of one page that search can find; its text is exactly the words at its span."""

    ordinal: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller may see. Every question to the database or an index carries one."""

    workspace_id: UUID
