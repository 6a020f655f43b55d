"""What every reader of a format offers, and the bounds it keeps; loads nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAIL = "message/rfc822"
HTML = "text/html"
CSV = "text/csv"
MARKDOWN = "text/markdown"
TEXT = "text/plain"

_LONGEST_VALUE = 2000
_MOST_VALUES = 2000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a reader may hand back: pages, characters, and unfolded bytes per zipped byte."""

    max_pages: int
    max_characters: int
    max_expansion: int


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself, apart from its pages."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    form_fields: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[str, ...] = ()

    def bounded(self) -> "About":
        """Cut what no honest file says of itself: endless values, endless lists."""
        return About(
            metadata=_shorten(self.metadata),
            form_fields=_shorten(self.form_fields),
            attachments=tuple(name[:_LONGEST_VALUE] for name in self.attachments[:_MOST_VALUES]),
        )


class Opened(Protocol):
    """A document that has been opened: its pages can be read in any order, one at a time."""

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""

    def text(self, number: int) -> str:
        """Return the clean text of page `number`, which counts from 1.

        Raises:
            Exception: whatever the library raises; it costs this page, not the document.
        """

    def about(self) -> About:
        """Return what the file says of itself; asked once, after the pages."""


class Opener(Protocol):
    """The one function of each file in this folder: open a document of its format."""

    def __call__(self, path: Path, bounds: Bounds) -> Opened:
        """Open the file, counting pages and unfolded size before any work.

        Raises:
            TooLarge: more pages, characters or bytes than the bounds allow.
            UnreadableDocument: one of its kinds: empty, encrypted, corrupt, not a document.
        """


@dataclass(frozen=True, slots=True)
class Whole:
    """A document without pages, read in one go."""

    body: str
    said: About = field(default_factory=About)
    pages: int = 1

    def text(self, number: int) -> str:
        """Return the whole text, which is page 1."""
        if number != 1:
            raise IndexError(number)
        return self.body

    def about(self) -> About:
        """Return what the file says of itself."""
        return self.said


def _shorten(values: Mapping[str, str]) -> dict[str, str]:
    pairs = list(values.items())[:_MOST_VALUES]
    return {name[:_LONGEST_VALUE]: value[:_LONGEST_VALUE] for name, value in pairs}
