"""Key information: finds the facts of each class in the text, and checks those a model gives."""

import re
from collections.abc import Iterable, Iterator

from classify import values
from classify.classification import Fact
from classify.cues import CUES, START, Cue, Reading
from core.documents import ParsedDocument

MOST_FACTS = 5
LONGEST_QUOTE = 600
SHORTEST_FIELD = 2
STATED = re.compile(
    rf"^{START}(?P<name>[A-ZÄÖÜ][^\W\d_]{{1,20}}(?:[ /-][^\W\d_]{{1,20}}){{0,3}})"
    r"[ \t]{0,4}:[*]{0,2}[ \t]{1,20}(?P<value>[^\s_:][^\n_:]{0,100})\r?$",
    re.MULTILINE,
)
LONGEST_VALUE = 200
ASIDE = re.compile(
    r"(?:note|caution|warning|important|tip|attention|hinweis|achtung|part|section|teil|abschnitt"
    r"|for_office_use)(?:_|$)|$"
)
"""What stands before a colon in a form without being a field."""


def extract(document: ParsedDocument, label: str) -> tuple[Fact, ...]:
    """Return up to five facts of a document of a label, the most useful first.

    Each quote stands word for word in the text of its page. A label with no rules of its own
    has no facts.
    """
    cues = CUES.get(label)
    if not cues:
        return ()
    reading = Reading.of(document)
    found = [fact for cue in cues if (fact := _first(cue, reading))]
    if label == "Forms":
        found += [*_filled_fields(document, reading), *_stated_fields(reading)]
    return merge(_said_once(found))


def verify(facts: Iterable[Fact], document: ParsedDocument) -> tuple[Fact, ...]:
    """Return the facts whose quote is in the document and whose value is in the quote.

    A quote that differs in white space alone is replaced by the page's own words, a wrong page
    number by the right one; what cannot be found is dropped.
    """
    checked = (_checked(fact, document) for fact in facts)
    return tuple(fact for fact in checked if fact)


def merge(*groups: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return up to five facts, the first of each name, in the order of the groups."""
    kept: dict[str, Fact] = {}
    for group in groups:
        for fact in group:
            kept.setdefault(fact.name, fact)
    return tuple(kept.values())[:MOST_FACTS]


def locate(quote: str, document: ParsedDocument, page: int = 1) -> tuple[int, str] | None:
    """Return the page and the exact words of a quote, forgiving only white space, or None.

    The page asked for is looked at first.
    """
    words = quote.split()
    if not words or len(quote) > LONGEST_QUOTE:
        return None
    pattern = re.compile(r"\s+".join(re.escape(word) for word in words))
    for candidate in sorted(document.pages, key=lambda each: each.number != page):
        if match := pattern.search(candidate.text):
            return candidate.number, match[0]
    return None


def _checked(fact: Fact, document: ParsedDocument) -> Fact | None:
    name = re.sub(r"\W+", "_", fact.name.strip().casefold()).strip("_")
    place = locate(fact.quote, document, fact.page)
    value = " ".join(fact.value.split())
    if not name or not value or len(value) > LONGEST_VALUE or place is None:
        return None
    if not _supports(place[1], value):
        return None
    return Fact(name, value, place[0], place[1])


def _supports(quote: str, value: str) -> bool:
    """Tell whether a value is what a quote says: its words, its number or its date."""
    folded = " ".join(quote.casefold().split())
    if value.casefold() in folded:
        return True
    dates = (values.read_date(m[0]) for m in re.finditer(values.DATE, quote, re.IGNORECASE))
    if values.read_date(value) in set(dates) - {None}:
        return True
    number = values.read_number(re.sub(rf"\s*{values.CURRENCY}\s*", "", value))
    numbers = {values.read_number(m[0]) for m in re.finditer(values.NUMBER, quote)}
    return number is not None and number in numbers


def _said_once(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Drop a name that an earlier fact gave already: it cannot be both parties of a contract."""
    names: set[str] = set()
    for fact in facts:
        folded = fact.value.casefold()
        if folded not in names:
            yield fact
        if not any(sign.isdigit() for sign in folded):
            names.add(folded)


def _first(cue: Cue, reading: Reading) -> Fact | None:
    found: Fact | None = None
    for page in cue.where(reading):
        for match in cue.pattern.finditer(page.text):
            value = cue.read(match, reading)
            if not value:
                continue
            quote = match.groupdict().get("quote") or match[0]
            found = Fact(cue.name, value[:LONGEST_VALUE], page.number, quote.strip())
            if not cue.last:
                return found
    return found


def _filled_fields(document: ParsedDocument, reading: Reading) -> list[Fact]:
    """Take the fields that somebody filled in, where the page shows what they hold."""
    found = []
    for field, content in document.form_fields.items():
        name = re.sub(r"\W+", "_", field.casefold()).strip("_")
        value = " ".join(content.split())
        page = next((p for p in reading.near if content and content in p.text), None)
        if name and len(value) >= SHORTEST_FIELD and page:
            found.append(Fact(name, value[:LONGEST_VALUE], page.number, content))
    return found


def _stated_fields(reading: Reading) -> Iterator[Fact]:
    """Take lines such as "Date of birth: 4 May 1990", which is how text shows a filled field."""
    for page in reading.head:
        for match in STATED.finditer(page.text):
            name = re.sub(r"\W+", "_", match["name"].casefold()).strip("_")
            value = " ".join(match["value"].split())
            if len(value) >= SHORTEST_FIELD and value[-1] not in ".:?" and not ASIDE.match(name):
                yield Fact(name, value, page.number, match[0].strip())
