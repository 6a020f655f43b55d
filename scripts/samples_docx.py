"""Writes blocks as Word documents with python-docx, the same bytes every time."""

import io
import zipfile
from datetime import UTC, datetime
from functools import singledispatch
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from scripts.samples_blocks import (
    Block,
    Blocks,
    Boxes,
    Break,
    Checks,
    Clause,
    Facts,
    Grid,
    Heading,
    Items,
    Lines,
    Pair,
    Prose,
    Signatures,
)

ALIGN = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
}
EPOCH = (1980, 1, 1, 0, 0, 0)


def render(
    blocks: Blocks, title: str, author: str, written: datetime, font: str = "Calibri"
) -> bytes:
    """Lay the blocks out as a Word document that says it was saved at `written`."""
    document = Document()
    document.styles["Normal"].font.name = font
    document.styles["Normal"].font.size = Pt(10.5)
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = title, author, author
    properties.created = properties.modified = written.astimezone(UTC).replace(tzinfo=None)
    properties.comments = ""
    for block in blocks:
        _add(block, document)
    buffer = io.BytesIO()
    document.save(buffer)
    return _settle(buffer.getvalue())


def _settle(data: bytes) -> bytes:
    """Rewrite a zip with fixed dates and a fixed system, so that it is the same every time."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for name in sorted(source.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            target.writestr(entry, source.read(name))
    return buffer.getvalue()


@singledispatch
def _add(block: Block, document: Any) -> None:
    """Add a block at the end of the document."""
    raise TypeError(f"{type(block).__name__} has no Word form in {document}")


@_add.register
def _heading(block: Heading, document: Any) -> None:
    document.add_heading(block.text, level=block.level - 1)


@_add.register
def _prose(block: Prose, document: Any) -> None:
    document.add_paragraph(block.text)


@_add.register
def _clause(block: Clause, document: Any) -> None:
    document.add_paragraph(f"{block.number}\t{block.text}")


@_add.register
def _lines(block: Lines, document: Any) -> None:
    paragraph = document.add_paragraph("\n".join(block.lines))
    paragraph.alignment = ALIGN[block.align]


@_add.register
def _pair(block: Pair, document: Any) -> None:
    table = document.add_table(rows=1, cols=2)
    for cell, lines in zip(table.rows[0].cells, (block.left, block.right), strict=True):
        cell.text = "\n".join(lines)
    document.add_paragraph()


@_add.register
def _facts(block: Facts, document: Any) -> None:
    table = document.add_table(rows=0, cols=2)
    for name, value in block.pairs:
        cells = table.add_row().cells
        cells[0].paragraphs[0].add_run(name).bold = True
        cells[1].text = value
    document.add_paragraph()


@_add.register
def _grid(block: Grid, document: Any) -> None:
    table = document.add_table(rows=0, cols=len(block.widths))
    table.style = "Table Grid" if block.look == "grid" else "Light List Accent 1"
    for row in block.rows:
        cells = table.add_row().cells
        for x, text in enumerate(row):
            cells[x].text = text
            if x >= len(row) - block.numeric:
                cells[x].paragraphs[0].alignment = ALIGN["right"]
    document.add_paragraph()


@_add.register
def _items(block: Items, document: Any) -> None:
    for item in block.items:
        document.add_paragraph(item, style="List Bullet")


@_add.register
def _boxes(block: Boxes, document: Any) -> None:
    table = document.add_table(rows=1, cols=len(block.fields))
    table.style = "Table Grid"
    for cell, (name, value, _) in zip(table.rows[0].cells, block.fields, strict=True):
        cell.paragraphs[0].add_run(name).font.size = Pt(8)
        cell.add_paragraph(value)


@_add.register
def _checks(block: Checks, document: Any) -> None:
    document.add_paragraph(block.question).paragraph_format.keep_with_next = True
    marks = "    ".join(f"{'☒' if on else '☐'} {text}" for text, on in block.choices)
    document.add_paragraph(marks)


@_add.register
def _signatures(block: Signatures, document: Any) -> None:
    table = document.add_table(rows=1, cols=len(block.people))
    for cell, (written, printed, place) in zip(table.rows[0].cells, block.people, strict=True):
        cell.text = place
        cell.add_paragraph().add_run(written).italic = True
        cell.add_paragraph("_" * 28)
        cell.add_paragraph(printed)


@_add.register
def _break(_block: Break, document: Any) -> None:
    document.add_page_break()
