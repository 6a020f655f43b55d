"""Draws a PDF form with real AcroForm fields whose values are filled in."""

import io
from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from scripts.samples_blocks import MM

INK = HexColor("#1d3557")
HEIGHT: float = A4[1]
LEFT = 20 * MM
WIDE = 170 * MM


@dataclass(frozen=True, slots=True)
class Entry:
    """A text field: its name, its label, its value and its share of the row's width."""

    name: str
    label: str
    value: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A check box."""

    name: str
    label: str
    on: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A drop-down list."""

    name: str
    label: str
    value: str
    options: tuple[str, ...]


Row = str | tuple[Entry, ...] | tuple[Tick, ...] | Choice
"""A section's title, fields side by side, boxes side by side, or a list."""


def render(title: str, number: str, intro: tuple[str, ...], rows: tuple[Row, ...]) -> bytes:
    """One page with a banner, an introduction and the rows below one another."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1, lang="en-GB")
    canvas.setTitle(title)
    canvas.setAuthor("Procurement")
    _banner(canvas, title, number)
    y = _intro(canvas, intro)
    for row in rows:
        y = _row(canvas, row, y)
    canvas.save()
    return buffer.getvalue()


def _banner(canvas: Any, title: str, number: str) -> None:
    canvas.setFillColor(INK)
    canvas.rect(LEFT, HEIGHT - 30 * MM, WIDE, 13 * MM, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont("Helvetica-Bold", 15)
    canvas.drawString(LEFT + 4 * MM, HEIGHT - 25 * MM, title)
    canvas.setFont("Helvetica", 8.5)
    canvas.drawRightString(LEFT + WIDE - 4 * MM, HEIGHT - 25 * MM, number)


def _intro(canvas: Any, lines: tuple[str, ...]) -> float:
    canvas.setFillColor(black)
    canvas.setFont("Helvetica", 8.5)
    y = HEIGHT - 36 * MM
    for line in lines:
        canvas.drawString(LEFT, y, line)
        y -= 11
    return y - 2 * MM


def _row(canvas: Any, row: Row, y: float) -> float:
    """Draw one row with its top at `y` and return the top of the next."""
    if isinstance(row, str):
        return _section(canvas, row, y)
    if isinstance(row, Choice):
        return _choice(canvas, row, y)
    if isinstance(row[0], Tick):
        return _ticks(canvas, row, y)
    return _entries(canvas, row, y)


def _section(canvas: Any, title: str, y: float) -> float:
    canvas.setFillColor(INK)
    canvas.setFont("Helvetica-Bold", 10.5)
    canvas.drawString(LEFT, y - 4 * MM, title)
    canvas.setStrokeColor(INK)
    canvas.line(LEFT, y - 5.2 * MM, LEFT + WIDE, y - 5.2 * MM)
    return y - 8 * MM


def _label(canvas: Any, text: str, x: float, y: float) -> None:
    canvas.setFillColor(black)
    canvas.setFont("Helvetica", 7.5)
    canvas.drawString(x, y - 2.6 * MM, text)


def _entries(canvas: Any, row: Any, y: float) -> float:
    x = LEFT
    for entry in row:
        width = WIDE * entry.share
        _label(canvas, entry.label, x, y)
        canvas.acroForm.textfield(
            name=entry.name,
            tooltip=entry.label,
            value=entry.value,
            x=x,
            y=y - 10 * MM,
            width=width - 2 * MM,
            height=6.4 * MM,
            fontName="Helvetica",
            fontSize=9.5,
            **_look(),
        )
        x += width
    return y - 12.4 * MM


def _look() -> dict[str, Any]:
    return {
        "borderColor": INK,
        "fillColor": HexColor("#f4f7fb"),
        "textColor": black,
        "borderWidth": 0.6,
    }


def _ticks(canvas: Any, row: Any, y: float) -> float:
    step = WIDE / len(row)
    for i, tick in enumerate(row):
        x = LEFT + i * step
        canvas.acroForm.checkbox(
            name=tick.name,
            tooltip=tick.label,
            checked=tick.on,
            x=x,
            y=y - 5.4 * MM,
            size=11,
            buttonStyle="cross",
            **_look(),
        )
        canvas.setFillColor(black)
        canvas.setFont("Helvetica", 8.8)
        canvas.drawString(x + 6 * MM, y - 4.6 * MM, tick.label)
    return y - 8 * MM


def _choice(canvas: Any, row: Choice, y: float) -> float:
    _label(canvas, row.label, LEFT, y)
    canvas.acroForm.choice(
        name=row.name,
        tooltip=row.label,
        value=row.value,
        options=list(row.options),
        x=LEFT,
        y=y - 10 * MM,
        width=WIDE / 2,
        height=6.4 * MM,
        fontName="Helvetica",
        fontSize=9.5,
        **_look(),
    )
    return y - 12.4 * MM
