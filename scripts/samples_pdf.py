"""Writes blocks as PDF with reportlab and its standard fonts, the same bytes every time."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, B5, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from scripts.samples_blocks import (
    MM,
    Bars,
    Block,
    Blocks,
    Boxes,
    Break,
    Checks,
    Clause,
    Facts,
    Gap,
    Grid,
    Heading,
    Items,
    Lines,
    Pair,
    Prose,
    Signatures,
)

FACES = {
    "Helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
    "Times": ("Times-Roman", "Times-Bold", "Times-Italic"),
    "Courier": ("Courier", "Courier-Bold", "Courier-Oblique"),
}
PAPERS: dict[str, tuple[float, float]] = {"A4": A4, "LETTER": LETTER, "B5": B5}
ALIGN = {"left": TA_LEFT, "right": TA_RIGHT, "center": TA_CENTER}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the first page bears at its top."""

    name: str
    lines: tuple[str, ...] = ()
    style: Literal["band", "right", "center", "cover"] = "right"


@dataclass(frozen=True, slots=True)
class Theme:
    """How a PDF looks; lengths in millimetres, `size` in points."""

    face: Literal["Helvetica", "Times", "Courier"] = "Helvetica"
    size: float = 10
    color: str = "#1f2d3d"
    paper: Literal["A4", "LETTER", "B5"] = "A4"
    margin: float = 22
    columns: int = 1
    justified: bool = False
    head: Letterhead | None = None
    head_height: float = 32
    foot: tuple[str, ...] = ()
    """Columns of the footer, each with its own line breaks."""
    running: str = ""
    """What stands at the top of every page after the first."""
    page_word: str = "Page"
    title_size: float = 18
    leading: float = 1.36
    """Distance of the lines, as a share of the size."""

    @property
    def page(self) -> tuple[float, float]:
        """Width and height in points."""
        return PAPERS[self.paper]

    @property
    def width(self) -> float:
        """Width of one column of text in points."""
        gutter = 7 * MM * (self.columns - 1)
        return (self.page[0] - 2 * self.margin * MM - gutter) / self.columns

    def style(self, **changes: Any) -> Any:
        """A paragraph style of this theme; keywords are reportlab's own."""
        base = {
            "name": "text",
            "fontName": FACES[self.face][0],
            "fontSize": self.size,
            "leading": self.size * self.leading,
            "alignment": TA_JUSTIFY if self.justified else TA_LEFT,
            "spaceAfter": self.size * 0.55,
        }
        return ParagraphStyle(**{**base, **changes})

    def bold(self, **changes: Any) -> Any:
        """The same in bold, set left."""
        return self.style(**{"fontName": FACES[self.face][1], "alignment": TA_LEFT, **changes})


def render(blocks: Blocks, theme: Theme, title: str, author: str, language: str = "en-GB") -> bytes:
    """Lay the blocks out as a PDF."""
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=theme.page,
        title=title,
        author=author,
        lang=language,
        invariant=1,
        pageCompression=1,
        initialFontName=FACES[theme.face][0],
    )
    document.addPageTemplates(_templates(theme))
    document.build([part for block in blocks for part in _flow(block, theme)])
    return buffer.getvalue()


def _templates(theme: Theme) -> list[Any]:
    top = theme.head_height if theme.head else 0
    first = PageTemplate(
        "first", _frames(theme, top), onPage=_header(theme), onPageEnd=_footer(theme)
    )
    first.autoNextPageTemplate = "later"
    return [first, PageTemplate("later", _frames(theme, 0), onPageEnd=_footer(theme))]


def _frames(theme: Theme, top: float) -> list[Any]:
    """One frame a column, `top` millimetres left free below the upper margin."""
    foot = theme.margin * MM + (8 * MM if theme.foot else 0)
    height = theme.page[1] - foot - theme.margin * MM - top * MM
    step = theme.width + 7 * MM
    return [
        Frame(theme.margin * MM + step * i, foot, theme.width, height, 0, 0, 0, 0)
        for i in range(theme.columns)
    ]


def _header(theme: Theme) -> Callable[[Any, Any], None]:
    """Draw the letterhead before the first page's text."""

    def paint(canvas: Any, _document: Any) -> None:
        if theme.head:
            canvas.saveState()
            HEADS[theme.head.style](canvas, theme, theme.head)
            canvas.restoreState()

    return paint


def _footer(theme: Theme) -> Callable[[Any, Any], None]:
    """Draw the rest after the text, so that a reader meets the text of a page first."""

    def paint(canvas: Any, document: Any) -> None:
        canvas.saveState()
        _running(canvas, theme, document.page)
        _foot(canvas, theme, document.page)
        canvas.restoreState()

    return paint


def _running(canvas: Any, theme: Theme, page: int) -> None:
    if page == 1 or not theme.running:
        return
    y = theme.page[1] - theme.margin * MM + 5 * MM
    canvas.setFont(FACES[theme.face][2], 8)
    canvas.setFillColor(HexColor("#666666"))
    canvas.drawString(theme.margin * MM, y, theme.running)


def _foot(canvas: Any, theme: Theme, page: int) -> None:
    canvas.setFillColor(HexColor("#666666"))
    canvas.setFont(FACES[theme.face][0], 6.9)
    y = 11 * MM
    canvas.drawRightString(theme.page[0] - theme.margin * MM, y, f"{theme.page_word} {page}")
    step = (theme.page[0] - 2 * theme.margin * MM) / max(len(theme.foot), 1)
    for i, column in enumerate(theme.foot):
        for j, line in enumerate(column.split("\n")):
            canvas.drawString(theme.margin * MM + i * step, y + 8 * MM - j * 9, line)


def _band(canvas: Any, theme: Theme, head: Letterhead) -> None:
    width, height = theme.page
    canvas.setFillColor(HexColor(theme.color))
    canvas.rect(0, height - 30 * MM, width, 30 * MM, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont(FACES[theme.face][1], 19)
    canvas.drawString(theme.margin * MM, height - 18 * MM, head.name)
    canvas.setFont(FACES[theme.face][0], 8)
    for i, line in enumerate(head.lines):
        canvas.drawRightString(width - theme.margin * MM, height - 11 * MM - i * 10, line)


def _right(canvas: Any, theme: Theme, head: Letterhead) -> None:
    x, y = theme.page[0] - theme.margin * MM, theme.page[1] - 20 * MM
    canvas.setFillColor(HexColor(theme.color))
    canvas.setFont(FACES[theme.face][1], 15)
    canvas.drawRightString(x, y, head.name)
    canvas.setFillColor(HexColor("#444444"))
    canvas.setFont(FACES[theme.face][0], 8.5)
    for i, line in enumerate(head.lines):
        canvas.drawRightString(x, y - 14 - i * 11, line)


def _center(canvas: Any, theme: Theme, head: Letterhead) -> None:
    middle, y = theme.page[0] / 2, theme.page[1] - 20 * MM
    canvas.setFillColor(HexColor(theme.color))
    canvas.setFont(FACES[theme.face][1], 17)
    canvas.drawCentredString(middle, y, head.name)
    canvas.setFont(FACES[theme.face][0], 8.5)
    for i, line in enumerate(head.lines):
        canvas.drawCentredString(middle, y - 14 - i * 11, line)
    edge, below = theme.margin * MM, y - 10 - 11 * len(head.lines) - 4
    canvas.setStrokeColor(HexColor(theme.color))
    canvas.line(edge, below, theme.page[0] - edge, below)


def _cover(canvas: Any, theme: Theme, head: Letterhead) -> None:
    width, height = theme.page
    canvas.setFillColor(HexColor(theme.color))
    canvas.rect(0, height * 0.56, width, height * 0.44, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont(FACES[theme.face][1], 30)
    canvas.drawString(theme.margin * MM, height * 0.66, head.name)
    canvas.setFont(FACES[theme.face][0], 13)
    for i, line in enumerate(head.lines):
        canvas.drawString(theme.margin * MM, height * 0.63 - i * 18, line)


HEADS = {"cover": _cover, "band": _band, "right": _right, "center": _center}


@singledispatch
def _flow(block: Block, theme: Theme) -> list[Any]:
    """Return the flowables of a block."""
    raise TypeError(f"{type(block).__name__} has no PDF form in {theme.face}")


@_flow.register
def _heading(block: Heading, theme: Theme) -> list[Any]:
    size = {1: theme.title_size, 2: theme.size + 3, 3: theme.size + 0.8}[block.level]
    above = {1: 0.0, 2: theme.size * 0.9, 3: theme.size * 0.6}[block.level]
    style = theme.bold(
        fontSize=size,
        leading=size * 1.2,
        textColor=HexColor(theme.color),
        spaceBefore=above,
        spaceAfter=size * 0.4,
        keepWithNext=1,
    )
    return [Paragraph(escape(block.text), style)]


@_flow.register
def _prose(block: Prose, theme: Theme) -> list[Any]:
    return [Paragraph(escape(block.text), theme.style())]


@_flow.register
def _clause(block: Clause, theme: Theme) -> list[Any]:
    style = theme.style(leftIndent=theme.size * 2.7, bulletFontName=FACES[theme.face][0])
    return [Paragraph(escape(block.text), style, bulletText=block.number)]


@_flow.register
def _lines(block: Lines, theme: Theme) -> list[Any]:
    size = theme.size - 2 if block.small else theme.size
    style = theme.style(alignment=ALIGN[block.align], fontSize=size, leading=size * 1.3)
    return [_broken(block.lines, style)]


def _broken(lines: tuple[str, ...], style: Any) -> Any:
    return Paragraph("<br/>".join(escape(line) for line in lines), style)


@_flow.register
def _pair(block: Pair, theme: Theme) -> list[Any]:
    style = theme.style(alignment=TA_LEFT, spaceAfter=0)
    cells = [[_broken(block.left, style), _broken(block.right, style)]]
    table = Table(cells, colWidths=[theme.width * 0.58, theme.width * 0.42])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_flush()]))
    return [table, Spacer(1, theme.size)]


def _flush() -> list[tuple[Any, ...]]:
    """No padding to the left and right, so that cells line up with the text."""
    return [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 4)]


@_flow.register
def _facts(block: Facts, theme: Theme) -> list[Any]:
    name = theme.bold(spaceAfter=0)
    value = theme.style(spaceAfter=0, alignment=TA_LEFT)
    cells = [[Paragraph(escape(n), name), Paragraph(escape(v), value)] for n, v in block.pairs]
    table = Table(cells, colWidths=[theme.width * 0.36, theme.width * 0.64], hAlign="LEFT")
    padding = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_flush(), *padding]))
    return [table, Spacer(1, theme.size * 0.8)]


@_flow.register
def _grid(block: Grid, theme: Theme) -> list[Any]:
    last = len(block.rows) - block.totals
    cells = [
        [_cell(text, theme, block, x, strong=y == 0 or y >= last) for x, text in enumerate(row)]
        for y, row in enumerate(block.rows)
    ]
    table = Table(cells, colWidths=[theme.width * share for share in block.widths], repeatRows=1)
    table.setStyle(TableStyle(_look(block, theme)))
    return [table, Spacer(1, theme.size)]


def _cell(text: str, theme: Theme, block: Grid, column: int, *, strong: bool) -> Any:
    numeric = column >= len(block.widths) - block.numeric
    style = (theme.bold if strong else theme.style)(
        alignment=TA_RIGHT if numeric else TA_LEFT,
        fontSize=theme.size - 1,
        leading=(theme.size - 1) * 1.2,
        spaceAfter=0,
    )
    return Paragraph(escape(text), style)


def _look(block: Grid, theme: Theme) -> list[tuple[Any, ...]]:
    color = HexColor(theme.color)
    common: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    if block.totals:
        common.append(("LINEABOVE", (0, -block.totals), (-1, -block.totals), 0.8, color))
    return common + LOOKS[block.look](color)


def _rules(color: Any) -> list[tuple[Any, ...]]:
    return [
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, color),
        ("LINEBELOW", (0, -1), (-1, -1), 0.9, color),
    ]


def _boxed(color: Any) -> list[tuple[Any, ...]]:
    return [
        ("GRID", (0, 0), (-1, -1), 0.4, color),
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e8e8e8")),
    ]


def _tinted(color: Any) -> list[tuple[Any, ...]]:
    pale = Color(color.red, color.green, color.blue, alpha=0.14)
    faint = Color(color.red, color.green, color.blue, alpha=0.05)
    return [
        ("BACKGROUND", (0, 0), (-1, 0), pale),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, faint]),
    ]


LOOKS = {"rules": _rules, "grid": _boxed, "band": _tinted}


@_flow.register
def _items(block: Items, theme: Theme) -> list[Any]:
    style = theme.style(leftIndent=theme.size * 1.4, spaceAfter=theme.size * 0.25)
    return [Paragraph(escape(item), style, bulletText="•") for item in block.items] + [
        Spacer(1, theme.size * 0.4)
    ]


@_flow.register
def _boxes(block: Boxes, theme: Theme) -> list[Any]:
    label = theme.style(fontSize=7, leading=8.5, textColor=HexColor("#555555"), spaceAfter=1)
    value = theme.style(fontName="Courier", alignment=TA_LEFT, spaceAfter=0)
    row = [
        [Paragraph(escape(name), label), Paragraph(escape(text) or "&nbsp;", value)]
        for name, text, _ in block.fields
    ]
    table = Table([row], colWidths=[theme.width * share for _, _, share in block.fields])
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.6, HexColor(theme.color)),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return [table]


@_flow.register
def _checks(block: Checks, theme: Theme) -> list[Any]:
    marks = "&nbsp;&nbsp;&nbsp; ".join(_tick(text, on=on) for text, on in block.choices)
    question = theme.style(spaceBefore=theme.size * 0.5, spaceAfter=2, keepWithNext=1)
    answer = theme.style(leftIndent=theme.size * 1.4, alignment=TA_LEFT)
    return [Paragraph(escape(block.question), question), Paragraph(marks, answer)]


def _tick(text: str, *, on: bool) -> str:
    """A filled square for a choice that was made, an open one for the others."""
    mark = "\u25a0" if on else "\u2751"
    return f'<font name="ZapfDingbats">{mark}</font>&nbsp;{escape(text).replace(" ", "&nbsp;")}'


@_flow.register
def _signatures(block: Signatures, theme: Theme) -> list[Any]:
    hand = theme.style(fontName="Times-Italic", fontSize=15, leading=18, alignment=TA_LEFT)
    small = theme.style(fontSize=theme.size - 1.2, leading=theme.size * 1.15, alignment=TA_LEFT)
    columns = [
        [
            Paragraph(escape(place), small),
            Paragraph(escape(written), hand),
            _broken(tuple(printed.split("\n")), small),
        ]
        for written, printed, place in block.people
    ]
    table = Table(
        list(zip(*columns, strict=True)), colWidths=[theme.width / len(columns)] * len(columns)
    )
    rule = ("LINEBELOW", (0, 1), (-1, 1), 0.5, HexColor("#555555"))
    table.setStyle(TableStyle([rule, ("LEFTPADDING", (0, 0), (-1, -1), 2)]))
    return [CondPageBreak(34 * MM), Spacer(1, 8), table]


@_flow.register
def _bars(block: Bars, theme: Theme) -> list[Any]:
    drawing = Drawing(theme.width, 52 * MM)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 26, 18, theme.width - 40, 36 * MM
    chart.data = [[value for _, value in block.values]]
    chart.categoryAxis.categoryNames = [label for label, _ in block.values]
    chart.categoryAxis.labels.fontSize = chart.valueAxis.labels.fontSize = 7
    chart.valueAxis.valueMin = 0
    chart.bars[0].fillColor = HexColor(theme.color)
    chart.bars[0].strokeColor = None
    drawing.add(chart)
    drawing.add(String(0, 49 * MM, block.caption, fontName=FACES[theme.face][1], fontSize=8.5))
    return [drawing, Spacer(1, theme.size)]


@_flow.register
def _gap(block: Gap, theme: Theme) -> list[Any]:
    return [Spacer(theme.width, block.mm * MM)]


@_flow.register
def _break(_block: Break, _theme: Theme) -> list[Any]:
    return [PageBreak()]
