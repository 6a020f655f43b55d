"""Writes samples/, documents of our own invention that look like what a back office receives.

Every person, company and event in them is invented; bank accounts are the published example IBANs,
telephone numbers come from the ranges that are reserved for fiction where there are such.

    python scripts/make_samples.py           # write samples/
    python scripts/make_samples.py --check   # compare samples/ with what would be written
"""

import argparse
import csv
import email
import email.policy
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pypdf
import pypdfium2

from scripts import (
    samples_contracts,
    samples_doubtful,
    samples_forms,
    samples_invoices,
    samples_letters,
    samples_reports,
)
from scripts.samples_questions import QUESTIONS

FOLDER = Path(__file__).resolve().parent.parent / "samples"
SAMPLES = (
    *samples_contracts.SAMPLES,
    *samples_invoices.SAMPLES,
    *samples_reports.SAMPLES,
    *samples_letters.SAMPLES,
    *samples_forms.SAMPLES,
)


def files() -> Iterator[tuple[str, bytes]]:
    """Every file of the folder, with its bytes, made afresh."""
    for sample in SAMPLES:
        yield sample.path, sample.make()
    for name, make in samples_doubtful.FILES.items():
        yield f"doubtful/{name}", make()
    yield "labels.csv", labels()
    yield "questions.jsonl", questions()


def labels() -> bytes:
    """The listing: path, label, language and title of each document."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["path", "label", "language", "title"])
    writer.writerows([s.path, s.label, s.language, s.title] for s in SAMPLES)
    return buffer.getvalue().encode()


def questions() -> bytes:
    """One question a line, as JSON."""
    lines = (json.dumps(asdict(question), ensure_ascii=False) for question in QUESTIONS)
    return ("\n".join(lines) + "\n").encode()


def write(folder: Path) -> int:
    """Write all files into the folder and return how many they are."""
    count = 0
    for name, data in files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        count += 1
    return count


def check(folder: Path) -> list[str]:
    """Compare a folder with what would be written; what differs, is missing or too much."""
    made = dict(files())
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    problems = [f"{name}: not made by this script" for name in sorted(found - made.keys())]
    problems += [f"{name}: missing" for name in sorted(made.keys() - found)]
    for name in sorted(found & made.keys()):
        if not same(name, (folder / name).read_bytes(), made[name]):
            problems.append(f"{name}: differs")
    return problems


def same(name: str, one: bytes, other: bytes) -> bool:
    """Whether two files say the same.

    Bytes decide first. Another release of Python or zlib may pack the same words into other
    bytes, so what is packed is compared unpacked.
    """
    if one == other:
        return True
    unpack = UNPACK.get(Path(name).suffix)
    return unpack is not None and unpack(one) == unpack(other)


def _pdf_words(data: bytes) -> tuple[list[str], dict[str, str]]:
    """The text of each page and the values of the form's fields."""
    document = pypdfium2.PdfDocument(data)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    fields = pypdf.PdfReader(io.BytesIO(data)).get_fields() or {}
    return pages, {name: str(field.value) for name, field in fields.items()}


def _zip_members(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _mail_parts(data: bytes) -> list[object]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    parts: list[object] = [(name, str(value)) for name, value in message.items()]
    for part in message.walk():
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            parts.append(_pdf_words(body) if part.get_filename() else body)
    return parts


UNPACK: dict[str, Callable[[bytes], object]] = {
    ".pdf": _pdf_words,
    ".docx": _zip_members,
    ".eml": _mail_parts,
}


def main(arguments: list[str] | None = None) -> int:
    """Write the samples, or check them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the sample documents.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    if not chosen.check:
        print(f"{write(chosen.folder)} files written to {chosen.folder.name}/")
        return 0
    problems = check(chosen.folder)
    print("\n".join(problems) or "samples are up to date")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
