"""Many documents from upload to routed and embedded, against the pipeline that tutorials show.

    python -m benchmarks.ingest --data FOLDER           its contracts and reports, by labels.csv
    python -m benchmarks.ingest                         PDFs made for the purpose

Both get the same files in the same run, each in a process of its own with its model loaded:
`mailroom serve` by uploads, which also classifies, decides, keeps the originals and indexes words,
and `textbook.py`. What pypdf cannot even open is left out for both. It wants `mailroom[models]`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import report, service
from benchmarks.load import GO, labelled, letter, opens, upload, wait_for_all
from benchmarks.watching import watched

LABELS = ("Contracts", "Reports")
SYNTHETIC, SYNTHETIC_PAGES = 60, 10
EVERY = 3
"""A third of the real documents keeps the run within a few minutes."""


def ours(files: list[Path]) -> dict[str, Any]:
    """Return what Mailroom took from the first upload until the last job had ended."""
    with service() as running, watched(running.process.pid) as use:
        started = time.perf_counter()
        sent = upload(running.client, ((path.name, path.read_bytes()) for path in files))
        documents = wait_for_all(running.client, sent)
        seconds = time.perf_counter() - started
    embedded = [document["job"] for document in documents if document["job"]["queue"] == "embed"]
    return {
        "seconds": round(seconds, 1),
        "documents": sum(document["state"] in ("routed", "in_review") for document in documents),
        "characters": sum(document["character_count"] or 0 for document in documents),
        "chunks": sum(job["total"] for job in embedded),
        **vars(use),
    }


def theirs(files: list[Path]) -> dict[str, Any]:
    """Return what the textbook pipeline took from the first file until it had stored them all."""
    command = [sys.executable, "-m", "benchmarks.textbook"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{path}\n" for path in files) + f"{GO}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        with watched(process.pid) as use:
            process.stdin.write(f"{GO}\n")
            process.stdin.flush()
            numbers: dict[str, Any] = json.loads(process.stdout.readline())
    return {**numbers, **vars(use)}


def made(folder: Path) -> list[Path]:
    """Write PDFs of plain sentences."""
    paths = [folder / f"report-{seed}.pdf" for seed in range(SYNTHETIC)]
    for seed, path in enumerate(paths):
        path.write_bytes(letter(seed, SYNTHETIC_PAGES))
    return paths


def compare(found: list[Path], rounds: int) -> None:
    """Measure both in turn and print the numbers; the round with the median ratio counts."""
    # What only one of them can open would make their times incomparable.
    files = [path for path in found if opens(path)]
    taken = []
    for number in range(rounds):
        order = [ours, theirs] if number % 2 == 0 else [theirs, ours]
        done = {one.__name__: one(files) for one in order}
        taken.append((done["theirs"]["seconds"] / done["ours"]["seconds"], done))
    taken.sort(key=lambda each: each[0])
    ratio, middle = taken[(rounds - 1) // 2]
    report(
        files=len(files),
        left_out=[path.name for path in found if path not in files],
        mailroom=middle["ours"],
        textbook=middle["theirs"],
        times_as_fast=round(ratio, 2),
        all_rounds=[round(each, 2) for each, _ in taken],
        times_less_processor=_ratio(middle, "cpu_seconds"),
        times_less_memory=_ratio(middle, "peak_mb"),
    )


def _ratio(done: dict[str, dict[str, Any]], what: str) -> float:
    return round(float(done["theirs"][what]) / float(done["ours"][what]), 2)


def main() -> None:
    """Find the files, measure, and print the numbers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, help="a folder with labels.csv; else files are made")
    options.add_argument("--every", type=int, default=EVERY, help="take each n-th; 1 takes all")
    options.add_argument("--rounds", type=int, default=1)
    wanted = options.parse_args()
    if wanted.data is not None:
        compare(labelled(wanted.data, LABELS, wanted.every), wanted.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(made(Path(folder)), wanted.rounds)


if __name__ == "__main__":
    main()
