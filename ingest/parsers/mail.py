"""Mail messages: the headers people read, then the words; attachments by name."""

import email
import re
from collections.abc import Iterable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from itertools import chain
from pathlib import Path

from core.errors import EmptyDocument
from ingest.parsers.characters import check_size, clean, decode, tidy, wide_encoding
from ingest.parsers.contract import About, Bounds, Whole
from ingest.parsers.webpage import visible_text

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_FOLD = re.compile(r"\r?\n[ \t]*|[\r\n]+")
_ADJACENT = re.compile(r"(\?=)\s+(=\?)")


def open_mail(path: Path, bounds: Bounds) -> Whole:
    """Read a message: `From: …` lines, an empty line, the body, then forwarded messages.

    Broken headers, charsets and structures cost what they break, never the message.

    Raises:
        EmptyDocument: neither headers nor words.
        TooLarge: more characters than allowed.
    """
    message = _parse(path.read_bytes())
    text = _message_text(message, bounds)
    if not text.strip():
        raise EmptyDocument("the message has neither headers nor words")
    names = tuple(chain.from_iterable(_names(part) for part, _ in _leaves(message)))
    return Whole(text, About(metadata=_headers(message), attachments=names))


def _parse(data: bytes) -> Message:
    # compat32, since the newer policy raises from deep inside on the headers that spam is made of.
    if wide_encoding(data) or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = decode(data).encode("utf-8")
    try:
        return email.message_from_bytes(data.lstrip(), policy=compat32)
    except RecursionError:
        # Hundreds of parts inside each other: no mail program makes that; keep it as it reads.
        return _flat(data)


def _flat(data: bytes) -> Message:
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = email.message_from_bytes(head + b"\n\n", policy=compat32)
    message.set_type("text/plain")
    message.set_payload(body.decode("utf-8", "surrogateescape"))
    return message


def _message_text(message: Message, bounds: Bounds) -> str:
    """Return the text of the message and of every message it carries, in order."""
    texts: list[str] = []
    size = 0
    for part, starts_message in _leaves(message):
        words = _header_lines(part) if starts_message else _words(part)
        if words:
            size += len(words)
            check_size(size, bounds.max_characters)
            texts.append(words)
    return "\n\n".join(texts)


def _leaves(message: Message) -> Iterator[tuple[Message, bool]]:
    """Yield (message, True) where one begins and (part, False) for each part shown, in order.

    Of the alternatives of a body only one is shown: plain text where there is any, else HTML.
    """
    yield message, True
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inside = _parts(part)
        if part.get_content_type() == "message/rfc822" and inside:
            yield inside[0], True
        if not inside:
            yield part, False
        elif part.get_content_type() == "multipart/alternative":
            inside = _preferred(inside)
        waiting.extend(reversed(inside))


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if part.is_multipart() else []


def _preferred(alternatives: list[Message]) -> list[Message]:
    """Choose the plain text if it says anything, else the richest that can be shown."""
    for part in alternatives:
        if part.get_content_type() == "text/plain" and _words(part).strip():
            return [part]
    for part in reversed(alternatives):
        if part.is_multipart() or _words(part).strip():
            return [part]
    return alternatives[-1:]


def _words(part: Message) -> str:
    """Return the text of one part; empty for attachments and what is not text."""
    kind = part.get_content_type()
    # A multipart that arrives here has lost its boundary; its lines are all there is to show.
    if _filename(part) or not kind.startswith(("text/", "multipart/")):
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    text = decode(data, _charset(part))
    return visible_text(text)[1] if kind == "text/html" else tidy(text)


def _charset(part: Message) -> str | None:
    try:
        declared = part.get_content_charset()
    except (ValueError, LookupError):
        return None
    # Nobody means seven bits where eight are sent.
    return None if declared in {"us-ascii", "ascii"} else declared


def _names(part: Message) -> Iterable[str]:
    name = _filename(part)
    return (name,) if name else ()


def _filename(part: Message) -> str | None:
    """Return the name of an attached file; a part that calls itself attachment needs none."""
    try:
        name = part.get_filename()
    except (ValueError, LookupError, TypeError, AttributeError):  # mangled RFC 2231 parameters
        name = None
    if name:
        return " ".join(clean(_decoded(name)).split())
    return part.get_content_type() if part.get_content_disposition() == "attachment" else None


def _headers(message: Message) -> dict[str, str]:
    """Return the headers that are shown, by lower-case name; those that are empty are left out."""
    found = {name.lower(): _header(message, name) for name in _SHOWN}
    return {name: value for name, value in found.items() if value}


def _header_lines(message: Message) -> str:
    headers = _headers(message)
    return "\n".join(
        f"{name}: {headers[name.lower()]}" for name in _SHOWN if name.lower() in headers
    )


def _header(message: Message, name: str) -> str:
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            return " ".join(clean(_decoded(_FOLD.sub(" ", str(value)))).split())
    return ""


def _decoded(raw: str) -> str:
    """Decode `=?charset?…?=` words and raw eight-bit bytes, each as well as it can be."""
    text = decode(raw.encode("utf-8", "surrogateescape"))
    try:
        words = decode_header(_ADJACENT.sub(r"\1 \2", text))
    except (HeaderParseError, ValueError):  # broken base64
        return text
    return "".join(_word(word, charset) for word, charset in words)


def _word(word: bytes | str, charset: str | None) -> str:
    if isinstance(word, str):
        return word
    # Without a charset these are bytes that decode_header made of plain text.
    return decode(word, charset) if charset else word.decode("raw-unicode-escape", "replace")
