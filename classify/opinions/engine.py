"""The one contract of every engine: a document and its context in, an opinion out."""

from typing import Protocol

from classify.classification import Context, Opinion
from core.documents import ParsedDocument


class Engine(Protocol):
    """Says what a document is. Its answer may be wrong, but never made up.

    `name` is what opinions and failures carry: `local`, `llm`. `opine` may be called from
    several threads at once.
    """

    @property
    def name(self) -> str:
        """Short stable name of this kind of engine."""
        ...

    def opine(self, document: ParsedDocument, context: Context) -> Opinion:
        """Return this engine's opinion on a document that has text.

        Raises:
            EngineUnavailable: it cannot be asked now, or did not answer in time.
            InvalidModelOutput: it answered, but not with an opinion.
        """
        ...
