"""Reads dates, amounts, currencies and bank accounts as they stand in English and German text."""

import re
from datetime import date
from decimal import Decimal

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner",
            "february feb februar",
            "march mar märz maerz mrz",
            "april apr",
            "may mai",
            "june jun juni",
            "july jul juli",
            "august aug",
            "september sep sept",
            "october oct oktober okt",
            "november nov",
            "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
CODES = ("EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "CZK", "MYR")
IBAN_LENGTHS = range(15, 35)
CENTURY_TURN = 70
"""Two-digit years from here on belong to the last century."""

_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_GAP = r"[ \t\r\n\xa0]{1,12}"
DATE = (
    r"(?:\d{4}-\d{2}-\d{2}"
    r"|\d{1,2}\.[ ]?\d{1,2}\.[ ]?(?:\d{4}|\d{2})"
    r"|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\.?(?:{_GAP}day{_GAP}of)?{_GAP}{_MONTH},?{_GAP}\d{{4}}"
    rf"|{_MONTH}{_GAP}\d{{1,2}}(?:st|nd|rd|th)?(?:{_GAP})?,?(?:{_GAP})?\d{{4}})(?![\d-])"
)
"""A date, to be used inside a pattern that ignores case."""

CURRENCY = r"(?:[€£$¥]|\b(?:" + "|".join(CODES) + r")\b)"
NUMBER = (
    r"-?(?:\d{1,3}(?:[.,'’ \xa0\u202f]\d{3}){1,4}(?:[.,]\d{2})?|\d{1,12}(?:[.,]\d{1,2})?)"
    r"(?![\d%])(?![.,]\d)"
)
IBAN = r"[A-Z]{2}\d{2}(?:[ \xa0]?[A-Z0-9]{2,4}){3,8}"


def read_date(text: str) -> str | None:
    """Return a date as YYYY-MM-DD, as written where day and month cannot be told apart, or None.

    None means that it is no date of the calendar.
    """
    lower = text.casefold()
    numbers = [int(number) for number in re.findall(r"\d+", lower)]
    word = next((MONTHS[w] for w in re.findall(r"[^\W\d_]+", lower) if w in MONTHS), None)
    if word is not None and len(numbers) == 2:  # noqa: PLR2004 (day and year)
        return _iso(numbers[1], word, numbers[0])
    if len(numbers) != 3:  # noqa: PLR2004 (day, month and year)
        return None
    if re.match(r"\d{4}", lower):
        return _iso(*numbers)
    first, second, year = numbers
    if "." in lower:
        return _iso(year, second, first)
    return _slashed(first, second, year, text)


def _slashed(first: int, second: int, year: int, text: str) -> str | None:
    """Read 3/12/2024: only where one number can be no month, or both are the same, it is plain."""
    month_first, day_first = _iso(year, first, second), _iso(year, second, first)
    if month_first and day_first and month_first != day_first:
        return " ".join(text.split())
    return month_first or day_first


def _iso(year: int, month: int, day: int) -> str | None:
    if year < 100:  # noqa: PLR2004 (two digits)
        year += 1900 if year >= CENTURY_TURN else 2000
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def read_number(text: str) -> Decimal | None:
    """Return a number written the English, German or Swiss way: 1,234.50 or 1.234,50 or 1'234.50.

    A single separator with three digits behind it groups thousands.
    """
    compact = re.sub(r"[\s'’\xa0\u202f]", "", text)
    match = re.fullmatch(r"(-?)([\d.,]*?\d)(?:[.,](\d{1,2}))?", compact)
    if not match:
        return None
    sign, whole, cents = match.groups()
    return Decimal(f"{sign}{re.sub('[.,]', '', whole)}.{cents or '00'}")


def read_currency(text: str) -> str | None:
    """Return the ISO code of the first currency sign or code in a text, or None."""
    match = re.search(CURRENCY, text)
    return SYMBOLS.get(match[0], match[0]) if match else None


def only_currency(text: str) -> str | None:
    """Return the ISO code of the one currency that a text speaks of; None if none or several."""
    found = {SYMBOLS.get(sign, sign) for sign in re.findall(CURRENCY, text)}
    return found.pop() if len(found) == 1 else None


def read_iban(text: str) -> str | None:
    """Return an IBAN without spaces if its check digits hold (ISO 13616, modulo 97), else None."""
    compact = re.sub(r"\s", "", text)
    if len(compact) not in IBAN_LENGTHS or not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]+", compact):
        return None
    digits = "".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])
    return compact if int(digits) % 97 == 1 else None
