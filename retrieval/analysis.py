"""Turn text into search terms: folded, stemmed by language, with exact forms kept beside."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from threading import Lock
from typing import Literal, Protocol

from retrieval import stop_words

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")

STOP_WORDS: dict[Language, frozenset[str]] = {
    "en": frozenset(stop_words.ENGLISH.split()),
    "de": frozenset(stop_words.GERMAN.split()),
}

# A bank account number may be written in groups of four; it is one thing to search for.
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?\b")
# Marks that combine and soft hyphens stand inside words, in text from PDF and HTML.
LETTER = r"[^\W_]|[\u0300-\u036f\u00ad]"
WORD = re.compile(f"(?:{LETTER})+")
# A hyphen at a line's end, as PDF readers give it.
BREAK = r"[-\u00ad\u2010\ufffe\x02][ \t]*\r?\n[ \t]*"
LINE_BREAK = re.compile(BREAK)
# Words and what holds together by inner punctuation: e-mail addresses, numbers, dates, ids, names.
RUN = re.compile(rf"(?:{LETTER})+(?:(?:{BREAK}|[.,:/@_'’+&\-‐‑–]+)(?:{LETTER})+)*")
APOSTROPHE = re.compile(r"['’]s?$|['’]")
DECIMAL = re.compile(r"^\d{1,3}(?:([.,'’])\d{3})+(?:[.,]\d+)?$|^\d+[.,]\d+$")
GROUP = 3
"""Digits between the marks of thousands."""
MAX_TERM = 64
"""Longer runs are encoded blobs, not words anybody types."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 (the library's name)


def guess_language(text: str) -> Language | None:
    """Return the language whose function words are more frequent, or None where they tie."""
    words = [match.group().lower() for match in WORD.finditer(text[:20_000])]
    english = sum(word in STOP_WORDS["en"] for word in words)
    german = sum(word in STOP_WORDS["de"] for word in words)
    if english == german:
        return None
    return "en" if english > german else "de"


def index_terms(text: str, language: Language | None) -> list[str]:
    """Return the terms to index for `text`, in reading order, repeats included."""
    return list(_terms(text, language or "en"))


def query_terms(text: str) -> list[str]:
    """Return the distinct terms of a question, in order.

    A question too short to tell its language is analysed in every language, so that
    "Rechnungen" and "invoices" both find their documents.
    """
    guessed = guess_language(text)
    languages = LANGUAGES if guessed is None else (guessed,)
    found: dict[str, None] = {}
    for language in languages:
        found.update(dict.fromkeys(index_terms(text, language)))
    return list(found)


def highlights(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    """Return where in `text` words stand that match any of `terms`: (start, end), ascending.

    A passage may be too short to tell its language, so each language's stem is tried.
    """
    english, german = LANGUAGES
    return [
        match.span()
        for match in WORD.finditer(text)
        if _term(match.group(), english) in terms or _term(match.group(), german) in terms
    ]


def _terms(text: str, language: Language) -> Iterator[str]:
    """Yield the terms of `text` in order; function words are left out."""
    position = 0
    for match in IBAN.finditer(text):
        yield from _terms_of_runs(text, position, match.end(), language)
        yield re.sub(r"\s", "", match.group()).casefold()
        position = match.end()
    yield from _terms_of_runs(text, position, len(text), language)


def _terms_of_runs(text: str, start: int, end: int, language: Language) -> Iterator[str]:
    """Yield the words of each run, then the run itself where its parts alone would lose it."""
    for match in RUN.finditer(text, start, end):
        run = APOSTROPHE.sub(" ", match.group())
        words = WORD.findall(run)
        yield from filter(None, (_term(word, language) for word in words))
        if len(words) > 1 and len(run) <= MAX_TERM and (whole := _whole(match.group(), language)):
            yield whole


@lru_cache(maxsize=50_000)
def _term(word: str, language: Language) -> str | None:
    clean = unicodedata.normalize("NFC", word.replace("\u00ad", ""))[:MAX_TERM]
    lowered = clean.lower()
    if lowered in STOP_WORDS[language]:
        # "IT" and "US" in capitals are names, not function words.
        return f"{lowered}!" if clean.isupper() and len(clean) > 1 else None
    return _stem(lowered, language) or None


def _whole(run: str, language: Language) -> str | None:
    """Return the run as one term: a number, a word torn at a line's end, an id, a double name."""
    if DECIMAL.match(run):
        return _number(run)
    if LINE_BREAK.search(run):
        return _term(LINE_BREAK.sub("", run), language)
    if "@" in run or any(character.isdigit() for character in run):
        return run.casefold()
    parts = re.split(r"[-‐‑]", run)
    return run.casefold() if len(parts) > 1 and all(part.istitle() for part in parts) else None


def _number(run: str) -> str:
    """Write a number in one way: "1,234.50", "1.234,50" and "1234.5" are the same amount."""
    mark = "," if run.rfind(",") > run.rfind(".") else "."
    whole, _, fraction = run.rpartition(mark)
    if not whole or len(fraction) == GROUP:
        whole, fraction = run, ""
    digits = re.sub(r"\D", "", whole)
    return f"{digits}.{fraction}" if (fraction := fraction.rstrip("0")) else digits


def _stem(word: str, language: Language) -> str:
    # German umlauts carry meaning until the stemmer, which knows "ue" for "ü", has folded them.
    folded = word if language == "de" else _without_marks(word)
    with _STEMMING:
        stem = _stemmers()[language].stemWord(folded)
    return _without_marks(stem).casefold()


def _without_marks(word: str) -> str:
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# The pure-Python stemmers keep their state on the instance.
_STEMMING = Lock()


@cache
def _stemmers() -> dict[Language, _Stemmer]:
    # Lazy: the package loads thirty languages. Taken by module, since `snowballstemmer.stemmer`
    # would switch to whatever version of PyStemmer happens to be installed.
    from snowballstemmer.english_stemmer import EnglishStemmer  # noqa: PLC0415
    from snowballstemmer.german_stemmer import GermanStemmer  # noqa: PLC0415

    return {"en": EnglishStemmer(), "de": GermanStemmer()}
