"""The nouns that every room shares: documents, pages, chunks, spans and scopes, all frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a document: characters `start` to `end` of the text of page `page`.

    Pages count from 1, offsets from 0 in that page's own text, `end` is exclusive.
    """

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of text as it was read; formats without pages have a single one."""

    number: int
    text: str
    error: str | None = None
    """Stable code of what kept this page from being read, where something did."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What reading a file gave: pages of text and what the format says of itself.

    `metadata` holds what the file states (title, author, subject, from, to, date …), as text.
    `form_fields` are a form's fields by name; `attachments` the names of embedded files.
    """

    media_type: str
    pages: tuple[Page, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    form_fields: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()

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
