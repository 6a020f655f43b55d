"""PDF: PDFium for text, pypdf for form fields and as the second engine where PDFium gives up."""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from core.errors import CorruptDocument, EncryptedDocument, TooLarge, UnreadableDocument
from ingest.parsers.characters import tidy
from ingest.parsers.contract import About, Bounds, Opened

# Bounded, so that a page-long run of letters is not looked through again from each letter.
_BROKEN_WORD = re.compile("([^\\W\\d_]{1,60})[\x02\ufffe]([^\\W\\d_]{1,60})")
_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-", "\xad": "-", "\uf0b7": "•", "\uf0a7": "•"})
_STATED = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Creator": "creator",
    "Producer": "producer",
    "CreationDate": "created",
    "ModDate": "modified",
}
# What programs write where nobody said anything.
_PLACEHOLDERS = {"", "anonymous", "unspecified", "untitled", "(untitled)", "(anonymous)"}
# What somebody may have typed or stamped onto the page; links and mark-up say nothing.
_WRITTEN_ON = {
    pdfium_c.FPDF_ANNOT_WIDGET,
    pdfium_c.FPDF_ANNOT_FREETEXT,
    pdfium_c.FPDF_ANNOT_STAMP,
}


def open_pdf(path: Path, bounds: Bounds) -> Opened:
    """Open a PDF with the first engine that can.

    Raises:
        EncryptedDocument: it needs a password.
        CorruptDocument: neither engine finds a page in it.
        TooLarge: more pages than allowed.
    """
    # Both engines comment on damaged files; what matters of it becomes an error with a code.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
    try:
        return _checked(_Pdfium(path), bounds)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise EncryptedDocument("the PDF needs a password to be opened") from error
        return _checked(_second_engine(path), bounds)


def mend_hyphens(text: str) -> str:
    """Decide what a hyphen at a line's end was: PDFium marks it and joins the lines.

    Where the page also has the whole word, the hyphen only broke the line; else it stays, as in
    `long-term`, since a dropped hyphen makes a word that nobody searches for.
    """
    if "\x02" in text or "\ufffe" in text:
        words = text.casefold()
        text = _BROKEN_WORD.sub(lambda found: _mended(found, words), text)
    return text.translate(_HYPHENS)


def _mended(found: re.Match[str], page: str) -> str:
    left, right = found.groups()
    whole, hyphened = (left + right).casefold(), f"{left}-{right}".casefold()
    one_word = right.islower() and whole in page and hyphened not in page
    return left + right if one_word else f"{left}-{right}"


def _stated(values: Mapping[str, str]) -> dict[str, str]:
    """Keep what a PDF's information dictionary says under the names that all formats share."""
    found = {name: tidy(values.get(key, "")).strip() for key, name in _STATED.items()}
    return {name: value for name, value in found.items() if value.lower() not in _PLACEHOLDERS}


def _checked(opened: Opened, bounds: Bounds) -> Opened:
    if opened.pages > bounds.max_pages:
        raise TooLarge(f"{opened.pages:,} pages; {bounds.max_pages:,} are allowed (max_pages)")
    if opened.pages == 0:
        raise CorruptDocument("the PDF has no pages")
    return opened


class _Pdfium:
    """The first engine: fast, and forgiving of damage."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = pdfium.PdfDocument(path)
        self._has_form = self._file.get_formtype() != pdfium_c.FORMTYPE_NONE
        if self._has_form:
            # Before any page is loaded, or values without an appearance stay invisible.
            self._file.init_forms()
        self.pages = len(self._file)
        self._other: Opened | None = None

    def text(self, number: int) -> str:
        try:
            text = self._page_text(number - 1)
        except pdfium.PdfiumError:
            return self._second(number)
        return tidy(mend_hyphens(text))

    def about(self) -> About:
        return About(
            metadata=_stated(self._file.get_metadata_dict(skip_empty=True)),
            form_fields=_form_fields(self._path) if self._has_form else {},
            attachments=tuple(self._attachments()),
        )

    def _page_text(self, index: int) -> str:
        page = self._file[index]
        try:
            if _is_written_on(page):
                # Puts typed values into the page, so that they can be searched and quoted.
                pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)
                page.close()
                page = self._file[index]
            text = _visible(page)
            if text.strip() or not _draws_words(page):
                return text
        finally:
            page.close()
        return self._second_try(index)

    def _second_try(self, index: int) -> str:
        """Words are drawn but PDFium names no character: pypdf may; if not, the page is blank."""
        try:
            return self._second(index + 1)
        except Exception:  # noqa: BLE001 (pypdf raises whatever its parsing runs into)
            return ""

    def _second(self, number: int) -> str:
        if self._other is None:
            self._other = _second_engine(self._path)
        if self._other.pages != self.pages:
            # The engines count different pages: better no words than those of another page.
            raise CorruptDocument(f"page {number} is damaged")
        return self._other.text(number)

    def _attachments(self) -> Iterator[str]:
        for index in range(self._file.count_attachments()):
            yield tidy(self._file.get_attachment(index).get_name())


def _visible(page: pdfium.PdfPage) -> str:
    """Return the words inside the page's box; what lies outside nobody sees."""
    textpage = page.get_textpage()
    try:
        return str(textpage.get_text_bounded())
    finally:
        textpage.close()


def _draws_words(page: pdfium.PdfPage) -> bool:
    drawn = page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_TEXT,), max_depth=3)
    return next(iter(drawn), None) is not None


def _is_written_on(page: pdfium.PdfPage) -> bool:
    for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        note = pdfium_c.FPDFPage_GetAnnot(page, index)
        kind = pdfium_c.FPDFAnnot_GetSubtype(note)
        pdfium_c.FPDFPage_CloseAnnot(note)
        if kind in _WRITTEN_ON:
            return True
    return False


class _Pypdf:
    """The second engine: slower, repairs other kinds of damage, and knows the structure."""

    def __init__(self, path: Path) -> None:
        # Imported here: nine of ten PDFs never need it, and it costs as much as reading them.
        from pypdf import PdfReader  # noqa: PLC0415

        self._reader = PdfReader(path)
        if self._reader.is_encrypted and not self._reader.decrypt(""):
            raise EncryptedDocument("the PDF needs a password to be opened")
        self.pages = len(self._reader.pages)

    def text(self, number: int) -> str:
        return tidy(self._reader.pages[number - 1].extract_text())

    def about(self) -> About:
        stated: Mapping[str, object] = dict(self._reader.metadata or ())
        return About(
            metadata=_stated({name.removeprefix("/"): str(v) for name, v in stated.items()}),
            form_fields=self.form_fields(),
            attachments=tuple(tidy(name) for name in self._reader.attachments),
        )

    def form_fields(self) -> dict[str, str]:
        """Return the fields that somebody filled in, by their full name."""
        fields: Mapping[str, object] = self._reader.get_fields() or {}
        values = {name: _value(field) for name, field in fields.items()}
        return {tidy(name): value for name, value in values.items() if value}


def _value(field: object) -> str:
    value = field.get("/V") if isinstance(field, dict) else None
    if value is None or value == "/Off":  # a button that is not pressed
        return ""
    if isinstance(field, dict) and field.get("/FT") == "/Btn":
        return tidy(str(value)).strip().removeprefix("/")
    return tidy(", ".join(map(str, value)) if isinstance(value, list) else str(value)).strip()


def _second_engine(path: Path) -> _Pypdf:
    try:
        return _Pypdf(path)
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:
        # pypdf raises whatever its parsing runs into, far beyond its own error classes.
        if type(error).__name__ == "DependencyError":
            raise EncryptedDocument("the PDF is encrypted and cannot be opened") from error
        raise CorruptDocument(f"no PDF engine can open it: {error}") from error


def _form_fields(path: Path) -> dict[str, str]:
    try:
        return _Pypdf(path).form_fields()
    except Exception:  # noqa: BLE001 (the pages are read; fields that pypdf cannot list are absent)
        return {}
