"""The quote gate: is a quote in the text, where exactly, and if not, what is wrong with it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.documents import Span

ELLIPSIS = re.compile(r"\s*[\[(]?\s*(?:\.\s?\.\s?\.|…)\s*[\])]?\s*")
# Readers and models write the same mark in many ways; none of these changes what is said.
SAME = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
NOTHING = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufffe\x02"
"""Soft hyphens, zero-width marks, and what PDF readers put for a hyphen at a line's end."""
ATOM = re.compile(
    # White space; a hyphen inside a word, with its line break if it stands at one; a letter with
    # its combining marks; anything else.
    rf"(?P<space>\s+)|(?P<nothing>[{NOTHING}](?:[ \t]*\r?\n\s*)?"
    r"|(?<=[^\W\d_])[-‐‑](?:[ \t]*\r?\n\s*)?(?=[^\W\d_]))|(?P<mark>.[\u0300-\u036f]*)",
    re.DOTALL,
)
MIN_PIECE = 3
"""Words that a piece of a stitched quote has at least; shorter ones stand anywhere."""
MAX_PIECES = 4
NUMBER = re.compile(r"\d+(?:[.,:/'’-]\d+)*")
NAME = re.compile(r"(?<=[\w,;] )[A-ZÀ-ÖØ-Þ][\w'’-]+")


class Verdict(StrEnum):
    """What became of a quote.

    FOUND stands on the page it is ascribed to, MISATTRIBUTED on another one of the same
    document, STITCHED is made of pieces that stand apart, NOT_FOUND is nowhere.
    """

    FOUND = "found"
    MISATTRIBUTED = "misattributed"
    STITCHED = "stitched"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict, and the exact place where the quote stands if it stands in one piece."""

    verdict: Verdict
    span: Span | None = None


def verify(quote: str, page_text: str, start: int, end: int) -> bool:
    """Tell whether characters `start` to `end` of a page say what the quote says."""
    if not 0 <= start < end <= len(page_text):
        return False
    needle = _fold(quote).text.strip()
    return bool(needle) and _fold(page_text[start:end]).text.strip() == needle


def locate(quote: str, page_text: str, near: int = 0) -> tuple[int, int] | None:
    """Return where a quote stands in a page: the place closest to offset `near`, or None.

    White space, hyphenation, letter case, ligatures and the form of quotation marks and dashes
    may differ. Letters, digits and punctuation must all be there, in whole words and whole
    numbers: "20.00" is not found in "720.00".
    """
    return _fold(page_text).place(_fold(quote).text.strip(), near)


def check(quote: str, pages: Mapping[int, str], page: int, start: int = 0) -> Checked:
    """Check a quote ascribed to `page`, near offset `start`, against all pages of its document."""
    if place := locate(quote, pages.get(page, ""), start):
        return Checked(Verdict.FOUND, Span(page, *place))
    folded = {number: _fold(pages[number]) for number in sorted(pages)}
    needle = _fold(quote).text.strip()
    for number, text in folded.items():
        if place := text.place(needle, 0):
            return Checked(Verdict.MISATTRIBUTED, Span(number, *place))
    stitched = _is_stitched(quote, list(folded.values()))
    return Checked(Verdict.STITCHED if stitched else Verdict.NOT_FOUND)


def numbers(sentence: str) -> list[str]:
    """Return the numbers, dates and amounts that a sentence states."""
    return NUMBER.findall(sentence)


def names(sentence: str) -> list[str]:
    """Return the capitalised words inside a sentence; in German these are all the nouns."""
    return NAME.findall(sentence)


def unsupported(claims: Sequence[str], evidence: str) -> list[str]:
    """Return the claims (numbers, names) that do not stand in their evidence, whole."""
    folded = _fold(evidence)
    return [claim for claim in claims if folded.place(_fold(claim).text, 0) is None]


@dataclass(frozen=True, slots=True)
class _Folded:
    """Text with the differences that do not matter taken out, and where each character was."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def place(self, needle: str, near: int) -> tuple[int, int] | None:
        places = (
            (self.starts[at], self.ends[at + len(needle) - 1]) for at in self.occurrences(needle)
        )
        return min(places, key=lambda place: abs(place[0] - near), default=None)

    def occurrences(self, needle: str) -> Iterator[int]:
        at = self.text.find(needle) if needle else -1
        while at >= 0:
            if _is_whole(self.text, at, at + len(needle)):
                yield at
            at = self.text.find(needle, at + 1)


def _fold(text: str) -> _Folded:
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for atom in ATOM.finditer(text):
        for character in _folded_atom(atom):
            folded.append(character)
            starts.append(atom.start())
            ends.append(atom.end())
    return _Folded("".join(folded), starts, ends)


def _folded_atom(atom: re.Match[str]) -> str:
    if atom.lastgroup == "space":
        return " "
    if atom.lastgroup == "nothing":
        return ""
    mark = unicodedata.normalize("NFC", atom.group())
    plain = unicodedata.normalize("NFKC", mark)
    # Ligatures come apart, but a footnote mark must not become a digit: 10² is not 102.
    return (mark if any(map(str.isdecimal, plain)) else plain).translate(SAME).casefold()


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell whether words and numbers at both ends of a place are whole, signs included."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if _is_inner(text[start]) and _is_inner(before[-1:]):
        return False
    if _is_inner(text[end - 1]) and _is_inner(after[:1]):
        return False
    if text[start].isdecimal() and re.search(r"\d[.,']$|(?:^|[\s(])-$", before):
        return False
    return not (text[end - 1].isdecimal() and re.match(r"[.,']\d", after))


def _is_inner(character: str) -> bool:
    return character.isalpha() or character.isdecimal()


def _is_stitched(quote: str, pages: Sequence[_Folded]) -> bool:
    """Tell whether the quote falls into a few runs of words that each stand somewhere."""
    parts = [_fold(part).text.split() for part in ELLIPSIS.split(quote)]
    pieces = [piece for words in parts for piece in _pieces(words, pages)]
    return 1 < len(pieces) <= MAX_PIECES and all(len(piece) >= MIN_PIECE for piece in pieces)


def _pieces(words: Sequence[str], pages: Sequence[_Folded]) -> Iterator[Sequence[str]]:
    """Cut words into the longest runs that stand somewhere; what stands nowhere is an empty run."""
    while words:
        length = _longest(words, pages)
        yield words[:length]
        words = words[length:] if length else ()


def _longest(words: Sequence[str], pages: Sequence[_Folded]) -> int:
    """Return how many of the first words stand somewhere in one piece; by halving."""
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        needle = " ".join(words[:middle])
        if any(page.place(needle, 0) is not None for page in pages):
            low = middle
        else:
            high = middle - 1
    return low
