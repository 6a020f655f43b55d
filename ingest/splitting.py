"""Pages into chunks by LangChain's recursive splitter, each chunk exactly the words at its place.

The splitter gives texts, not places, and looking a text up in its page goes astray where words
repeat. So it is shown a page on which every visible character is replaced by one that states its
own position: white space, which is all the splitter looks at, stays; the places can be read off.
"""

from collections.abc import Callable, Iterator

from core.documents import Chunk, Page, ParsedDocument, Span
from core.settings import Splitting

# The million code points above the basic plane: none is white space, none a surrogate.
_FIRST = 0x10000
_COUNT = 0x100000


def split(parsed: ParsedDocument, rules: Splitting) -> list[Chunk]:
    """Cut every page into chunks of at most `rules.size` characters, none across two pages.

    Chunks overlap by up to `rules.overlap` characters, begin and end with a visible character,
    and together hold every visible character of the document. Ordinals count from 0.
    """
    # Imported here: a quarter of a second that commands which split nothing need not pay.
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=rules.size, chunk_overlap=rules.overlap, length_function=len
    )
    spans = (span for page in parsed.pages for span in _spans(page, splitter.split_text))
    texts = {page.number: page.text for page in parsed.pages}
    return [
        Chunk(ordinal, span, texts[span.page][span.start : span.end])
        for ordinal, span in enumerate(spans)
    ]


def _spans(page: Page, cut: Callable[[str], list[str]]) -> Iterator[Span]:
    """Yield where the chunks of a page lie, in order."""
    masked = _masked(page.text)
    start = 0
    for chunk in cut(masked):
        # Positions repeat after a million characters; the next chunk never begins that far on.
        start = masked.index(chunk, start)
        yield Span(page.number, start, start + len(chunk))


def _masked(text: str) -> str:
    return "".join(
        sign if sign.isspace() else chr(_FIRST + place % _COUNT) for place, sign in enumerate(text)
    )
