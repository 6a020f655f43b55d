"""Word documents (docx): headings, paragraphs, tables and notes in the order of the page."""

import re
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import docx
from lxml import etree

from core.errors import CorruptDocument, NotADocument, UnreadableDocument
from ingest.parsers.characters import check_size, tidy
from ingest.parsers.contract import About, Bounds, Whole

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SIGNS = {
    f"{_W}tab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
}
# Struck-out words, layout, and the copy of a text box that older programs show.
_UNREAD = {
    f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "sectPr", "sdtPr", "tblPr", "tcPr")
} | {_FALLBACK}
_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_FORBIDDEN_HEAD = 4096
_ALWAYS_FINE = 8 * 1024 * 1024
_MOST_PARTS = 10_000
_NOTES = ("/footnotes", "/endnotes")


def open_word(path: Path, bounds: Bounds) -> Whole:
    """Read a docx file, after checking what it would unfold to.

    Raises:
        CorruptDocument: damaged, a decompression bomb, or with entity declarations.
        NotADocument: a zip archive of something else.
        TooLarge: more characters than allowed.
    """
    embedded = _inspect(path, bounds)
    try:
        document = docx.Document(str(path))
        text = tidy("\n".join(_blocks(document)))
        said = _about(document, embedded)
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:
        # python-docx lets KeyError, ValueError, lxml's and zlib's errors through.
        raise CorruptDocument(f"the docx file cannot be read: {error}") from error
    check_size(len(text), bounds.max_characters)
    return Whole(text, said)


def _inspect(path: Path, bounds: Bounds) -> tuple[str, ...]:
    """Refuse bombs before anything is unfolded; return the names of embedded files."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if not any(part.filename.startswith("word/") for part in parts):
                raise NotADocument("a zip archive, but no Word document inside")
            _check_expansion(parts, path.stat().st_size, bounds)
            _check_declarations(archive, parts)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise CorruptDocument(f"the docx file is damaged: {error}") from error
    names = (part.filename for part in parts if part.filename.startswith("word/embeddings/"))
    return tuple(tidy(name.rpartition("/")[2]) for name in names)


def _check_expansion(parts: list[zipfile.ZipInfo], size: int, bounds: Bounds) -> None:
    unfolded = sum(part.file_size for part in parts)
    if len(parts) > _MOST_PARTS:
        raise CorruptDocument(f"the docx file has {len(parts):,} parts")
    if unfolded > max(_ALWAYS_FINE, bounds.max_expansion * size):
        raise CorruptDocument(
            f"the docx file unfolds to {unfolded // size} times its size; "
            f"{bounds.max_expansion} are allowed (max_expansion)"
        )


def _check_declarations(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Word never writes entity declarations; those who do want files or memory."""
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as stream:
                head = stream.read(_FORBIDDEN_HEAD).replace(b"\x00", b"")
            if _DECLARATION.search(head):
                raise CorruptDocument(f"{part.filename} declares entities, which docx forbids")


def _blocks(document: Any) -> Iterator[str]:
    yield from _margins(document, ("first_page_header", "header", "even_page_header"))
    yield from _content(document.element.body)
    for notes in _note_parts(document):
        yield ""
        yield from _content(notes)
    yield from _margins(document, ("first_page_footer", "footer", "even_page_footer"))


def _margins(document: Any, kinds: tuple[str, ...]) -> Iterator[str]:
    """Yield each header or footer once, however many sections repeat it."""
    seen = set()
    for section in document.sections:
        for kind in kinds:
            margin = getattr(section, kind)
            # Reading a linked one would make python-docx add an empty part.
            if margin.is_linked_to_previous:
                continue
            text = "\n".join(_content(margin._element)).strip()  # noqa: SLF001 (no public door)
            if text and text not in seen:
                seen.add(text)
                yield text


def _note_parts(document: Any) -> Iterator[etree._Element]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    for relation in document.part.rels.values():
        if relation.reltype.endswith(_NOTES) and not relation.is_external:
            yield etree.fromstring(relation.target_part.blob, parser)


def _content(element: etree._Element) -> Iterator[str]:
    """Yield the lines of paragraphs and tables below an element, in order."""
    for child in element:
        if child.tag == f"{_W}p":
            yield from _paragraph(child)
        elif child.tag == f"{_W}tbl":
            yield from ("", *_rows(child), "")
        elif child.tag not in _UNREAD:
            yield from _content(child)


def _paragraph(paragraph: etree._Element) -> Iterator[str]:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = (style.get(f"{_W}val") or "").lower() if style is not None else ""
    heading = name.startswith(("heading", "title", "subtitle"))
    words = "".join(_words(paragraph)).strip()
    listed = paragraph.find(f"{_W}pPr/{_W}numPr") is not None or name.startswith("list")
    if heading and words:
        yield from ("", words, "")
    elif words:
        yield f"- {words}" if listed else words
    for box in paragraph.iter(f"{_W}txbxContent"):
        if not any(above.tag == _FALLBACK for above in box.iterancestors()):
            yield from _content(box)


def _words(element: etree._Element) -> Iterator[str]:
    """Yield the words of a paragraph: runs, links, insertions and fields, not its text boxes."""
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag not in _UNREAD and child.tag != f"{_W}txbxContent":
            yield from _words(child)


def _rows(table: etree._Element) -> Iterator[str]:
    """Yield `a | b` for each row; a single row of whole blocks is layout, and reads as blocks."""
    # A table inside a cell is part of that cell's words.
    rows = [r for r in table.iter(f"{_W}tr") if next(r.iterancestors(f"{_W}tbl")) is table]
    cells = [[_filled(cell) for cell in _cells(row)] for row in rows]
    if len(cells) == 1 and any(len(lines) > 1 for lines in cells[0]):
        yield from chain.from_iterable(cells[0])
        return
    for row in cells:
        line = " | ".join(" ".join(" ".join(lines).split()) for lines in row)
        if line.strip(" |"):
            yield line


def _filled(cell: etree._Element) -> list[str]:
    return [line for line in _content(cell) if line.strip()]


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    for child in row:
        if child.tag == f"{_W}tc":
            yield child
        elif child.tag not in _UNREAD:
            yield from _cells(child)


def _about(document: Any, embedded: tuple[str, ...]) -> About:
    return About(
        metadata=_properties(document),
        form_fields=dict(_controls(document.element.body)),
        attachments=embedded,
    )


def _properties(document: Any) -> dict[str, str]:
    """Return what the file states; python-docx would invent properties that are not there."""
    if not any(r.reltype.endswith("/core-properties") for r in document.part.package.rels.values()):
        return {}
    stated = document.core_properties
    found = {
        name: tidy(str(getattr(stated, name) or "")).strip()
        for name in ("title", "author", "subject", "keywords")
    }
    return {name: value for name, value in found.items() if value}


def _controls(body: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield name and value of each content control that somebody filled in."""
    for control in body.iter(f"{_W}sdt"):
        told = control.find(f"{_W}sdtPr")
        content = control.find(f"{_W}sdtContent")
        if told is None or content is None or told.find(f"{_W}showingPlcHdr") is not None:
            continue
        label = told.find(f"{_W}alias")
        label = told.find(f"{_W}tag") if label is None else label
        value = " ".join("".join(content.itertext(f"{_W}t")).split())
        if label is not None and value:
            yield label.get(f"{_W}val") or "", value
