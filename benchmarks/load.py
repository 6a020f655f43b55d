"""Documents for the benchmarks, and a client that brings them and waits for the end."""

import csv
import io
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from pypdf import PdfReader
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

LINES = 48
SUBJECTS = ("pumps", "invoices", "travel", "safety", "leases", "training", "energy", "archives")
VERBS = ("inspected", "approved", "renewed", "postponed", "measured", "delivered", "audited")
UPLOADS_AT_ONCE = 4
LOOK_SECONDS = 0.25
GO = "go"
"""What a process that measures is told when it is to begin."""
ENDED = ("succeeded", "dead", "cancelled")


def letter(seed: int, pages: int) -> bytes:
    """Return a PDF of plain sentences, different for every seed."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    for page in range(pages):
        canvas.setFont("Helvetica", 10)
        for line in range(LINES):
            n = seed * 7919 + page * 97 + line
            subject, verb = SUBJECTS[n % len(SUBJECTS)], VERBS[n // 3 % len(VERBS)]
            what = f"{n % 900 + 20} {subject}"
            text = f"In week {n % 52 + 1} the department {verb} {what}, see file {n}."
            canvas.drawString(50, 790 - line * 15, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def labelled(folder: Path, labels: Sequence[str], every: int) -> list[Path]:
    """Return each `every`-th document of these labels, by size so that all sizes are there."""
    with (folder / "labels.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["label"] in labels]
    files = sorted((folder / row["path"] for row in rows), key=lambda path: path.stat().st_size)
    return files[every // 2 :: every]


def opens(path: Path) -> bool:
    """Tell whether pypdf finds pages in a PDF: it cannot decrypt without one more package."""
    if path.suffix != ".pdf":
        return True
    try:
        return len(PdfReader(path).pages) > 0
    except Exception:  # noqa: BLE001 (pypdf raises whatever its parsing runs into)
        return False


def upload(client: httpx.Client, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Upload files a few at a time; return the ids of what was accepted."""

    def one(file: tuple[str, bytes]) -> str | None:
        sent = client.post("/v1/documents", files={"file": file})
        return str(sent.json()["id"]) if sent.is_success else None

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        return [name for name in pool.map(one, files) if name]


def wait_for_all(client: httpx.Client, documents: Iterable[str]) -> list[dict[str, Any]]:
    """Return the documents once the last job of each has ended: decided, and embedded."""
    return [_ended(client, document) for document in documents]


def _ended(client: httpx.Client, name: str) -> dict[str, Any]:
    while True:
        document: dict[str, Any] = client.get(f"/v1/documents/{name}").json()
        if document["job"]["state"] in ENDED:
            return document
        time.sleep(LOOK_SECONDS)
