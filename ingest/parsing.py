"""Reading a document: say what a file is by its bytes, then read it in a limited child process.

A page that kills its reader costs that page: a fresh child goes on after it, a few times, within
the time and the processor seconds that the whole document has.
"""

import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.documents import Page, ParsedDocument
from core.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    MailroomError,
    NotADocument,
    ReadingTimedOut,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from core.settings import Reading
from ingest.parsers.contract import About
from ingest.sandbox import Child, Ending, Garbled, Silent
from ingest.sniffing import sniff

__all__ = ["read", "sniff"]

OnPage = Callable[[int, int | None], None]

READER_VERSION = "1"
"""Raise it where readers give other text than before; documents are then read anew."""

_RESTARTS = 3
_GRACE = 2
_LAST_WORDS = 0.5
# JSON in UTF-8 takes at most four bytes a character, six for the rare escaped one.
_BYTES_PER_CHARACTER = 6
_FRAME_FLOOR = 64 * 1024 * 1024
_MOSTLY = 0.7

_FAILURES: tuple[type[MailroomError], ...] = (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    NotADocument,
    ReadingTimedOut,
    TooLarge,
    UnsupportedMediaType,
)
_BY_CODE = {kind.code: kind for kind in _FAILURES}


def read(
    path: Path, media_type: str, limits: Reading, on_page: OnPage | None = None
) -> ParsedDocument:
    """Read a file into pages, calling `on_page(done, total)` as each one arrives.

    Pages that could not be read are there with an empty text and their error's code; a document
    without a single readable page is an error.

    Raises:
        UnsupportedMediaType: nobody reads that media type.
        TooLarge: more pages or characters than the limits allow.
        UnreadableDocument: one of its kinds: empty, encrypted, corrupt, not a document, timed out.
        Unavailable: the reading process did not start.
    """
    reading = _Read(path, media_type, limits, on_page)
    while (failure := reading.attempt()) is not None:
        reading.skip_page(failure)
        if not reading.may_go_on():
            break
    return reading.result()


@dataclass
class _Read:
    """One document being read: what has arrived, and what time and luck are left."""

    path: Path
    media_type: str
    limits: Reading
    on_page: OnPage | None
    pages: list[Page] = field(default_factory=list)
    total: int | None = None
    about: About = field(default_factory=About)
    failures: list[MailroomError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.limits.wall_seconds
        self._cpu_left = float(self.limits.cpu_seconds)
        self._room = self.limits.max_characters
        self._started = self._opened = False

    def attempt(self) -> MailroomError | None:
        """Run one child from the first page that is missing; return what ended it too early.

        Raises:
            MailroomError: what the child says of the document as a whole.
        """
        self._opened = False
        with Child(self._task()) as child:
            verdict = self._listen(child)
            ending = child.end(patience=0.0 if verdict else _LAST_WORDS)
        self._cpu_left -= ending.cpu_seconds
        if self.total is not None and len(self.pages) >= self.total:
            return None  # every page is here; what a crash after them cost is not worth a word
        return verdict or self._diagnosis(ending)

    def skip_page(self, failure: MailroomError) -> None:
        """Give up the page that ended a child; an error where there are no pages to go on with."""
        if self.total is None:
            raise failure
        self.failures.append(failure)
        self._keep(Page(len(self.pages) + 1, "", error=failure.code))

    def may_go_on(self) -> bool:
        """Tell whether another child is worth starting; if not, what is missing stays unread."""
        total = self.total or 0
        if len(self.pages) < total and len(self.failures) <= _RESTARTS and self._time_left():
            return True
        code = self.failures[-1].code
        self.pages.extend(Page(n, "", error=code) for n in range(len(self.pages) + 1, total + 1))
        return False

    def result(self) -> ParsedDocument:
        """Return the document; an error where no page of it could be read."""
        if all(page.error for page in self.pages):
            raise self.failures[0] if self.failures else self._nothing_read()
        return ParsedDocument(
            media_type=self.media_type,
            pages=tuple(self.pages),
            metadata=self.about.metadata,
            form_fields=self.about.form_fields,
            attachments=self.about.attachments,
        )

    def _task(self) -> dict[str, Any]:
        return {
            "path": str(self.path.absolute()),
            "media_type": self.media_type,
            "first": len(self.pages) + 1,
            "bounds": {
                "max_pages": self.limits.max_pages,
                "max_characters": self._room,
                "max_expansion": self.limits.max_expansion,
            },
            "memory_mb": self.limits.memory_mb,
            "cpu_seconds": max(1, math.ceil(self._cpu_left)),
            "wall_seconds": max(1, math.ceil(self._deadline - time.monotonic())) + _GRACE,
        }

    def _listen(self, child: Child) -> MailroomError | None:
        """Keep what the child sends until it closes its end or has to be stopped."""
        while True:
            patience = self._patience()
            try:
                frame = child.receive(patience, self._longest_frame())
                if frame is None:
                    return None
                page = self._take(frame)
            except Silent:
                return ReadingTimedOut(f"stopped after {patience:.0f} s of silence (wall_seconds)")
            except (Garbled, LookupError, TypeError, ValueError) as error:
                return CorruptDocument(f"its reader lost its senses: {error}")
            if isinstance(page, MailroomError):
                return page
            if page:
                self._keep(page)

    def _take(self, frame: Mapping[str, Any]) -> Page | MailroomError | None:
        """Take one frame; return the page it brings, or what ends this child."""
        self._started = True
        if "failed" in frame:
            return self._failed(frame)
        if "pages" in frame:
            self._open(int(frame["pages"]))
        elif "page" in frame:
            return self._page(frame)
        elif "metadata" in frame:
            self.about = _about(frame)
        return None

    def _open(self, total: int) -> None:
        # Checked here as well: the child may be in the hands of the file.
        if not 1 <= total <= self.limits.max_pages or self.total not in {None, total}:
            raise Garbled(f"{total} pages")
        self.total, self._opened = total, True

    def _failed(self, frame: Mapping[str, Any]) -> MailroomError:
        error = _BY_CODE.get(frame["failed"], CorruptDocument)(str(frame["detail"]))
        if self.total is None or isinstance(error, TooLarge):
            raise error
        return error

    def _page(self, frame: Mapping[str, Any]) -> Page:
        expected = len(self.pages) + 1
        if frame["page"] != expected or self.total is None or expected > self.total:
            raise Garbled(f"page {frame['page']} where {expected} was due")
        text, error = str(frame.get("text", "")), frame.get("error")
        self._room -= len(text)
        if self._room < 0:
            raise TooLarge(f"more than {self.limits.max_characters:,} characters (max_characters)")
        return Page(expected, text, error=str(error) if error else None)

    def _keep(self, page: Page) -> None:
        self.pages.append(page)
        if self.on_page:
            self.on_page(len(self.pages), self.total)

    def _patience(self) -> float:
        """Seconds until the next frame is due; less than all where other pages can be saved."""
        left = self._deadline - time.monotonic()
        if not self._opened or self.total == 1:
            return left
        return min(left, self.limits.wall_seconds / (_RESTARTS + 1))

    def _longest_frame(self) -> int:
        return _FRAME_FLOOR + self._room * _BYTES_PER_CHARACTER

    def _time_left(self) -> bool:
        return self._cpu_left > 0 and time.monotonic() < self._deadline

    def _nothing_read(self) -> MailroomError:
        codes = {page.error for page in self.pages}
        kind = ReadingTimedOut if codes == {ReadingTimedOut.code} else CorruptDocument
        return kind(f"none of its {len(self.pages):,} pages can be read")

    def _ran_out_of_memory(self, ending: Ending) -> bool:
        if ending.peak_mb <= _MOSTLY * self.limits.memory_mb:
            return False
        # Below its parent's peak the child's own cannot be seen; native code that gets no memory
        # aborts.
        return ending.peak_is_own or -ending.exit_code == signal.SIGABRT

    def _diagnosis(self, ending: Ending) -> MailroomError:
        """Say why a child ended before its work was done."""
        code, signalled = ending.exit_code, -ending.exit_code
        if signalled in {signal.SIGXCPU, signal.SIGALRM}:
            return ReadingTimedOut(f"not read in {self.limits.cpu_seconds} s (cpu_seconds)")
        if signalled == signal.SIGKILL or self._ran_out_of_memory(ending):
            return ReadingTimedOut(f"needs more than {self.limits.memory_mb} MB (memory_mb)")
        if not self._started:
            raise Unavailable(f"the reading process did not start (exit {code})")
        return CorruptDocument(f"its reader crashed (exit {code})")


def _about(frame: Mapping[str, Any]) -> About:
    """Take what the file says of itself, as text and within bounds whatever was sent."""
    return About(
        metadata={str(name): str(value) for name, value in dict(frame["metadata"]).items()},
        form_fields={str(name): str(value) for name, value in dict(frame["form_fields"]).items()},
        attachments=tuple(str(name) for name in frame["attachments"]),
    ).bounded()
