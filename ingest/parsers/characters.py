"""From bytes to characters that can be searched and quoted: decoding and cleaning, both pure."""

import codecs
import re
import unicodedata

from core.errors import TooLarge

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 65_536
_TOLERANCE = 0.05

_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# NUL, soft hyphen, invisible joiners and direction marks, noncharacters, lone surrogates and the
# tag characters that can smuggle words past a reader's eye.
_UNSEEN = re.compile(
    "[\x00\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
    + "".join(chr((plane << 16) + 0xFFFE) + chr((plane << 16) + 0xFFFF) for plane in range(1, 17))
    + "]"
)
_BLANK = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_FOREIGN_RUN = re.compile("[^\x00-\x7f]+")
_SYMBOL_IN_WORD = re.compile("(?<=[A-Za-z])[\xa1-\xb3\xb5\xb6\xb8-\xbf\xd7\xf7](?=[A-Za-z])")


def decode(data: bytes, declared: str | None = None) -> str:
    """Turn bytes of unknown encoding into text; never fails, at worst with replacements.

    A byte order mark wins, then UTF-16 that lost its mark, then the declared encoding, then UTF-8,
    then Windows' western code page where it reads well, then charset-normalizer's guess.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    # Before UTF-8, which would take the zero bytes of UTF-16 for characters.
    for candidate in (wide_encoding(data), declared, "utf-8"):
        text = _strictly(data, candidate)
        if text is not None:
            return text
    return data.decode(_guess(data), "replace")


def wide_encoding(data: bytes) -> str | None:
    """Return `utf-16-le` or `utf-16-be` where the zero bytes of western text give it away."""
    sample = data[:4096]
    pairs = len(sample) // 2
    if pairs < 2:  # noqa: PLR2004 (one pair proves nothing)
        return None
    first, second = sample[: pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
    if second > pairs * 0.4 and first < pairs * _TOLERANCE:
        return "utf-16-le"
    if first > pairs * 0.4 and second < pairs * _TOLERANCE:
        return "utf-16-be"
    return None


def clean(text: str) -> str:
    r"""Return the text with `\n` line ends and without characters that nobody can see.

    Control characters and every kind of space become a plain space, ligatures their letters,
    accents one character with their letter (NFC); tabs, line ends and visible signs stay.
    """
    text = _LINE_END.sub("\n", text)
    text = _BLANK.sub(" ", _UNSEEN.sub("", text))
    text = _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
    return unicodedata.normalize("NFC", text)


def tidy(text: str) -> str:
    """Clean text that we lay out ourselves: no trailing blanks, one empty line at most."""
    text = "\n".join(line.rstrip() for line in clean(text).split("\n"))
    return re.sub("\n{3,}", "\n\n", text).strip("\n")


def check_size(characters: int, allowed: int) -> None:
    """Refuse text that would outgrow what the service keeps of one document.

    Raises:
        TooLarge: naming both numbers.
    """
    if characters > allowed:
        raise TooLarge(f"the document holds more than {allowed:,} characters (max_characters)")


def _strictly(data: bytes, encoding: str | None) -> str | None:
    if not encoding:
        return None
    try:
        return data.decode(encoding)
    except (LookupError, ValueError):  # UnicodeDecodeError is a ValueError
        return None


def _guess(data: bytes) -> str:
    if _mostly_utf8(data):
        return "utf-8"
    sample = data[:_SAMPLE]
    if _reads_western(sample):
        return "cp1252"
    # Imported where it is needed: most files are UTF-8 and never ask.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"


def _mostly_utf8(data: bytes) -> bool:
    """Tell UTF-8 with a few broken bytes, which a strict decoder gives up on."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken < _TOLERANCE * sum(len(run) for run in _FOREIGN_RUN.findall(text))


def _reads_western(data: bytes) -> bool:
    """Tell whether cp1252 gives words rather than rows of accents and signs inside words.

    charset-normalizer takes Spanish and French for cp1250; better to try the likely one first.
    """
    text = data.decode("cp1252", "replace")
    runs = _FOREIGN_RUN.findall(text)
    odd = sum(1 for run in runs if len(run) > 2 and len(set(run)) > 1)  # noqa: PLR2004
    odd += len(_SYMBOL_IN_WORD.findall(text)) + text.count("\ufffd")
    return odd <= _TOLERANCE * len(runs)
