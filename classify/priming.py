"""Makes training documents of our own from templates, so that a small folder is not all there is.

A head that has seen two kinds of invoice believes that all invoices look like them. The primer
holds templates of what offices get, in English and German, and of what they do not expect
(recipes, poems, program code …, label `OTHER`); each is turned into a few variants with invented
names, dates and amounts. Everything is drawn from a seeded generator: the same seed gives the
same texts on every machine.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

OTHER = "OTHER"
"""The label of what belongs to no class: learnt from, never answered."""

_FILES = {
    "contracts.txt": "Contracts",
    "invoices.txt": "Invoices",
    "reports.txt": "Reports",
    "correspondence.txt": "Correspondence",
    "forms.txt": "Forms",
    "other.txt": OTHER,
}
_COMMON = frozenset(
    {"co", "ltd", "inc", "llc", "gmbh", "ag", "kg", "may", "street", "road", "info"}
)
"""Words of the slots that letters and contracts are full of by nature."""


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of document: its label, a name for the kind, and text with choices and slots."""

    label: str
    kind: str
    text: str


def read(name: str) -> str:
    """Return a data file of the primer."""
    return (files("classify") / "primer" / name).read_text("utf-8")


def templates() -> Iterator[Template]:
    """Yield all templates of the primer."""
    for name, label in _FILES.items():
        for block in re.split(r"^=== ", read(name), flags=re.MULTILINE)[1:]:
            kind, _, text = block.partition("\n")
            yield Template(label, kind.strip(), text.strip())


def prime(variants: int, seed: int) -> list[Template]:
    """Return `variants` texts of each template, filled in."""
    rng = random.Random(seed)  # noqa: S311 (invented names, not secrets)
    return [
        Template(template.label, template.kind, fill(template.text, rng))
        for template in templates()
        for _ in range(variants)
    ]


def fill(text: str, rng: random.Random) -> str:
    r"""Choose among `{a|b}` (choices may nest; `\{` is a brace) and fill slots such as `<date>`."""
    chosen = text.replace(r"\{", _OPEN).replace(r"\}", _CLOSE)
    while _CHOICE.search(chosen):
        chosen = _CHOICE.sub(lambda found: rng.choice(found[1].split("|")), chosen)
    chosen = chosen.replace(_OPEN, "{").replace(_CLOSE, "}")
    return _SLOT.sub(lambda found: _slot(found[1], rng), chosen)


_OPEN, _CLOSE = "\ue000", "\ue001"
_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<([a-z_]+)>")


def invented() -> frozenset[str]:
    """Return the words that slots are filled with: names and places that teach nothing."""
    words = " ".join(shape for shapes in _shapes().values() for shape in shapes)
    return frozenset(re.findall(r"[^\W\d_]{2,}", words.casefold())) - _COMMON


@lru_cache(maxsize=1)
def _shapes() -> Mapping[str, tuple[str, ...]]:
    """Return what slots are filled with, by name of slot."""
    lines = (line.partition(" = ") for line in read("slots.txt").splitlines())
    return {name: tuple(shapes.split(" || ")) for name, _, shapes in lines}


def _slot(name: str, rng: random.Random) -> str:
    if name in _shapes():
        return fill(rng.choice(_shapes()[name]), rng)
    made = _NUMBERS.get(name)
    return made(rng) if made else f"<{name}>"


def _day(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(1, 28), rng.randint(1, 12), rng.randint(1995, 2026)


def _date(rng: random.Random) -> str:
    day, month, year = _day(rng)
    word = _shapes()["month"][month - 1]
    return rng.choice(
        (
            f"{day} {word} {year}",
            f"{word} {day}, {year}",
            f"{month:02}/{day:02}/{year}",
            f"{year}-{month:02}-{day:02}",
            f"{day:02}/{month:02}/{year % 100:02}",
        )
    )


def _datum(rng: random.Random) -> str:
    day, month, year = _day(rng)
    word = _shapes()["month_de"][month - 1]
    return rng.choice((f"{day:02}.{month:02}.{year}", f"{day}. {word} {year}"))


def _amount(rng: random.Random) -> str:
    value = rng.choice((9.9, 99, 999, 9999, 99999)) * rng.random() + 1
    return f"{rng.choice(('', '', '$', '£', '€', 'USD '))}{value:,.2f}"


def _betrag(rng: random.Random) -> str:
    value = rng.choice((9.9, 99, 999, 9999)) * rng.random() + 1
    german = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    return german + rng.choice(("", " €", " EUR"))


def _number(rng: random.Random) -> str:
    digits = rng.randint(10**4, 10**8)
    shapes = (f"{digits}", f"{rng.choice('ABCDEFRK')}-{digits}", f"{digits // 100}-{digits % 97}")
    return rng.choice(shapes)


def _time(rng: random.Random) -> str:
    return f"{rng.randint(7, 21)}:{rng.randint(0, 59):02}{rng.choice(('', ' AM', ' PM'))}"


def _iban(rng: random.Random) -> str:
    groups = " ".join(str(rng.randint(1000, 9999)) for _ in range(4))
    return f"DE{rng.randint(10, 99)} {groups} {rng.randint(10, 99)}"


_NUMBERS: Mapping[str, Callable[[random.Random], str]] = {
    "int": lambda rng: str(rng.choice((rng.randint(2, 20), rng.randint(20, 900)))),
    "d": lambda rng: str(rng.randint(1, 9)),
    "letter": lambda rng: rng.choice("ABCDEGHKLMNS"),
    "year": lambda rng: str(rng.randint(1995, 2026)),
    "time": _time,
    "date": _date,
    "datum": _datum,
    "amount": _amount,
    "betrag": _betrag,
    "number": _number,
    "iban": _iban,
}
