"""The building blocks of a sample document, before it becomes a PDF, a letter or a page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MM = 72 / 25.4
"""Points in a millimetre."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the document's title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered paragraph with a hanging number."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that keep their breaks, such as an address."""

    lines: tuple[str, ...]
    align: Literal["left", "right", "center"] = "left"
    small: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups of lines side by side, such as an address and the invoice's details."""

    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; the first row is its header, the last `totals` rows are sums.

    `widths` are shares of the text's width and `numeric` counts the right-aligned columns at
    the right end.
    """

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    numeric: int = 0
    totals: int = 0
    look: Literal["rules", "grid", "band"] = "rules"


@dataclass(frozen=True, slots=True)
class Items:
    """A list with bullets."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boxes:
    """A row of a filled-in form: (label, value, share of the width)."""

    fields: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Checks:
    """A question with choices, of which some are ticked."""

    question: str
    choices: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who signs: (signature as written, printed name and role, place and date)."""

    people: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart: (label, value) pairs under a caption."""

    caption: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """White space, in millimetres."""

    mm: float


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a page."""


Block = (
    Heading
    | Prose
    | Clause
    | Lines
    | Pair
    | Facts
    | Grid
    | Items
    | Boxes
    | Checks
    | Signatures
    | Bars
    | Gap
    | Break
)
Blocks = tuple[Block, ...]
Label = Literal["Contracts", "Invoices", "Reports", "Correspondence", "Forms"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One document of the collection and how its bytes are made."""

    path: str
    label: Label
    language: Literal["en", "de"]
    title: str
    make: Callable[[], bytes]


def prose(text: str) -> Blocks:
    """Blocks from a script: `#` to `###` open headings, `- ` items, `| ` lines that keep breaks.

    Empty lines part the blocks; all the rest are paragraphs, their line breaks folded.
    """
    return tuple(_block(part) for part in text.strip().split("\n\n"))


def _block(part: str) -> Block:
    marks, _, words = part.partition(" ")
    if marks and set(marks) == {"#"}:
        return Heading(fold(words), len(marks))
    if marks == "-":
        return Items(tuple(fold(item) for item in ("\n" + part).split("\n- ")[1:]))
    if marks == "|":
        return Lines(tuple(line.removeprefix("| ") for line in part.split("\n")))
    return Prose(fold(part))


def clauses(text: str, mark: str = "{}.") -> Blocks:
    """Numbered clauses from a script: `#` opens a section, every paragraph gets a number.

    `mark` shapes the number of a section, such as "§ {}".
    """
    blocks: list[Block] = []
    section = clause = 0
    for part in text.strip().split("\n\n"):
        if part.startswith("# "):
            section, clause = section + 1, 0
            blocks.append(Heading(f"{mark.format(section)} {fold(part[2:])}", 3))
        else:
            clause += 1
            blocks.append(Clause(f"{section}.{clause}", fold(part)))
    return tuple(blocks)


def fold(text: str) -> str:
    """One line out of several."""
    return " ".join(text.split())
