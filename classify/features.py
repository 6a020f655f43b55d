"""What a document looks like to the local engine: telling excerpts, words, cues and layout.

Everything here is pure and cheap: a document of three hundred pages costs what one page costs,
because only a bounded number of windows is read (`excerpt`).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from core.documents import ParsedDocument

WINDOW = 2500
"""Characters of one window; about a printed page."""
WINDOWS = 5
"""How many windows of a document are read at most: the first two, two in between, the last."""
PASSAGE = 450
"""Characters of one passage that is embedded: what a small sentence model reads in full."""
CLIP = 6.0
"""No cue counts for more than this many times per window."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The parts of a document that are looked at: windows in reading order, headers first."""

    windows: tuple[str, ...]
    length: int
    """Characters of the whole document."""
    pages: int
    paged: bool
    """Whether the format has pages, so that their number means something."""

    @property
    def text(self) -> str:
        """All windows, one after the other."""
        return "\n".join(self.windows)


def excerpt(document: ParsedDocument) -> Excerpt:
    """Return at most `WINDOWS` windows of `WINDOW` characters, always with the first and last.

    Mail headers that a reader put aside come back as lines, so that a mail looks the same
    whether it came as eml, as text or printed to PDF.
    """
    pieces = [header for header in [_headers(document)] if header]
    pieces += [page.text for page in document.pages if page.text.strip()]
    length = sum(len(piece) for piece in pieces)
    starts = _window_starts(length)
    return Excerpt(
        windows=tuple(_cut(pieces, start) for start in starts),
        length=length,
        pages=len(document.pages),
        paged=len(document.pages) > 1,
    )


def _headers(document: ParsedDocument) -> str:
    meta = document.metadata
    if not (meta.get("from") or meta.get("to")):
        return ""
    first = next((page.text for page in document.pages), "")
    if first.lstrip().casefold().startswith(("from:", "von:", "to:", "subject:", "date:")):
        return ""
    names = [name for name in ("from", "to", "date", "subject") if meta.get(name)]
    return "\n".join(f"{name.capitalize()}: {meta[name]}" for name in names) + "\n"


def _window_starts(length: int) -> list[int]:
    if length <= WINDOW * WINDOWS:
        return list(range(0, max(length, 1), WINDOW))
    inner = [length * share // 3 for share in (1, 2)]
    return [0, WINDOW, *inner, length - WINDOW]


def _cut(pieces: Sequence[str], start: int) -> str:
    """Cut one window out of the pieces without joining a long document."""
    found: list[str] = []
    left = WINDOW
    for piece in pieces:
        if start >= len(piece):
            start -= len(piece)
            continue
        found.append(piece[start : start + left])
        left -= len(found[-1])
        start = 0
        if left <= 0:
            break
    return "\n".join(found)


def passages(seen: Excerpt) -> tuple[str, str]:
    """Return the two passages to embed: how a document opens, and how it goes on."""
    opening = _spaces(seen.windows[0])
    later = _spaces(seen.windows[len(seen.windows) // 2])
    body = opening[PASSAGE:] if len(seen.windows) == 1 else later
    return opening[:PASSAGE], body[:PASSAGE] or opening[-PASSAGE:]


def _spaces(text: str) -> str:
    return " ".join(text.split())


_MASKED = re.compile(r"\S+@\S+|https?://\S+|www\.\S+")
_WORD = re.compile(r"[^\W\d_]{1,24}")


def tokens(text: str) -> list[str]:
    """Return casefolded words; addresses and links are left out, since they name senders."""
    return _WORD.findall(_MASKED.sub(" ", text).casefold())


def word_counts(words: Sequence[str]) -> Counter[str]:
    """Count words and pairs of neighbouring words."""
    counts = Counter(words)
    counts.update(f"{left} {right}" for left, right in pairwise(words))
    return counts


@dataclass(frozen=True, slots=True)
class Cue:
    """A family of phrases that says something of a document, in words a person understands."""

    name: str
    meaning: str
    phrases: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CueBook:
    """All cues, with an index from first words to phrases so that reading is one pass."""

    cues: tuple[Cue, ...]
    starts: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]

    @classmethod
    def read(cls, text: str) -> "CueBook":
        """Read cues from text: `[name: meaning]`, then phrases divided by semicolons."""
        cues = tuple(_cues(text))
        starts: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for number, cue in enumerate(cues):
            for phrase in cue.phrases:
                starts.setdefault(phrase[0], []).append((phrase, number))
        return cls(cues, {word: tuple(found) for word, found in starts.items()})

    def count(self, words: Sequence[str]) -> list[int]:
        """Count each cue's phrases in a sequence of words; overlapping phrases all count."""
        counts = [0] * len(self.cues)
        for place, word in enumerate(words):
            for phrase, number in self.starts.get(word, ()):
                if len(phrase) == 1 or tuple(words[place : place + len(phrase)]) == phrase:
                    counts[number] += 1
        return counts


def _cues(text: str) -> Iterable[Cue]:
    for block in re.split(r"^\[", text, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("]")
        name, _, meaning = head.partition(":")
        phrases = {tuple(tokens(part)) for part in body.split(";")}
        yield Cue(name.strip(), meaning.strip(), tuple(sorted(p for p in phrases if p)))


_CLAUSE = (
    r"(?m)^[ \t]*(?:§ ?\d|(?:ARTICLE|Article|SECTION|Section) [\dIVX]"
    r"|\d{1,2}\.(?:\d{1,2}\.?)*[ \t]+[A-ZÄÖÜ])"
)
_CLOSING = (
    r"(?mi)^[ \t]*(?:yours|sincerely|(?:kind |best |warm )?regards|best|thanks|many thanks|cheers"
    r"|love|mit (?:freundlichen|besten)|viele grüße|freundliche grüße)\b[^\n]{0,25}$"
)
_LAYOUT: tuple[tuple[str, str, str], ...] = (
    ("amounts", "amounts of money", r"\d[.,]\d{2}(?!\d)"),
    ("currency", "currency signs", r"[$€£¥]|\b(?:EUR|USD|GBP|CHF|AUD|RM|Rs)\b"),
    ("percents", "percentages", r"\d ?%"),
    ("dates", "dates", r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"),
    ("years", "years", r"\b(?:19|20)\d\d\b"),
    ("clock", "times of day", r"\b\d{1,2}:\d{2}\b"),
    ("blanks", "blanks to fill in", r"_{3,}|\.{6,}|(?:\. ){5,}|…{2,}"),
    ("boxes", "boxes to tick", r"[☐□☑☒❑❏◻▢⬜]|\[[ xX]?\]|\([ xX]?\)"),
    ("field_labels", "field labels", r"(?m)^[^\W\d_][^\n:]{1,38}:[ \t_]*$"),
    ("field_values", "fields with values", r"(?m)^[^\W\d_][^\n:]{1,38}:[ \t]+\S[^\n]{0,60}$"),
    (
        "clauses",
        "numbered clauses",
        _CLAUSE,
    ),
    ("sub_clauses", "lettered clauses", r"\((?:[a-h]|i{1,3}|iv|vi{0,3})\) "),
    (
        "defined_terms",
        "defined terms in quotation marks",
        r"\([^()\n]{0,40}[\"“„”][^()\n]{1,40}[\"”“]\)",
    ),
    ("quoted_lines", "quoted lines of a mail", r"(?m)^[ \t]*>"),
    (
        "header_lines",
        "header lines of a mail or memo",
        r"(?mi)^[ \t]*(?:from|to|cc|subject|sent|re|von|an|betreff|gesendet)[ \t]?:",
    ),
    (
        "salutation_line",
        "a line with a salutation",
        r"(?mi)^[ \t]*(?:dear|hi|hello|sehr geehrte|liebe|hallo)\b[^\n]{0,50}[,:!]?[ \t]*$",
    ),
    (
        "closing_line",
        "a line with a closing formula",
        _CLOSING,
    ),
    ("dot_leaders", "a table of contents", r"(?m)(?:\.{3,}|…|(?:\. ){3,})[ \t]*\d{1,3}[ \t]*$"),
    ("questions", "questions", r"\w\?"),
    ("exclamations", "exclamation marks", r"!"),
    ("bullets", "bullets", r"(?m)^[ \t]*[•·●▪*-][ \t]+\S"),
    ("addresses", "mail and web addresses", r"\S@\S|https?://|www\."),
    (
        "table_rows",
        "rows of a table",
        r"(?m)^[^\n]*\S[ \t]+\(?[$€£]?[\d.,]{2,}\)?%?[ \t]+\(?[$€£]?[\d.,]{2,}\)?%?[^\n]*$",
    ),
    (
        "form_numbers",
        "a form number",
        r"\b(?:Form|FORM|Formular|Vordruck) [A-Z]{0,3}-?\d{1,5}|\bOMB ?No",
    ),
    ("filing_numbers", "a statutory report's form number", r"\b(?:10|8|20|6)-?[KQF]\b"),
    ("code_signs", "signs of program code", r"[{};]|==|=>|</|\(\)"),
    ("references", "numbered references", r"\[\d{1,3}(?:[,–-] ?\d{1,3})*\]|\bet al\b"),
    ("figures", "figures and tables", r"\b(?:Figure|Table|Fig\.|Abbildung|Tabelle|Chart) \d"),
)


@lru_cache(maxsize=1)
def _layout_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for _, _, pattern in _LAYOUT)


_SHAPES: tuple[tuple[str, str], ...] = (
    ("length", "its length"),
    ("line_length", "the length of its lines"),
    ("short_lines", "short lines"),
    ("long_lines", "long lines"),
    ("digits", "many digits"),
    ("capitals", "capital letters"),
    ("word_length", "the length of its words"),
    ("repetition", "how often words repeat"),
    ("english", "everyday English words"),
    ("german", "everyday German words"),
)
_ENGLISH = frozenset(
    _WORD.findall("the of and to in is that for it as was with be by on not or are this from at an")
)
_GERMAN = frozenset(
    _WORD.findall(
        "der die das und in den von zu mit ist des im für auf ein eine nicht dem sich bei"
    )
)
_SHORT_LINE, _LONG_LINE = 30, 85
"""Characters below which a line is a label or a cell, and above which it is running text."""


def names(book: CueBook) -> list[str]:
    """Return the names of the numbers that `measure` gives, in order."""
    lexical = [cue.name for cue in book.cues]
    layout = [name for name, _, _ in _LAYOUT]
    shapes = [name for name, _ in _SHAPES]
    return [f"head:{n}" for n in lexical] + [f"all:{n}" for n in lexical] + layout + shapes


def meanings(book: CueBook) -> dict[str, str]:
    """Return what each number of `measure` means, for people."""
    lexical = {cue.name: cue.meaning for cue in book.cues}
    told = {f"head:{name}": f"{meaning} at the top" for name, meaning in lexical.items()}
    told |= {f"all:{name}": meaning for name, meaning in lexical.items()}
    return told | {name: meaning for name, meaning, _ in _LAYOUT} | dict(_SHAPES)


def measure(seen: Excerpt, book: CueBook) -> list[float]:
    """Return cues and layout as numbers, most in 0..2, in the order of `names`."""
    text = seen.text
    words = tokens(text)
    head = tokens(seen.windows[0])[:HEAD_WORDS]
    share = max(len(words) / HEAD_WORDS, 0.5)
    return [
        *(_damped(count) for count in book.count(head)),
        *(_damped(count / share) for count in book.count(words)),
        *_layout(text),
        *_shape(seen, text, words),
    ]


HEAD_WORDS = 200
"""How many words count as the top of a document; densities are per this many words."""


def _damped(count: float) -> float:
    return math.log1p(min(count, CLIP * 3))


def _layout(text: str) -> Iterable[float]:
    size = max(len(text) / WINDOW, 0.5)
    for pattern in _layout_patterns():
        found = sum(1 for _ in pattern.finditer(text))
        yield math.log1p(min(found / size, CLIP * 5))


def _shape(seen: Excerpt, text: str, words: Sequence[str]) -> list[float]:
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    letters = sum(map(str.isalpha, text)) or 1
    count = len(words) or 1
    first = words[: HEAD_WORDS * 2]
    return [
        math.log10(min(max(seen.length, 100), 30_000)) - 2,
        min(sum(map(len, lines)) / len(lines), 120) / 60,
        sum(len(line) < _SHORT_LINE for line in lines) / len(lines),
        sum(len(line) > _LONG_LINE for line in lines) / len(lines),
        min(sum(map(str.isdigit, text)) / letters, 1.0) * 2,
        sum(map(str.isupper, text)) / letters * 2,
        sum(map(len, words)) / count / 5,
        len(set(first)) / (len(first) or 1),
        sum(word in _ENGLISH for word in words) / count * 4,
        sum(word in _GERMAN for word in words) / count * 4,
    ]
