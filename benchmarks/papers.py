"""Documents of our own invention for load and chaos: every kind and length, no two alike."""

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from hashlib import sha256

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

LINES_PER_PAGE = 46
LONG_EVERY, DAMAGED_EVERY, REFUSED_EVERY = 20, 40, 75
LONG_PAGES, LESS_LONG_PAGES = 36, 14

FIRMS = ("Harrow & Pike", "Oakline", "Tidewell", "Copperline", "Marnock", "Aldersgate", "Lanterna")
FORMS = ("Ltd", "GmbH", "Inc.", "Cooperative", "Partners", "Works", "Holdings", "Foundation")
FIRST = ("Ines", "Tomas", "Wanda", "Kofi", "Lena", "Pavel", "Amira", "Jonas", "Noor", "Greta")
LAST = ("Ferreira", "Holt", "Okafor", "Lindqvist", "Moreau", "Drummond", "Vasquez", "Brandt")
GOODS = ("pumps", "valves", "desks", "cartridges", "lamps", "filters", "licences", "uniforms")
TOPICS = ("harbour", "archive", "greenhouse", "tramway", "bakery", "observatory", "quarry", "mill")
VERBS = ("inspected", "approved", "renewed", "postponed", "measured", "delivered", "audited")
PLACES = ("Rookhope", "Hallam", "Orchard", "Finch", "Ostvik", "Brennet", "Calder", "Solmark")


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as a client would send it."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """What the service knows it by."""
        return sha256(self.data).hexdigest()


def papers(number: int, seed: int = 1, long_pages: int = LONG_PAGES) -> list[Paper]:
    """Return that many documents, the same ones for the same seed.

    One in twenty is long, one in forty is a damaged PDF, one in seventy-five of no readable kind.
    """
    return [_paper(n, random.Random(f"{seed}/{n}"), long_pages) for n in range(number)]  # noqa: S311


def _paper(n: int, dice: random.Random, long_pages: int) -> Paper:
    if n % DAMAGED_EVERY == DAMAGED_EVERY // 2:
        return Paper(f"damaged-{n}.pdf", b"%%PDF-1.7\n1 0 obj\n<< /Kind %d >>\n" % n)
    if n % REFUSED_EVERY == REFUSED_EVERY // 2:
        return Paper(f"scan-{n}.png", b"\x89PNG\r\n\x1a\n" + dice.randbytes(64))
    if n % LONG_EVERY == LONG_EVERY // 4:
        pages = (
            long_pages if n % (2 * LONG_EVERY) < LONG_EVERY else min(LESS_LONG_PAGES, long_pages)
        )
        return Paper(f"report-{n}.pdf", _pdf(_report(n, dice, pages)))
    make = KINDS[n % len(KINDS)]
    return make(n, dice)


def _invoice(n: int, dice: random.Random) -> Paper:
    rows = [
        f"{dice.randint(1, 40):>4} x {dice.choice(GOODS):<12} {dice.randint(3, 900)}.00 EUR"
        for _ in range(dice.randint(2, 14))
    ]
    lines = [
        *_head(dice),
        "",
        f"INVOICE No. {n}-{dice.randint(1000, 9999)}",
        f"Invoice date: {_date(dice)}    Payment due within {dice.choice((14, 30))} days",
        f"Bill to: {_person(dice)}, {_firm(dice)}",
        "",
        *rows,
        f"Total due: {dice.randint(100, 99_000)}.{dice.randint(10, 99)} EUR incl. VAT 20%",
        "Please remit payment to our bank account, quoting the invoice number.",
    ]
    return Paper(f"invoice-{n}.pdf", _pdf(lines))


def _letter(n: int, dice: random.Random) -> Paper:
    lines = [
        *_head(dice),
        "",
        f"Dear {_person(dice)},",
        "",
        *_prose(dice, dice.randint(4, 24)),
        "",
        "Yours sincerely,",
        f"{_person(dice)} ({n})",
    ]
    return Paper(f"letter-{n}.txt", "\n".join(lines).encode())


def _contract(n: int, dice: random.Random) -> Paper:
    lines = [f"SERVICE AGREEMENT No. {n}", f"between {_firm(dice)} and {_firm(dice)}", ""]
    for clause in range(1, dice.randint(8, 40)):
        lines += [
            f"{clause}. The Supplier shall keep the {dice.choice(TOPICS)} until {_date(dice)};",
            f"   liability under clause {clause} is limited to {dice.randint(1, 90) * 1000} EUR,",
            f"   and either party may terminate on {dice.randint(1, 12)} months' written notice.",
        ]
    lines += ["Governing law and jurisdiction: the courts of the Supplier's seat.", "Signed:"]
    return Paper(f"contract-{n}.pdf", _pdf(lines))


def _form(n: int, dice: random.Random) -> Paper:
    fields = ("Surname", "First name", "Date of birth", "Address", "Department", "Reason", "Period")
    lines = [f"# Application form {n}: {dice.choice(('leave', 'refund', 'access', 'permit'))}", ""]
    lines += [f"- **{field}:** {dice.choice((_person, _date, _firm))(dice)}" for field in fields]
    lines += ["", "[x] I agree    [ ] I do not agree", f"Signature: {_person(dice)}, {_date(dice)}"]
    return Paper(f"form-{n}.md", "\n".join(lines).encode())


def _email(n: int, dice: random.Random) -> Paper:
    message = EmailMessage()
    message["From"] = f"{dice.choice(FIRST).lower()}@example.com"
    message["To"] = "office@example.org"
    message["Subject"] = f"The {dice.choice(TOPICS)} in {dice.choice(PLACES)}, case {n}"
    message["Date"] = f"{dice.randint(1, 28)} Aug 2025 10:{dice.randint(10, 59)}:00 +0000"
    body = [f"Dear {dice.choice(FIRST)},", "", *_prose(dice, dice.randint(3, 12)), "", "Regards"]
    message.set_content("\n".join(body))
    return Paper(f"mail-{n}.eml", message.as_bytes())


def _table(n: int, dice: random.Random) -> Paper:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("quarter", "region", "revenue", "cost", f"report {n}"))
    for row in range(dice.randint(6, 60)):
        place = dice.choice(PLACES)
        writer.writerow((f"Q{row % 4 + 1}", place, dice.randint(10, 9999), dice.random(), row))
    return Paper(f"figures-{n}.csv", buffer.getvalue().encode())


KINDS: tuple[Callable[[int, random.Random], Paper], ...] = (
    _invoice,
    _letter,
    _contract,
    _form,
    _email,
    _table,
)


def _report(n: int, dice: random.Random, pages: int) -> list[str]:
    title = f"ANNUAL REPORT {n} of {_firm(dice)}, financial year {dice.randint(1990, 2025)}"
    return [title, "", *_prose(dice, pages * LINES_PER_PAGE - 2)]


def _prose(dice: random.Random, lines: int) -> list[str]:
    return [
        f"On {_date(dice)} {_person(dice)} {dice.choice(VERBS)} the {dice.choice(TOPICS)} at "
        f"{dice.choice(PLACES)}, file {dice.randint(1, 10**7)}."
        for _ in range(lines)
    ]


def _pdf(lines: list[str]) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    for start in range(0, len(lines), LINES_PER_PAGE):
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate(lines[start : start + LINES_PER_PAGE]):
            canvas.drawString(50, 790 - row * 15, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _head(dice: random.Random) -> list[str]:
    return [_firm(dice), f"{dice.randint(1, 200)} {dice.choice(PLACES)} Road", _date(dice)]


def _firm(dice: random.Random) -> str:
    return f"{dice.choice(FIRMS)} {dice.choice(FORMS)}"


def _person(dice: random.Random) -> str:
    return f"{dice.choice(FIRST)} {dice.choice(LAST)}"


def _date(dice: random.Random) -> str:
    return f"{dice.randint(1, 28)} {dice.choice(('March', 'June', 'October'))} 2025"
