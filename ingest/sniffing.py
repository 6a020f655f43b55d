"""What a file is, told by its bytes; its name only chooses between kinds of plain text."""

import re
from pathlib import Path
from typing import BinaryIO, NoReturn

from core.errors import EmptyDocument, EncryptedDocument, NotADocument, UnsupportedMediaType
from ingest.parsers.characters import decode, wide_encoding
from ingest.parsers.contract import CSV, DOCX, HTML, MAIL, MARKDOWN, PDF, TEXT

_HEAD = 65_536
_TAIL = 262_144
_PDF_WITHIN = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_SECTOR = slice(30, 32)
_OLE_DIRECTORY = slice(48, 52)

_BY_SUFFIX = {
    ".csv": CSV,
    ".tsv": CSV,
    ".eml": MAIL,
    ".htm": HTML,
    ".html": HTML,
    ".xhtml": HTML,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
}
# Names that promise bytes of their own: text under such a name is an error page, not the document.
_PROMISES = {".pdf", ".docx", ".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".zip", ".xlsx"}
_OFFICE = {
    b"xl/workbook": "an Excel workbook",
    b"ppt/presentation": "a PowerPoint presentation",
    b"application/vnd.oasis.opendocument": "an OpenDocument file",
    b"application/epub+zip": "an e-book",
}
_MARKUP = {"{\\rtf": "an RTF file", "%!PS": "a PostScript file", "<svg": "an SVG image"}
_PAGE = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(?:(?><!--.*?-->)\s*)*+<(!doctype\s+html|html|head|body|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_HEADER = re.compile(r"([!-9;-~]+):[ \t]?")
_MAIL_ONLY = {
    "delivered-to",
    "dkim-signature",
    "message-id",
    "mime-version",
    "received",
    "return-path",
    "x-mailer",
}
_ADDRESSED = {"from", "to", "date", "subject"}
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_NOISE = 0.01


def sniff(path: Path, filename: str) -> str:
    """Return the media type of a file, one of those in `ingest.parsers.contract`.

    Raises:
        EmptyDocument: no bytes, or nothing but blanks.
        EncryptedDocument: an Office file behind a password.
        NotADocument: bytes of no kind, or text under a name that promises something else.
        UnsupportedMediaType: a known kind that Mailroom does not read, such as an image.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        if not head:
            raise EmptyDocument(f"{filename} has no bytes")
        return _kind(stream, head, filename)


def _kind(stream: BinaryIO, head: bytes, filename: str) -> str:
    suffix = Path(filename).suffix.lower()
    text = _readable(head)
    if _is_pdf(head, text, suffix):
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _zipped(stream, head, filename)
    if head.startswith(_OLE):
        _refuse_ole(stream, head, filename)
    if text is None:
        _refuse_binary(head, filename)
    if not text.strip() and len(head) < _HEAD:
        raise EmptyDocument(f"{filename} holds nothing but blanks")
    return _kind_of_text(text, suffix, filename)


def _is_pdf(head: bytes, text: str | None, suffix: str) -> bool:
    """Readers accept junk before the header; so do we, unless it is a text that mentions it."""
    place = head[:_PDF_WITHIN].find(b"%PDF-")
    return place == 0 or (
        place > 0 and (text is None or suffix == ".pdf" or not head[:place].strip())
    )


def _zipped(stream: BinaryIO, head: bytes, filename: str) -> str:
    """Tell archives apart by the names in them, without unpacking a directory that may be huge."""
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - _TAIL))
    names = head + stream.read(_TAIL)
    for mark, what in _OFFICE.items():
        if mark in names:
            raise UnsupportedMediaType(f"{filename} is {what}")
    if b"word/" in names or b"[Content_Types].xml" in names:
        return DOCX
    if Path(filename).suffix.lower() == ".docx":
        raise NotADocument(f"{filename} is a zip archive without a Word document in it")
    raise UnsupportedMediaType(f"{filename} is a zip archive")


def _refuse_ole(stream: BinaryIO, head: bytes, filename: str) -> NoReturn:
    """Old Office files are not read; new ones behind a password hide in the same container."""
    sector = 1 << min(int.from_bytes(head[_OLE_SECTOR], "little"), 16)
    stream.seek((int.from_bytes(head[_OLE_DIRECTORY], "little") + 1) * sector)
    if "EncryptedPackage".encode("utf-16-le") in stream.read(4096):
        raise EncryptedDocument(f"{filename} is an Office file behind a password")
    raise UnsupportedMediaType(f"{filename} is an old Office or Outlook file")


def _refuse_binary(head: bytes, filename: str) -> NoReturn:
    """Name the kind where it is known; bytes of no kind are no document."""
    # Imported here: text and PDF, nearly all that comes, never ask its table of 3,000 kinds.
    import puremagic  # noqa: PLC0415

    try:
        found = puremagic.magic_string(head)
    except puremagic.PureError:
        found = []
    named = [match for match in found if match.mime_type and len(match.byte_match or b"") > 2]  # noqa: PLR2004
    if named:
        raise UnsupportedMediaType(
            f"{filename} is {named[0].mime_type}", media_type=named[0].mime_type
        )
    raise NotADocument(f"{filename} holds bytes of no known kind of document")


def _readable(head: bytes) -> str | None:
    """Return the first bytes as text, or None where they are none."""
    if (
        b"\x00" in head
        and not wide_encoding(head)
        and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):
        return None
    text = decode(head)
    return None if len(_CONTROL.findall(text)) > _NOISE * len(text) else text


def _kind_of_text(text: str, suffix: str, filename: str) -> str:
    if suffix in _PROMISES:
        raise NotADocument(f"{filename} is named {suffix}, but holds text")
    if _PAGE.match(text):
        return HTML
    if suffix != ".eml" and _reads_as_mail(text):
        return MAIL
    start = text.lstrip()[:16]
    for mark, what in _MARKUP.items():
        if start.startswith(mark):
            raise UnsupportedMediaType(f"{filename} is {what}")
    if start.startswith("<?xml") and suffix not in _BY_SUFFIX:
        raise UnsupportedMediaType(f"{filename} is an XML file")
    return _BY_SUFFIX.get(suffix, TEXT)


def _reads_as_mail(text: str) -> bool:
    """Tell a message from a memo that begins with From and To: only mail programs add the rest."""
    names = set()
    lines = text.lstrip().split("\n")
    for line in lines[1:] if lines[0].startswith("From ") else lines:
        found = _HEADER.match(line)
        if found:
            names.add(found.group(1).lower())
        elif not line.startswith((" ", "\t")):
            break
    return bool(names & _ADDRESSED) and len(names & _MAIL_ONLY) > 0
