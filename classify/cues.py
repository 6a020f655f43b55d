"""How the facts of each class are written, English and German: one table of patterns a class."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from classify import values
from core.documents import Page, ParsedDocument

FIRST_PAGES = 5
LAST_PAGES = 2
"""Totals and signatures stand at the end."""
PAGE_CHARACTERS = 20_000
CLAUSE_CHARACTERS = 400_000
"""How far into a contract a clause such as its governing law is looked for."""
TOP_CHARACTERS = 600
HEAD_CHARACTERS = 4_000
"""Where a title, the parties or a letter's head stand."""
MOST_TITLE_WORDS = 10
START = r"[ \t]*(?:[-*][ \t]+)?[*]{0,2}"
"""What may stand before a field's name in a line: a bullet, and stars for bold letters."""
FLAGS: int = re.IGNORECASE | re.MULTILINE


@dataclass(frozen=True, slots=True)
class Reading:
    """The parts of a document that are read for facts, and the one currency it speaks of."""

    head: tuple[Page, ...]
    near: tuple[Page, ...]
    far: tuple[Page, ...]
    currency: str | None

    @classmethod
    def of(cls, document: ParsedDocument) -> Self:
        """Bound what will be searched, whatever the size of the document."""
        near = tuple(
            Page(page.number, page.text[:PAGE_CHARACTERS]) for page in _ends(document.pages)
        )
        return cls(
            head=tuple(_until(document.pages, HEAD_CHARACTERS)),
            near=near,
            far=tuple(_until(document.pages, CLAUSE_CHARACTERS)),
            currency=values.only_currency("\n".join(page.text for page in near)),
        )


Reader = Callable[[re.Match[str], Reading], str | None]
"""Returns the normalised value of a match, or None for what only looks like one."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One way in which a fact is written: a pattern with a group `value`, and how to read it.

    `last` takes the last place instead of the first, as for a total below its parts.
    """

    name: str
    pattern: re.Pattern[str]
    read: Reader
    where: Callable[[Reading], Sequence[Page]] = lambda reading: reading.near
    last: bool = False


def _ends(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    if len(pages) <= FIRST_PAGES + LAST_PAGES:
        return pages
    return pages[:FIRST_PAGES] + pages[-LAST_PAGES:]


def _until(pages: Sequence[Page], characters: int) -> Iterator[Page]:
    for page in pages:
        if characters <= 0:
            return
        yield Page(page.number, page.text[:characters])
        characters -= len(page.text)


def _header(match: re.Match[str], reading: Reading) -> str | None:
    """Read a line of a mail's header; lines of a mail quoted further down belong to another."""
    if _HEADER.match(match.string) and "\n\n" in match.string[: match.start()]:
        return None
    return _words(match, reading)


def _title(text: str) -> str | None:
    """Return a line that can be a title: some words from a capital on, no sentence, no leader."""
    words = text.split()
    if not 1 <= len(words) <= MOST_TITLE_WORDS or not words[0][0].isupper():
        return None
    if words[-1][-1] in ".,;:" or ".." in text or "http" in text or "www." in text:
        return None
    return " ".join(words)


def _report_title(text: str) -> str | None:
    """Return a line that can be the title of a report: more than the bare word, no field."""
    title = _title(text)
    return title if title and len(title.split()) > 1 and ":" not in title else None


_FORM_WORD = (
    r"application|registration|request|survey|questionnaire|declaration|enrol+ment|claim|order"
    r"|(?:tax|information)[ ]return|form|\w{0,20}antrag|Anmeldung|Fragebogen|Erklärung|Formular"
)
_WHOLE_DATE = re.compile(values.DATE, re.IGNORECASE)
_FIELD = re.compile(r"[=:?|_]|\b(?:number|date|signature|name|address)\b", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"(?:received|name|see|attach|if|what|who|when|how|use|go|do|this|please|before|to|check|for"
    r"|enter|complete|submit|return|sign|send|if|bitte|name\(s\))\b",
    re.IGNORECASE,
)


def _form_title(text: str) -> str | None:
    """Return a line that can be the title of a form: no label of a field, no instruction."""
    title = _title(text)
    if title is None or _NO_TITLE.match(title) or _FIELD.search(title):
        return None
    # "Legal form" is a field; a title writes what the form is with a capital.
    kinds = re.findall(rf"\b(?:{_FORM_WORD})\b", title, re.IGNORECASE)
    return title if any(kind[0].isupper() for kind in kinds) else None


# Readers: what a match must hold to count.


def _words(match: re.Match[str], _: Reading) -> str | None:
    return " ".join(match["value"].split()).strip(" ,;:-") or None


def _date(match: re.Match[str], _: Reading) -> str | None:
    return values.read_date(match["value"])


def _identifier(match: re.Match[str], _: Reading) -> str | None:
    """A number of something holds a digit and is no date; a label beside it is neither."""
    value = match["value"].rstrip(".,;:-/")
    if not any(sign.isdigit() for sign in value) or _WHOLE_DATE.fullmatch(value):
        return None
    return value


def _amount(match: re.Match[str], reading: Reading) -> str | None:
    """Money has a currency beside it or two decimals: "within 30 days" has neither."""
    number = values.read_number(match["value"])
    beside = values.read_currency(match[0])
    gap = match["gap"].casefold()
    if number is None or _PART.search(gap) or (_TAX.search(gap) and not _INCLUDED.search(gap)):
        return None
    if not beside and not re.search(r"[.,]\d{2}$", match["value"]):
        return None
    currency = beside or reading.currency
    return f"{number:.2f} {currency}" if currency else f"{number:.2f}"


def _iban(match: re.Match[str], _: Reading) -> str | None:
    return values.read_iban(match["value"])


def _name(match: re.Match[str], _: Reading) -> str | None:
    """A name starts with a capital and is neither a field's label nor a blank to fill in."""
    value = " ".join(match["value"].split()).strip(' ,;:-"“”')
    if value.split()[:1] and value.split()[0].casefold() in _NOBODY:
        return None
    if (
        not value
        or not (value[0].isupper() or value[0].isdigit())
        or value.endswith(":")
        or "__" in value
    ):
        return None
    return value


def _lone(read: Reader) -> Reader:
    """Read a value that stands below its label, unless labels are stacked and values apart."""

    def checked(match: re.Match[str], reading: Reading) -> str | None:
        above = match.string[max(0, match.start() - 200) : match.start()].strip().rsplit("\n")[-1]
        return None if _LABEL_LINE.fullmatch(above.strip()) else read(match, reading)

    return checked


_NOBODY = {"the", "this", "each", "such", "said", "our", "your", "any"}
_HEADER = re.compile(r"\s{0,20}(?:From|To|Date|Sent|Subject|Von|An|Datum|Betreff)[ \t]?:")
_PART = re.compile(r"\b(?:excl|exkl|zzgl|ohne|netto|net|before|sub|discount|saved|items|der)\b")
_TAX = re.compile(r"\b(?:vat|tax|ust|mwst|steuer)\b")
_INCLUDED = re.compile(r"\binc|\bink|\bbrutto|\bgross")
_LABEL_LINE = re.compile(
    r"(?:[\w.-]+[ ]){0,2}(?:date|number|no\.?|#|due|total|terms|reference|ref|nr\.?)[ ]?:?"
    r"|\w*(?:datum|nummer|betrag)[ ]?:?",
    re.IGNORECASE,
)


def _compile(pattern: str, flags: int = FLAGS) -> re.Pattern[str]:
    """Compile a pattern whose `[ ]`, with or without a tab, also means a space that binds."""
    return re.compile(pattern.replace("[ ]", r"[ \xa0]").replace(r"[ \t]", r"[ \t\xa0]"), flags)


def _labelled(name: str, labels: str, value: str, read: Reader) -> tuple[Cue, Cue]:
    """Find a value beside its label, else alone on the line below it."""
    beside = rf"(?<![\w-])(?:{labels})[ \t]*(?:[:=.#№|][ \t]*){{0,3}}(?P<value>{value})"
    below = rf"^[ \t]*(?:{labels})[ \t]*:?[ \t]*\r?\n[ \t]*(?P<value>{value})[ \t]*\r?$"
    return (
        Cue(name, _compile(beside), read),
        Cue(name, _compile(below), _lone(read)),
    )


def _money(name: str, labels: str, *, last: bool = False) -> tuple[Cue, ...]:
    """Find an amount on the line of its label, or alone on the line below it."""
    amount = rf"{values.CURRENCY}?[ \t]?(?P<value>{values.NUMBER})(?:[ \t]?{values.CURRENCY})?"
    beside = rf"(?<![\w-])(?:{labels})(?P<gap>[^\d\n]{{0,40}}?){amount}"
    below = rf"^[ \t]*(?:{labels})(?P<gap>[^\d\n]{{0,20}})\r?\n[ \t]*{amount}[ \t]*\r?$"
    return (
        Cue(name, _compile(beside), _amount, last=last),
        Cue(name, _compile(below), _lone(_amount), last=last),
    )


def _in_head(reading: Reading) -> Sequence[Page]:
    return reading.head


def _far(reading: Reading) -> Sequence[Page]:
    return reading.far


_ID = r"[A-Z0-9][A-Z0-9./_-]{1,30}"
_SPACE = r"[ \t\xa0]{1,8}"
_WRAP = r"(?:[ \t\xa0]{1,8}|[ \t\xa0]{0,4}\r?\n[ \t]{0,12})"
_SUFFIX = (
    r"(?i:Inc|Incorporated|Corp|Corporation|L\.?L\.?C|L\.?L\.?P|L\.?P|Ltd|Limited|Company|N\.?A"
    r"|Trust|Bank|plc|GmbH(?:[ ]&[ ]Co\.?(?:[ ]KG)?)?|AG|SE|KG|e\.V|S\.A|B\.V|N\.V|Pty)\b\.?"
)
_NAME_WORD = r"[A-Z0-9ÄÖÜ][\w&.'’-]{0,40}"


def _firm(space: str) -> str:
    """Match the name of a firm, read with case: "the company" is nobody."""
    return rf"{_NAME_WORD}(?:,?{space}(?:&|of|und|and|{_NAME_WORD})){{0,6}}?,?{space}{_SUFFIX}"


_INVOICE = r"(?:(?:tax|sales)[ ])?invoice|receipt|credit[ ]note|bill"
INVOICES = (
    *_labelled(
        "invoice_number",
        rf"(?:{_INVOICE})[ ]?(?:number|num|no|nr|id|\#)(?!\w)\.?"
        r"|(?:Rechnungs|Beleg|Gutschrifts|Quittungs)-?(?:nummer|nr\.?)"
        r"|(?:Handels)?rechnung[ ](?:Nr\.?|Nummer)",
        _ID,
        _identifier,
    ),
    Cue(
        "invoice_number",
        _compile(rf"^[ \t]*(?:invoice|Rechnung)[ ](?P<value>{_ID})[ \t]*\r?$"),
        _identifier,
        _in_head,
    ),
    *_money(
        "total_due",
        r"(?:net[ ])?(?:total[ ])?amount[ ](?:now[ ])?(?:due|payable)|total[ ](?:amount[ ])?due"
        r"|balance[ ]due|(?:total[ ])?payable|please[ ]pay|Zahlbetrag|Offener[ ]Betrag"
        r"|Zu[ ]zahlen(?:der[ ]Be(?:i)?trag)?|Fälliger[ ]Betrag",
    ),
    *_money(
        "total_due",
        r"grand[ ]total|invoice[ ]total|total[ ]amount|total[ ]incl?\b|total[ ]including"
        r"|Rechnungs(?:gesamt)?betrag|Rechnungssumme[ ]Brutto|Gesamt(?:betrag|summe)|Bruttosumme"
        r"|Endbetrag|Summe[ ]brutto",
    ),
    *_money("total_due", r"total|Summe", last=True),
    *_labelled(
        "due_date",
        r"(?:payment[ ])?due(?:[ ]date|[ ]on|[ ]by)?|pay(?:able|ment[ ]due)?[ ](?:by|until|before)"
        r"|zahlbar[ ](?:bis|spätestens)(?:[ ](?:zum|spätestens|am))?|fällig[ ](?:am|bis|zum)"
        r"|Fälligkeit(?:sdatum|stag)?|zahlungsziel|(?:netto|zu[ ]zahlen)[ ]bis(?:[ ]zum)?",
        values.DATE,
        _date,
    ),
    *_labelled(
        "invoice_date",
        r"(?:invoice|billing|receipt|issue)[ ]date|date[ ]of[ ](?:issue|invoice)|issued(?:[ ]on)?"
        r"|(?:Rechnungs|Beleg|Ausstellungs)-?datum"
        r"|(?:Handels)?rechnung[ ]Nr\.?[ ]?[\w./-]{1,30}[ ]vom",
        values.DATE,
        _date,
    ),
    Cue(
        "invoice_date",
        _compile(rf"^[ \t]*(?:date|datum)[ \t]*:?[ \t]*(?P<value>{values.DATE})"),
        _date,
    ),
    Cue(
        "seller",
        _compile(
            r"^[ \t]*(?:From|Seller|Vendor|Supplier|Verkäufer|Rechnungs(?:aus|er)?steller"
            r"|Lieferant)[ \t]*:?[ \t]*(?:\r?\n[ \t]*)?(?:[^\n:]{1,40}:[^\n]{0,60}\r?\n[ \t]*){0,3}"
            rf"(?P<value>{_firm(_SPACE)})",
            re.MULTILINE,
        ),
        _name,
    ),
    Cue(
        "billing_period",
        _compile(
            r"(?<!\w)(?:(?:invoice|billing|service)[ ]period|(?:Rechnungs|Leistungs|Abrechnungs)"
            rf"zeitraum)[ ]?:?[ ]?(?P<value>{values.DATE}[ ]?(?:-|–|to|bis)[ ]?{values.DATE})"
        ),
        _words,
    ),
    Cue(
        "payment_terms",
        _compile(
            r"(?<!\w)(?:payment[ ])?terms[ ]?:?[ ](?P<value>(?:net[ ])?\d{1,3}[ ]days(?:[ ]net)?"
            r"|net[ ]\d{1,3}|due[ ]on[ ]receipt)\b"
            r"|(?:zahlbar|Zahlung)[ ](?:innerhalb|binnen)[ ](?:von[ ])?(?P<days>\d{1,3}[ ]Tagen)\b"
        ),
        lambda match, _: " ".join((match["value"] or match["days"]).split()),
    ),
    *_labelled(
        "order_number",
        r"(?:purchase[ ])?order[ ]?(?:number|no|\#)(?!\w)\.?|PO[ ]?(?:number|no|\#)(?!\w)\.?"
        r"|purchase[ ]order|Bestell(?:ung|nummer|-Nr\.?)(?:[ ]Nr\.?)?",
        _ID,
        _identifier,
    ),
    Cue(
        "iban",
        _compile(rf"(?<!Käufer-)\bIBAN(?:-Nr)?[ \t.:]*(?P<value>{values.IBAN})"),
        _iban,
    ),
)

_BETWEEN = r"\b(?i:by\s+and\s+between|by\s+and\s+among|between|among|zwischen)[ \t:]{0,4}\s{1,8}"
_ARTICLE = r"(?:(?i:the|der)\s{1,8})?"
CONTRACTS = (
    Cue(
        "agreement",
        _compile(
            r"^[ \t]*(?P<value>(?:[A-Z][\w&,’'/-]{0,30}[ ]{1,4}|(?:and|of|for|the|to|&)[ ]){1,8}?"
            r"(?:AGREEMENT|Agreement|CONTRACT|Contract|LEASE|Lease|VERTRAG|[A-Z]\w{2,40}vertrag"
            r"|[A-ZÄÖÜ]{2,40}VERTRAG|AMENDMENT[ ]NO\.[ ]?\d{1,3}))[ \t]*\r?$",
            re.MULTILINE,
        ),
        _words,
        _in_head,
    ),
    Cue(
        "party",
        _compile(rf"{_BETWEEN}{_ARTICLE}(?P<quote>(?P<value>{_firm(_WRAP)}))"),
        _name,
        _in_head,
    ),
    Cue(
        "counterparty",
        _compile(
            rf"{_BETWEEN}[^§]{{5,600}}?\b(?:and|und)\s{{1,8}}{_ARTICLE}"
            rf"(?P<quote>(?P<value>{_firm(_WRAP)}))"
        ),
        _name,
        _in_head,
    ),
    Cue(
        "effective_date",
        _compile(
            r"\b(?:effective|made|entered\s{1,4}into|dated|mit\s{1,4}Wirkung|beginnt|tritt)\b"
            rf"[^.;\d]{{1,60}}?(?P<value>{values.DATE})",
        ),
        _date,
        _in_head,
    ),
    Cue(
        "governing_law",
        _compile(
            r"\b(?:governed|construed|interpreted)\b[^.;]{0,160}?\blaws?\s{1,8}of\s{1,8}"
            r"(?:the\s{1,8})?(?:(?:State|Commonwealth|Province)\s{1,8}of\s{1,8})?"
            r"(?P<value>(?-i:England\s{1,8}and\s{1,8}Wales|[A-Z][\w’'-]{1,30}(?:\s{1,8}(?:of\s{1,8}(?:the\s{1,8})?)?"
            r"(?!WITHOUT|REGARDLESS|EXCLU|APPLIC|AND\b|AS\b)[A-Z][\w’'-]{1,30}){0,4}))",
        ),
        _words,
        _far,
    ),
    Cue(
        "governing_law",
        _compile(
            r"\b(?P<value>Recht\s{1,4}der\s{1,4}Bundesrepublik\s{1,4}Deutschland"
            r"|(?:deutsches|österreichisches|schweizerisches)\s{1,4}Recht)\b",
        ),
        _words,
        _far,
    ),
    Cue(
        "term",
        _compile(
            r"\bterm(?:\s{1,8}of\s{1,8}(?:this|the)\s{1,8}\w{2,20})?\s{1,8}"
            r"(?:shall\s{1,8}be|will\s{1,8}be|is|of|for|shall\s{1,8}\w{2,12}\b[^.;\d]{0,80}?)\s{1,8}"
            r"(?:for\s{1,8})?(?:an?\s{1,8})?(?:initial\s{1,8})?(?:period\s{1,8}of\s{1,8})?"
            r"(?:\w{3,12}\s{1,8})?(?P<value>\(?\d{1,3}\)?[\s-]{1,8}(?:years?|months?))\b",
        ),
        lambda match, _: " ".join(re.sub(r"[()-]", " ", match["value"]).split()),
        _far,
    ),
    Cue(
        "term",
        _compile(
            r"\b(?:Laufzeit|Dauer)\b[^.;\d]{0,60}?(?P<value>\d{1,3}\s{1,4}(?:Jahren?|Monaten?))\b",
        ),
        _words,
        _far,
    ),
)

_REPORT_WORD = (
    r"reports?|financial[ ]statements|review|\w{0,30}bericht|Jahresabschluss|Konzernabschluss"
)
REPORTS = (
    Cue(
        "report",
        _compile(r"^[ \t]*(?P<value>FORM[ ]10-[KQ](?:/A)?)\b"),
        _words,
        _in_head,
    ),
    Cue(
        "report",
        _compile(
            rf"^[ \t]*(?P<value>[^\n]{{0,70}}\b(?:{_REPORT_WORD})\b[^\n]{{0,40}})\r?$",
        ),
        lambda match, _: _report_title(match["value"]),
        _in_head,
    ),
    Cue(
        "organisation",
        _compile(
            r"^[ \t]*(?P<value>[^\n]{2,80})\r?\n(?:[ \t_]*\r?\n)?[ \t]*\(exact[ ]name[ ]of[ ]",
        ),
        _name,
    ),
    Cue(
        "organisation",
        _compile(rf"^[ \t]*(?P<value>{_firm(_SPACE)})[ \t]*\r?$", re.MULTILINE),
        # Further down such a line is a registrar, a bank or an auditor.
        lambda match, reading: _name(match, reading) if match.start() < TOP_CHARACTERS else None,
        _in_head,
    ),
    Cue(
        "period_end",
        _compile(
            r"\b(?:for|as[ ](?:of|at))[ ](?:the[ ])?(?:\w{3,12}[ ]){0,3}(?:ended|ending|to)[ ]{0,3}"
            rf"(?P<value>{values.DATE})",
        ),
        _date,
    ),
    Cue(
        "fiscal_year",
        _compile(
            r"\b(?:fiscal(?:[ ]year)?|financial[ ]year|Geschäftsjahr|annual[ ]report|Jahresbericht"
            r"|Geschäftsbericht)[ ]?(?:for[ ]|of[ ])?(?P<value>(?:19|20)\d{2}(?:[/-]\d{2,4})?)\b",
        ),
        _words,
    ),
    *_labelled("file_number", r"Commission[ ]file[ ](?:number|no)\.?", _ID, _identifier),
)

_LINE = r"[ \t]*[:|][ \t]*(?P<value>\S[^\n]{0,300})"
CORRESPONDENCE = (
    Cue("from", _compile(rf"^(?:From|Von|Absender){_LINE}"), _header, _in_head),
    Cue("to", _compile(rf"^(?:To|An|Empfänger){_LINE}"), _header, _in_head),
    Cue(
        "date",
        _compile(
            r"^(?:Date|Datum|Sent|Gesendet)[ \t]*[:|][ \t]*[^\n\d]{0,30}"
            rf"(?P<value>{values.DATE})[^\n]{{0,60}}",
        ),
        _date,
        _in_head,
    ),
    Cue(
        "date",
        _compile(
            rf"^[ \t]*(?:[A-Z][^\n\d,]{{1,30}},?[ \t]{{1,4}}(?:den[ ]|the[ ])?)?"
            rf"(?P<value>{values.DATE})[ \t]*\r?$",
        ),
        _date,
        _in_head,
    ),
    Cue("subject", _compile(rf"^(?:Subject|Re|Betreff|Betr\.?){_LINE}"), _header, _in_head),
    *_labelled(
        "reference",
        r"(?:(?:our|your|case|customer|account|order|policy|contract|claim|ticket|invoice)[ ])"
        r"(?:reference|ref|number|no)\b\.?|reference|Aktenzeichen|(?:Unser|Ihr)[ ]Zeichen"
        r"|(?:Kunden|Vertrags|Auftrags|Vorgangs|Bestell)(?:nummer|-Nr\.?)",
        _ID,
        _identifier,
    ),
    Cue(
        "addressee",
        _compile(
            r"^[ \t]*(?:Dear|Sehr[ ]geehrter?|Liebe[r]?)[ ](?P<value>[A-Z][^\n,:;!]{1,60})[,:!]",
            re.MULTILINE,
        ),
        _name,
        _in_head,
    ),
    Cue(
        "signed_by",
        _compile(
            r"^[ \t]*(?:Yours[ ](?:sincerely|faithfully|truly)|Sincerely(?:[ ]yours)?"
            r"|(?:Kind|Best|Warm)[ ]regards|Regards|Mit[ ]freundlichen[ ]Gr(?:ü|ue)(?:ß|ss)en)"
            r"[,.]?[ \t]*(?:\r?\n[ \t]*){1,5}"
            r"(?P<value>[A-ZÄÖÜ][\w.'’-]{0,30}(?:[ ][A-ZÄÖÜ][\w.'’-]{0,30}){1,3})[ \t]*\r?$",
            re.MULTILINE,
        ),
        _name,
    ),
)

_APPLICANT = (
    r"(?:\d{1,2}[.)]?[ ])?(?:(?:full|your)[ ]name"
    r"|name(?:[ ]of[ ](?:the[ ])?(?:applicant|registrant))?"
    r"|applicant(?:['’]s[ ]name|[ ]name)?|registrant(?:[ ]name)?|Antragsteller(?:in)?"
    r"|Name,[ ]Vorname|Vor-[ ]und[ ](?:Nachname|Zuname))"
)
FORMS = (
    Cue(
        "form_number",
        _compile(
            r"^[ \t]*(?:F(?:orm|ORM)|Formular|Vordruck)[ ]{1,3}(?:N[or]\.?[ ]?)?"
            r"(?P<value>[A-Z]{0,4}-?\d{1,5}(?:-?[A-Z]{1,4})?)(?![\w-])",
            re.MULTILINE,
        ),
        _identifier,
        _in_head,
    ),
    Cue(
        "form_title",
        _compile(rf"^[ \t]*(?P<value>[^\n\d]{{0,60}}\b(?:{_FORM_WORD})\b[^\n\d]{{0,40}})\r?$"),
        lambda match, _: _form_title(match["value"]),
        _in_head,
    ),
    Cue(
        "applicant",
        _compile(rf"^{START}{_APPLICANT}[ \t]*[:=][*]{{0,2}}[ \t]*(?P<value>[^\n_:]{{2,60}})\r?$"),
        _name,
        _in_head,
    ),
    Cue(
        "applicant",
        _compile(rf"^[ \t]*{_APPLICANT}[ \t]*\r?\n[ \t]*(?P<value>[^\n_:=]{{2,60}})\r?$"),
        _lone(_name),
        _in_head,
    ),
    *_labelled(
        "registration_number",
        r"(?:\d{1,2}[.)]?[ ])?Registration[ ](?:number|no)\.?",
        _ID,
        _identifier,
    ),
    *_labelled("omb_number", r"OMB[ ]?No\.?", r"\d{4}-\d{4}", _identifier),
)

CUES: dict[str, tuple[Cue, ...]] = {
    "Contracts": CONTRACTS,
    "Invoices": INVOICES,
    "Reports": REPORTS,
    "Correspondence": CORRESPONDENCE,
    "Forms": FORMS,
}
"""The cues of each label, the most useful fact first; the first cue of a name to hold wins."""
