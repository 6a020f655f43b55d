"""Writes blocks as plain text, Markdown and HTML."""

import textwrap
from functools import singledispatch
from html import escape

from scripts.samples_blocks import (
    Block,
    Blocks,
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

WIDTH = 78
RULES = {1: "=", 2: "-", 3: ""}


def text(blocks: Blocks) -> bytes:
    """Plain text, wrapped, in UTF-8."""
    return ("\n\n".join(_text(block) for block in blocks) + "\n").encode()


@singledispatch
def _text(block: Block) -> str:
    """Return a block as plain text."""
    raise TypeError(f"{type(block).__name__} has no plain form")


@_text.register
def _(block: Heading) -> str:
    words = block.text.upper() if block.level == 1 else block.text
    rule = RULES[block.level] * len(words)
    return f"{words}\n{rule}".rstrip()


@_text.register
def _(block: Prose) -> str:
    return textwrap.fill(block.text, WIDTH)


@_text.register
def _(block: Clause) -> str:
    return textwrap.fill(f"{block.number} {block.text}", WIDTH, subsequent_indent="    ")


@_text.register
def _(block: Lines) -> str:
    place = {"left": str.ljust, "right": str.rjust, "center": str.center}[block.align]
    return "\n".join(place(line, WIDTH).rstrip() for line in block.lines)


@_text.register
def _(block: Facts) -> str:
    wide = max(len(name) for name, _ in block.pairs) + 2
    return "\n".join(
        textwrap.fill(
            f"{name + ':':<{wide}}{value}",
            WIDTH,
            subsequent_indent=" " * wide,
            break_on_hyphens=False,
        )
        for name, value in block.pairs
    )


@_text.register
def _(block: Grid) -> str:
    widths = [max(map(len, column)) for column in zip(*block.rows, strict=True)]
    lines = [_row(row, widths, block.numeric) for row in block.rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _row(row: tuple[str, ...], widths: list[int], numeric: int) -> str:
    first = len(row) - numeric
    cells = [
        text.rjust(wide) if x >= first else text.ljust(wide)
        for x, (text, wide) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


@_text.register
def _(block: Items) -> str:
    return "\n".join(
        textwrap.fill(f"- {item}", WIDTH, subsequent_indent="  ") for item in block.items
    )


@_text.register
def _(block: Checks) -> str:
    marks = "\n".join(f"  [{'x' if on else ' '}] {text}" for text, on in block.choices)
    return f"{block.question}\n{marks}"


@_text.register
def _(block: Signatures) -> str:
    return "\n\n".join(
        f"{place}\n\n{written}\n{'_' * 32}\n{printed}" for written, printed, place in block.people
    )


def markdown(blocks: Blocks) -> bytes:
    """Markdown with pipe tables, in UTF-8."""
    return ("\n\n".join(_mark(block) for block in blocks) + "\n").encode()


@singledispatch
def _mark(block: Block) -> str:
    """Return a block as Markdown."""
    raise TypeError(f"{type(block).__name__} has no Markdown form")


@_mark.register
def _(block: Heading) -> str:
    return f"{'#' * block.level} {block.text}"


@_mark.register
def _(block: Prose) -> str:
    return textwrap.fill(block.text, 100)


@_mark.register
def _(block: Clause) -> str:
    return f"**{block.number}** {block.text}"


@_mark.register
def _(block: Facts) -> str:
    return "\n".join(f"- **{name}:** {value}" for name, value in block.pairs)


@_mark.register
def _(block: Items) -> str:
    return "\n".join(f"- {item}" for item in block.items)


@_mark.register
def _(block: Grid) -> str:
    first = len(block.widths) - block.numeric
    rule = " | ".join("---:" if x >= first else "---" for x in range(len(block.widths)))
    head, *body = (" | ".join(row) for row in block.rows)
    return "\n".join(f"| {line} |" for line in (head, rule, *body))


@_mark.register
def _(block: Signatures) -> str:
    return "\n\n".join(
        f"{place}: *{written}*, {printed}" for written, printed, place in block.people
    )


PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""
STYLE = (
    "body{font:15px/1.5 Georgia,serif;max-width:46em;margin:2em"
    " auto;color:#222}table{border-collapse:collapse;width:100%}td,th{padding:.3em"
    " .5em;border-bottom:1px solid"
    " #bbb;text-align:left}.n{text-align:right}.two{display:flex;justify-content:space-between}"
)


def html(blocks: Blocks, title: str, language: str) -> bytes:
    """A page of HTML, in UTF-8."""
    return page("\n".join(_html(block) for block in blocks), title, language)


def page(body: str, title: str, language: str) -> bytes:
    """Put a body that is already HTML into a page."""
    return PAGE.format(body=body, title=escape(title), language=language, style=STYLE).encode()


@singledispatch
def _html(block: Block) -> str:
    """Return a block as HTML."""
    raise TypeError(f"{type(block).__name__} has no HTML form")


@_html.register
def _(block: Heading) -> str:
    return f"<h{block.level}>{escape(block.text)}</h{block.level}>"


@_html.register
def _(block: Prose) -> str:
    return f"<p>{escape(block.text)}</p>"


@_html.register
def _(block: Lines) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in block.lines)}</p>"


@_html.register
def _(block: Pair) -> str:
    sides = (_html(Lines(side)) for side in (block.left, block.right))
    return '<div class="two">' + "".join(f"<div>{side}</div>" for side in sides) + "</div>"


@_html.register
def _(block: Facts) -> str:
    rows = "".join(f"<dt>{escape(n)}</dt><dd>{escape(v)}</dd>" for n, v in block.pairs)
    return f"<dl>{rows}</dl>"


@_html.register
def _(block: Items) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"


@_html.register
def _(block: Grid) -> str:
    rows = [
        _html_row(row, block.numeric, "th" if y == 0 else "td") for y, row in enumerate(block.rows)
    ]
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _html_row(row: tuple[str, ...], numeric: int, tag: str) -> str:
    first = len(row) - numeric
    cells = (
        f"<{tag}{' class=n' if x >= first else ''}>{escape(text)}</{tag}>"
        for x, text in enumerate(row)
    )
    return "<tr>" + "".join(cells) + "</tr>"
