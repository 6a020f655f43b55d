"""Cut text into sentences and lines at exact places, for English and German office documents."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from retrieval import stop_words

LONGEST = 600
"""Characters; longer runs, such as a clause with ten limbs, are cut at their semicolons."""
WIDE = 40
"""Characters from which a line may be prose that goes on below; shorter ones stand alone."""
SHORTEST = 120
"""Characters that a part of a long run keeps at least."""
CONTEXT = 60
"""Characters looked at before a full stop or a line's end."""
FULL = 0.7
"""Share of its block's widest line that a wrapped line fills."""

Place = tuple[int, int]
"""Characters start to end, end exclusive."""

# A full stop after one of these mostly ends no sentence.
WORDS_WITH_STOPS = """
abs anl approx apr art attn aufl aug az bd bes betr bzw ca cf co corp dec dept dez dr ebd eg eng
est etc evtl exkl ext feb fig frl geb gem ggf ggü hon hr hrsg inc incl inkl insb jan jr jul jun
kfm lfd lit ltd maj mar max messrs min mio mr mrd mrs ms mt mwst no nos nov nr oct okt p par pp
prof rd ref rev s sec sen sep sept sog sr st std str tel tsd u usw v vgl vol vs z zzgl
"""
ABBREVIATIONS = frozenset(WORDS_WITH_STOPS.split())
GERMAN = frozenset(stop_words.GERMAN.split())
STOP = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)")
NEXT = re.compile(r"\s+[\"'“„‘‚«(\[]*([^\W_]+)")
SHORT_NUMBER = re.compile(r"(?:^|(\S+)\s+)\d{1,2}\.$")
"""A number that may be ordinal, and the word before it."""
GERMAN_MONTHS = """
januar februar märz april mai juni juli august september oktober november dezember
"""
MONTHS = frozenset(GERMAN_MONTHS.split())
LAST_WORD = re.compile(r"([^\W_]+(?:\.[^\W_]+)*)\.$")
BLANK = re.compile(r"\n[ \t\r]*\n\s*|\f")
ITEM = re.compile(
    r"[-–—•*▪◦·|]\s|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,4})[.)]\s|\d{1,2}(?:\.\d{1,2})+\s"
    r"|[^\s:][^\n:]{1,30}:(?:\s|$)"
)
"""How a line begins that starts something of its own: a bullet, a number, a label."""
ROW = re.compile(r"\d[^\d\n]*\s[^\w\n]*\d[\d.,]*\s?[%€$£)]*$")
"""How a row of a table looks: more than one number, one of them at its end."""
SPACE = re.compile(r"\s+")
SOFT = re.compile(r"[;:]\s+")


def sentences(text: str) -> list[Place]:
    """Return the places of all sentences and stand-alone lines, in order, none overlapping.

    They begin and end with a visible character and together hold every visible one.
    """
    places: list[Place] = []
    for start, end in _paragraphs(text):
        for sentence in _split(text, start, end, _full_stops(text, start, end)):
            places += _shortened(text, *sentence)
    return places


def _paragraphs(text: str) -> Iterator[Place]:
    """Yield runs of wrapped prose, and every line that stands alone."""
    start = 0
    for blank in BLANK.finditer(text):
        yield from _joined(text, start, blank.start())
        start = blank.end()
    yield from _joined(text, start, len(text))


def _joined(text: str, start: int, end: int) -> Iterator[Place]:
    """Join the lines of a block that go on below; yield the rest one by one."""
    breaks = [match.start() for match in re.finditer(r"\n", text[start:end])]
    lines = list(_split(text, start, end, [start + at for at in breaks]))
    widest = max((last - first for first, last in lines), default=0)
    begin: int | None = None
    for at, (first, last) in enumerate(lines):
        begin = first if begin is None else begin
        if at + 1 == len(lines) or not _goes_on(text, lines[at], lines[at + 1], widest):
            yield begin, last
            begin = None


def _goes_on(text: str, line: Place, below: Place, widest: int) -> bool:
    """Tell whether a line is prose that was wrapped, and goes on in the line below."""
    if ITEM.match(text, *below) or ROW.search(text, max(line[0], line[1] - CONTEXT), line[1]):
        return False
    width = line[1] - line[0]
    if width < WIDE or width < FULL * widest:
        return text[below[0]].islower() and width >= WIDE / 2
    return True


def _full_stops(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where sentences end: behind a mark that ends one, before what can begin one."""
    for stop in STOP.finditer(text, start, end):
        begins = NEXT.match(text, stop.end(), end)
        if begins is None or begins[1][0].islower():
            continue
        before = text[max(start, stop.end() - CONTEXT) : stop.end()]
        if not _abbreviates(before) and not _is_ordinal(before, begins[1]):
            yield stop.end()


def _abbreviates(before: str) -> bool:
    """Tell whether the full stop at the end belongs to a word: "Dr.", "J.", "z.B."."""
    last = LAST_WORD.search(before)
    word = last[1].rpartition(".")[2] if last else ""
    return word.lower() in ABBREVIATIONS or (word.isalpha() and len(word) == 1)


def _is_ordinal(before: str, following: str) -> bool:
    """Tell whether the full stop at the end makes a number ordinal: "1. Term", "am 3. Mai"."""
    number = SHORT_NUMBER.search(before)
    if number is None:
        return False
    preceding = number[1] or "."
    if preceding[-1] in ".!?:;":
        # A number that opens a sentence is a clause's own; behind "No." it is an ordinary one.
        return not _abbreviates(preceding)
    return preceding.lower() in GERMAN or following.lower() in MONTHS


def _shortened(text: str, start: int, end: int) -> Iterator[Place]:
    """Cut what is too long for a quote at its semicolons and colons, else at any space."""
    cuts = []
    at = start
    while end - at > LONGEST:
        at = _cut(text, at)
        cuts.append(at)
    return _split(text, start, end, cuts)


def _cut(text: str, start: int) -> int:
    """Return the last good place to cut before a part grows too long."""
    for mark in (SOFT, SPACE):
        places = [match.end() for match in mark.finditer(text, start + SHORTEST, start + LONGEST)]
        if places:
            return places[-1]
    return start + LONGEST


def _split(text: str, start: int, end: int, cuts: Iterable[int]) -> Iterator[Place]:
    """Yield the parts between cuts without the white space around them; empty ones are left out."""
    for first, last in pairwise([start, *cuts, end]):
        part = text[first:last]
        if visible := part.strip():
            begin = first + part.index(visible[0])
            yield begin, begin + len(visible)
