"""What kind of thing a question asks for, and whether a sentence holds one; English and German."""

import re
from collections.abc import Mapping
from typing import Literal

Kind = Literal["date", "extent", "money", "share", "number", "who", "where"]
Patterns = Mapping[Kind, re.Pattern[str]]

WEAK = frozenset(
    {"many", "much", "long", "exact", "viel", "lang", "hoch", "gross", "genau"}  # stemmed
)
"""Terms that shape a question and stand in no answer."""

MONTH = r"""(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni
    |july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"""
NUMERAL = r"""(?:\d[\d.,']*|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve
    |fifteen|twenty|thirty|forty|sixty|ninety|ein(?:e[nmrs]?)?|zwei|drei|vier|fünf|sechs|sieben
    |acht|neun|zehn|elf|zwölf|vierzehn|dreißig|sechzig|neunzig)"""
TIME = r"""(?:minutes?|hours?|days?|weeks?|months?|quarters?|years?|minuten?|stunden?|tag(?:en?|es)?
    |wochen?|monat(?:en?|s)?|quartal(?:en?|s)?|jahr(?:en?|es)?)"""
LENGTH = r"(?:[kcm]?m|miles?|feet|ft|yards?|inch(?:es)?|(?:kilo|centi)?met(?:er[ns]?|res?))"
CURRENCY = r"(?:[€$£¥]|\b(?:eur|euros?|usd|gbp|chf|dollars?|pounds?|sterling|franken)\b)"
SCALE = r"(?:\s?(?:thousand|million|billion|m|bn|k|tsd\.?|mio\.?|mrd\.?|tausend|milli\w+))?"


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


# The first kind whose words stand in the question is the one asked for.
ASKED: Patterns = {
    "extent": _words(
        r"""\bhow\ long\b | \bnotice\ period | \bwhat\ (?:term|period) | \brenewal\ term
        | \bhow\ many\ (?:days|weeks|months|years) | \bwie\ lang | kündigungsfrist | \blaufzeit\b
        | \bwie\ viele\ (?:tage|wochen|monate|jahre)"""
    ),
    "date": _words(
        r"""\bwhen\b | \b(?:what|which)\ (?:date|day|year|month) | \bdate\ of\b | \bwann\b
        | \bdatum\b | \bwelche[mrn]\ (?:tag|jahr|monat)"""
    ),
    "share": _words(
        r"""\bpercent | \bwhat\ (?:share|proportion) | \binterest\ rate | \bprozent | \banteil
        | \bzinssatz"""
    ),
    "money": _words(
        r"""\bhow\ much\b | \b(?:prices?|costs?|fees?|salary|wage|rent|fined?|charges?|amount
        |total\ due|premium|deposit|damages|budget)\b | \bwie\ ?viel\b | \bkoste[nt]
        | \b(?:preis|miete|betrag|gehalt|gebühr|summe|kaution|rechnungsbetrag)\b"""
    ),
    "number": _words(
        r"""\bhow\ (?:many|large|big|far|deep|high|tall|wide)\b | \bnumber\ of\b | \banzahl\b
        | \bwie\ (?:viele|groß|hoch|weit|tief|breit)\b"""
    ),
    "who": _words(
        r"""\bwho(?:m|se)?\b | \b(?:which|what)\ (?:person|company|bank|part(?:y|ies))
        | \b(?:which|what)\ (?:law\ )?firm\b
        | \bwer\b | \bwe[mn]\b | \bwessen\b | \bwelche\ (?:firma|person|bank)\b"""
    ),
    "where": _words(
        r"""\bwhere\b | \b(?:which|what)\ (?:city|town|place|country|address|law)\b | \bwo(?:hin)?\b
        | \bwelche[rmn]?\ (?:ort|stadt|land|adresse)\b"""
    ),
}

HELD: Patterns = {
    "extent": _words(rf"\b{NUMERAL}(?:\s?\(\d+\))?[\s-](?:\w+\s)?(?:{TIME}|{LENGTH})\b"),
    "date": _words(
        rf"""\b\d{{1,2}}(?:st|nd|rd|th)?\.?\s(?:of\s)?{MONTH}\b | \b{MONTH}\.?\s\d{{1,4}}\b
        | \b\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}\b | \b\d{{4}}-\d{{2}}-\d{{2}}\b
        | \b(?:19|20)\d\d\b"""
    ),
    "share": _words(rf"\b{NUMERAL}\s?(?:%|per\ ?cent|prozent|vom\ hundert)"),
    # A table gives amounts without their currency.
    "money": _words(
        rf"""{CURRENCY}\s?\d[\d.,']*{SCALE} | \b\d[\d.,']*{SCALE}\s?{CURRENCY}
        | \b\d{{1,3}}(?:[.,']\d{{3}})+(?:[.,]\d{{2}})?\b | \b\d+[.,]\d{{2}}\b"""
    ),
    "number": _words(rf"\b{NUMERAL}\b"),
    # Capitals tell names here, so letter case counts.
    "who": re.compile(r"\b[A-ZÄÖÜ][\w'’-]+\s+(?:(?:&|and|und|von|van|de)\s+)?[A-ZÄÖÜ][\w'’.-]+"),
    "where": re.compile(r"\b(?:in|at|of|near|from|bei|aus|nach)\s+(?:the\s)?[A-ZÄÖÜ][\w-]+"),
}


def asked(question: str) -> Kind | None:
    """Return the kind of thing that a question asks for, None where it does not show."""
    return next((kind for kind, words in ASKED.items() if words.search(question)), None)


def holds(kind: Kind, sentence: str, question: str) -> bool:
    """Tell whether a sentence holds a thing of that kind that the question does not name itself."""
    known = question.casefold()
    found = (match.group().casefold() for match in HELD[kind].finditer(sentence))
    return any(thing not in known for thing in found)
