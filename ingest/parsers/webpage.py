"""Web pages: the words a reader would see, block by block, tables as rows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from ingest.parsers.characters import check_size, decode, tidy
from ingest.parsers.contract import About, Bounds, Whole

_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE
)
# Written as words, since forty quotes would hide the tags.
# ruff: noqa: SIM905
_SILENT = frozenset(
    "script style template noscript noframes iframe object applet head svg math audio video "
    "canvas datalist select".split()
)
_VOID = frozenset(
    "area base basefont br col embed frame hr img input link meta param source track wbr".split()
)
_BREAKS = frozenset(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form header hgroup li main menu nav ol option pre section summary tbody tfoot "
    "thead tr ul legend caption body html".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 table hr".split())
_UNSEEN = frozenset("hidden password submit button reset image file".split())
_DEEPEST_TABLE = 12
_PIECE = 65_536
_SPACES = re.compile(r"[ \t\n\r\f]+")


def open_webpage(path: Path, bounds: Bounds) -> Whole:
    """Read an HTML file; nothing it points to is fetched.

    Raises:
        TooLarge: more characters than allowed.
    """
    data = path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    markup = decode(data, declared.group(1).decode("ascii") if declared else None)
    title, text = visible_text(markup)
    check_size(len(text), bounds.max_characters)
    return Whole(text, About(metadata={"title": title} if title else {}))


def visible_text(markup: str) -> tuple[str, str]:
    """Return a page's title and its visible text, clean and tidy."""
    # A target parser makes no tree: no depth limit that silently drops the rest, and flat memory.
    eye = _Eye()
    parser = etree.HTMLParser(target=eye, no_network=True, huge_tree=False)
    for piece in _pieces(markup):
        parser.feed(piece)
    try:
        parser.close()
    except etree.XMLSyntaxError:
        eye.close()  # an empty page; what was seen until here still counts
    return tidy(_SPACES.sub(" ", eye.title)).strip(), tidy(eye.text())


def _pieces(markup: str) -> Iterator[str]:
    # libxml2 stops at a zero byte, and UTF-8 cannot carry half a surrogate pair.
    safe = markup.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    for start in range(0, len(safe), _PIECE):
        yield safe[start : start + _PIECE]
    yield " "  # libxml2 refuses to close a parser that was never fed


@dataclass(slots=True)
class _Table:
    """One table being read: rows of cells, each a list of pieces."""

    rows: list[list[list[str]]] = field(default_factory=list)
    holds_table: bool = False

    def cell(self) -> list[str]:
        """Open the next cell of the current row and return where its pieces go."""
        if not self.rows:
            self.rows.append([])
        self.rows[-1].append([])
        return self.rows[-1][-1]

    def text(self) -> str:
        """Return `a | b` rows, or plain blocks where the table is only there for layout."""
        rows = [[_joined(cell) for cell in row] for row in self.rows]
        narrow = max((len(row) for row in rows), default=0) < 2  # noqa: PLR2004
        blocks = len(rows) == 1 and any("\n" in cell for cell in rows[0])
        if self.holds_table or narrow or blocks:
            return "\n".join("\n".join(row) for row in rows)
        lines = (" | ".join(" ".join(cell.split()) for cell in row) for row in rows)
        return "\n".join(line for line in lines if line.strip(" |"))


class _Eye:
    """Follows the tags and keeps what is visible; lxml calls the four public methods."""

    def __init__(self) -> None:
        self.title = ""
        self._page: list[str] = []
        self._into = self._page
        self._tables: list[tuple[_Table, list[str]]] = []
        self._shallow = 0  # tables below the deepest that we still lay out
        self._open: list[str] = []
        self._silent_at: int | None = None
        self._in_title = False
        self._pre = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A tag opens."""
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "title":
            self._in_title = not self.title
        if self._silent_at is not None:
            return
        if tag in _SILENT or _hidden(attributes):
            if tag not in _VOID:
                self._silent_at = len(self._open)
            return
        self._pre += tag == "pre"
        self._break(tag)
        self._open_table(tag)
        if tag == "input":
            self._into.append(_filled(attributes))

    def end(self, tag: str) -> None:
        """A tag closes."""
        if tag in _VOID:
            return
        depth = len(self._open)
        if self._open:
            self._open.pop()
        self._in_title = self._in_title and tag != "title"
        if self._silent_at is not None:
            if depth <= self._silent_at:
                self._silent_at = None
            return
        self._pre -= tag == "pre"
        if tag == "table":
            self._close_table()
        self._break(tag)

    def data(self, text: str) -> None:
        """Words between tags."""
        if self._in_title:
            self.title += text
        elif self._silent_at is None:
            self._into.append(text if self._pre else _SPACES.sub(" ", text))

    def close(self) -> None:
        """The page ends; unclosed tables close with it."""
        while self._tables:
            self._close_table()

    def text(self) -> str:
        """Return everything seen."""
        return _joined(self._page)

    def _break(self, tag: str) -> None:
        if tag == "br" or tag in _BREAKS:
            self._into.append("\n")
        elif tag in _PARAGRAPHS:
            self._into.append("\n\n")
        elif tag in {"td", "th"} and (self._shallow or not self._tables):
            self._into.append(" ")

    def _open_table(self, tag: str) -> None:
        if tag == "table":
            self._nest()
        elif not self._tables or self._shallow:
            return
        elif tag == "tr":
            self._tables[-1][0].rows.append([])
        elif tag in {"td", "th"}:
            self._into = self._tables[-1][0].cell()
        elif tag == "caption":
            self._into = self._tables[-1][1]

    def _nest(self) -> None:
        if len(self._tables) == _DEEPEST_TABLE:
            self._shallow += 1
            return
        if self._tables:
            self._tables[-1][0].holds_table = True
        self._tables.append((_Table(), self._into))

    def _close_table(self) -> None:
        if self._shallow:
            self._shallow -= 1
            return
        if self._tables:
            table, self._into = self._tables.pop()
            self._into.append("\n" + table.text() + "\n")


def _filled(attributes: Mapping[str, str]) -> str:
    """Return what a form's field shows to a reader."""
    kind = attributes.get("type", "text").lower()
    if kind in _UNSEEN:
        return ""
    if kind in {"checkbox", "radio"}:
        return "[x] " if "checked" in attributes else "[ ] "
    return f" {attributes.get('value', '')} "


def _hidden(attributes: Mapping[str, str]) -> bool:
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style and _HIDING.search(style))


def _joined(pieces: list[str]) -> str:
    r"""Join pieces and drop the blanks around line ends, as a browser does."""
    text = "".join(pieces)
    return re.sub(" *\n *", "\n", re.sub(" {2,}", " ", text)).strip()
