"""The demo: a service of its own reads the samples, routes them, and answers with quotes."""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
NOT_SAMPLES = {"labels.csv", "questions.jsonl"}
QUESTIONS = 3
PATIENCE_SECONDS = 120
out = Console()


def main() -> int:
    """Run the demo; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / ".demo")
    folder = parser.parse_args().data.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    with service(folder) as (client, key):
        upload(client)
        documents = wait(client)
        show_documents(documents)
        show_reviews(client)
        answered = show_answers(client)
        page = client.get("/")
        out.print(f"\nThe page is served: {page.status_code}, {len(page.content)} bytes.")
    out.print(
        f"Done in {time.monotonic() - started:.0f} s. To look around yourself: [bold]make serve[/]"
    )
    out.print(f"and open http://127.0.0.1:8080 with this key: [bold]{key}[/]")
    failed = [document for document in documents if document["state"] == "failed"]
    return 0 if answered and not failed and page.is_success else 1


@contextmanager
def service(folder: Path) -> Iterator[tuple[httpx.Client, str]]:
    """Start `mailroom serve` on a free port; yield a client with its key; stop it."""
    folder.mkdir(parents=True)
    port = free_port()
    command = [str(Path(sys.executable).with_name("mailroom")), "serve", "--port", str(port)]
    environment = {**os.environ, "MAILROOM_DATA_DIR": str(folder)}
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        key = first_line(process)
        headers = {"Authorization": f"Bearer {key}"}
        base = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=base, headers=headers, timeout=60) as client:
            ready(client, process)
            yield client, key
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the key, which the first start of a data folder prints."""
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        raise SystemExit("the service did not start; see serve.log in the data folder")
    return line


def ready(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    """Wait until the service can work."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the service did not become ready")


def upload(client: httpx.Client) -> None:
    """Send every sample."""
    files = sorted(f for f in SAMPLES.rglob("*") if f.is_file() and f.name not in NOT_SAMPLES)
    for file in track(files, description="Uploading the samples", console=out, transient=True):
        answer = client.post("/v1/documents", files={"file": (file.name, file.read_bytes())})
        answer.raise_for_status()


def wait(client: httpx.Client) -> list[dict[str, object]]:
    """Return the documents once none moves any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with out.status("Reading, classifying, routing") as status:
        while time.monotonic() < deadline:
            items = client.get("/v1/documents", params={"limit": 200}).json()["items"]
            moving = sum(item["state"] in ("received", "processing") for item in items)
            if not moving:
                return list(items)
            status.update(f"Reading, classifying, routing: {len(items) - moving} of {len(items)}")
            time.sleep(0.3)
    raise SystemExit("the documents were not through in time")


def show_documents(documents: list[dict[str, object]]) -> None:
    """Print what became of each document."""
    table = Table("document", "state", "class", "sure", "department", box=None, header_style="bold")
    for item in sorted(documents, key=lambda each: str(each["filename"])):
        confidence = item["confidence"]
        sure = f"{confidence:.1%}" if isinstance(confidence, float) else ""
        cells = (item["filename"], item["state"], item["label"], sure, item["department"])
        table.add_row(*(str(cell or "") for cell in cells))
    out.print(table)
    out.print(dict(Counter(str(item["state"]) for item in documents)))


def show_reviews(client: httpx.Client) -> None:
    """Print why some documents wait for a person."""
    for item in client.get("/v1/reviews", params={"state": "open"}).json()["items"]:
        review = client.get(f"/v1/reviews/{item['id']}").json()
        out.print(f"For a person: {review['document']['filename']} ({review['reason']})")


def show_answers(client: httpx.Client) -> bool:
    """Ask some of the samples' questions; tell whether any was answered with a checked quote."""
    lines = (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    verified = 0
    for question in [*questions[:QUESTIONS], questions[-1]]:
        answer = client.post("/v1/ask", json={"question": question}).json()
        out.print(f"\n[bold]{question}[/]")
        out.print(answer["answer"] or f"(refused: {answer['refusal_reason']})", markup=False)
        for citation in answer["citations"]:
            verified += citation["verified"]
            place = f"{citation['title']}, page {citation['page']}"
            out.print(f"  [{citation['n']}] {place}: “{citation['quote']}”", markup=False)
    return verified > 0


if __name__ == "__main__":
    sys.exit(main())
