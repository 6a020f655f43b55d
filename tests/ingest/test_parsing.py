"""What a file is, and that reading it stays within its limits whatever the file does."""

import functools
import importlib.metadata
import io
import os
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from core.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    InvalidInput,
    NotADocument,
    ReadingTimedOut,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from core.settings import Reading
from ingest import parsing, sandbox
from ingest.parsers.choose import supported
from ingest.parsers.contract import CSV, DOCX, HTML, MAIL, MARKDOWN, PDF, TEXT
from ingest.parsing import read, sniff
from ingest.sandbox import Child, Garbled, Silent

LIMITS = Reading()
MAILED = "From: a@example.org\nTo: b@example.org\nMessage-ID: <1@example.org>\n\nHello"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(13)
NOISE = bytes((place * 7919 + place // 251) % 256 for place in range(3000))


@pytest.fixture(autouse=True)
def _small_parent() -> None:
    """Forget how much memory earlier tests held: a child's peak starts at its parent's."""
    peaks = Path("/proc/self/clear_refs")
    if peaks.exists():
        peaks.write_text("5")


def make_pdf(*pages: str) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for text in pages:
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


@functools.cache
def pack(stream: bytes) -> bytes:
    return zlib.compress(stream, 1)


def make_bombs(*streams: bytes) -> bytes:
    """Make a PDF of one page for each content stream, packed as tight as it goes."""
    count = len(streams)
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [ {kids} ] >>".encode(),
    ]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for n, stream in enumerate(streams):
        packed = pack(stream)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 600 800 ] "
            f"/Contents {4 + 2 * n} 0 R /Resources {font} >>".encode(),
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
            + packed
            + b"\nendstream",
        ]
    body = b"%PDF-1.7\n"
    places = []
    for n, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{n} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        body
        + (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}"
            f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
        ).encode()
    )


def shown(words: str) -> bytes:
    return f"BT /F1 12 Tf 50 700 Td ({words}) Tj ET\n".encode()


# Two million drawings of a word: a small file, seconds of work and more than a gigabyte.
BOMB = shown("boom") * 2_000_000
# Enough for a small limit on memory, and over sooner.
SMALL_BOMB = shown("boom") * 400_000


def make_docx(text: str) -> bytes:
    stream = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
    document.save(stream)
    return stream.getvalue()


def make_zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return stream.getvalue()


def make_ole(stream_name: str) -> bytes:
    """Make the head of an OLE container whose directory names one stream."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    head[30:32] = (9).to_bytes(2, "little")
    head[48:52] = (2).to_bytes(4, "little")
    return bytes(head) + bytes(1024) + stream_name.encode("utf-16-le") + bytes(512)


@pytest.fixture
def file(tmp_path):
    def write(data: bytes | str) -> Path:
        path: Path = tmp_path / "document"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


@pytest.fixture
def children(monkeypatch):
    """Collect the process ids of the children that a test starts."""
    started: list[int] = []

    class Watched(Child):
        def __init__(self, task):
            super().__init__(task)
            started.append(self._process.pid)

    monkeypatch.setattr(parsing, "Child", Watched)
    return started


def is_gone(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


# --- what a file is


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (make_pdf("x"), "a.pdf", PDF),
        (make_pdf("x"), "a.txt", PDF),
        (b"\n\n" + make_pdf("x"), "a", PDF),
        (NOISE[1:700] + make_pdf("x"), "a.pdf", PDF),
        ("junk before\n%PDF-1.4 …", "a.pdf", PDF),
        ("A PDF begins with %PDF-1.4, they say", "a.txt", TEXT),
        (make_docx("x"), "a.docx", DOCX),
        (make_docx("x"), "a.zip", DOCX),
        ("<!DOCTYPE html><p>x", "a.html", HTML),
        ("\ufeff\n<!-- saved --><HTML lang=en>", "a.txt", HTML),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', "page", HTML),
        ("<p>fragment</p>", "a.htm", HTML),
        ("a < b and <b>bold</b>", "a.txt", TEXT),
        (MAILED, "a.eml", MAIL),
        (MAILED, "a", MAIL),
        ("From a@example.org Mon Jan 1\n" + MAILED, "a.mbox", MAIL),
        ("no header at all", "a.eml", MAIL),
        (MAILED.encode("utf-16-be"), "a.eml", MAIL),
        ("From: the board\nTo: all staff\nSubject: lunch\n\nToday", "memo.txt", TEXT),
        ("a,b\n1,2", "a.csv", CSV),
        ("a\tb\n1\t2", "a.TSV", CSV),
        ("# Title", "a.md", MARKDOWN),
        ("# Title", "a.txt", TEXT),
        ("plain", "README", TEXT),
        ("Señor García".encode("latin-1"), "a.txt", TEXT),
        ("wide words".encode("utf-16-le"), "a.txt", TEXT),
        ("x" * 65_535 + "é" * 10, "a.txt", TEXT),
    ],
)
def test_bytes_decide_and_the_name_chooses_only_between_kinds_of_text(file, data, name, kind):
    assert sniff(file(data), name) == kind
    assert kind in supported()


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"", "a.pdf", EmptyDocument),
        (" \n\t ", "a.txt", EmptyDocument),
        (PNG, "a.png", UnsupportedMediaType),
        (PNG, "a.pdf", UnsupportedMediaType),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20), "a.jpg", UnsupportedMediaType),
        (b"II*\x00" + bytes(60), "scan.tif", UnsupportedMediaType),
        (make_zip("readme.txt"), "a.zip", UnsupportedMediaType),
        (make_zip("readme.txt"), "a.docx", NotADocument),
        (make_zip("[Content_Types].xml", "xl/workbook.xml"), "a.docx", UnsupportedMediaType),
        (make_zip("[Content_Types].xml", "ppt/presentation.xml"), "a", UnsupportedMediaType),
        (make_ole("WordDocument"), "a.doc", UnsupportedMediaType),
        (make_ole("EncryptedPackage"), "a.docx", EncryptedDocument),
        (r"{\rtf1 words}", "a.rtf", UnsupportedMediaType),
        ("%!PS-Adobe-3.0", "a.ps", UnsupportedMediaType),
        ("<?xml version='1.0'?><invoice/>", "a.xml", UnsupportedMediaType),
        ("<svg xmlns='x'/>", "a.svg", UnsupportedMediaType),
        ("<html>404 not found</html>", "a.pdf", NotADocument),
        ("%", "a.pdf", NotADocument),
        ("text", "a.docx", NotADocument),
        (NOISE, "a.txt", NotADocument),
        (NOISE, "a.pdf", NotADocument),
    ],
)
def test_what_is_not_read_is_refused_by_its_kind(file, data, name, error):
    with pytest.raises(error) as refused:
        sniff(file(data), name)

    assert type(refused.value) is error
    assert name in refused.value.detail


@given(st.binary(max_size=200), st.sampled_from(["a.pdf", "a.txt", "a.docx", "a.eml", "a"]))
def test_every_file_is_a_kind_or_refused(tmp_path_factory, data, name):
    path = tmp_path_factory.getbasetemp() / "sniffed"
    path.write_bytes(data)
    try:
        kind = sniff(path, name)
    except InvalidInput as refused:
        kind = refused.code

    assert kind in {*supported(), "empty", "not_a_document", "unsupported_media_type"}


# --- reading


@pytest.mark.parametrize(
    ("data", "media_type", "words"),
    [
        (make_pdf("a page"), PDF, "a page"),
        (make_docx("a paragraph"), DOCX, "a paragraph"),
        (MAILED, MAIL, "From: a@example.org\nTo: b@example.org\n\nHello"),
        ("<p>one<p>two", HTML, "one\n\ntwo"),
        ("Name,City\nAda,London", CSV, "Name | City\nName: Ada | City: London"),
        ("# Title\n", MARKDOWN, "# Title\n"),
        ("Grüße".encode("latin-1"), TEXT, "Grüße"),
    ],
)
def test_every_kind_is_read_in_a_child(file, children, data, media_type, words):
    parsed = read(file(data), media_type, LIMITS)

    assert parsed.media_type == media_type
    assert [(page.number, page.text, page.error) for page in parsed.pages] == [(1, words, None)]
    assert len(children) == 1
    assert is_gone(children[0])


def test_what_the_file_says_of_itself_arrives(file):
    parsed = read(file("Subject: Zürich\nFrom: a@example.org\n\nx"), MAIL, LIMITS)

    assert parsed.metadata == {"subject": "Zürich", "from": "a@example.org"}
    assert parsed.title == "Zürich"


def test_pages_are_announced_as_they_arrive(file):
    seen: list[tuple[int, int | None]] = []

    read(file(make_pdf("a", "b", "c")), PDF, LIMITS, lambda *state: seen.append(state))

    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_page_without_words_is_an_empty_page(file):
    parsed = read(file(make_pdf("words", "")), PDF, LIMITS)

    assert [page.text for page in parsed.pages] == ["words", ""]
    assert not read(file(make_pdf("")), PDF, LIMITS).has_text


@pytest.mark.parametrize(
    ("data", "media_type", "error"),
    [
        (b"%PDF-1.4\n%%EOF", PDF, CorruptDocument),
        (make_zip("word/other.xml"), DOCX, CorruptDocument),
        (make_zip("readme.txt"), DOCX, NotADocument),
        ("  ", TEXT, EmptyDocument),
        (b"x", "image/png", UnsupportedMediaType),
    ],
)
def test_the_childs_errors_keep_their_kind(file, data, media_type, error):
    with pytest.raises(error) as raised:
        read(file(data), media_type, LIMITS)

    assert type(raised.value) is error


def test_a_file_that_is_not_there_is_no_readable_document(tmp_path):
    with pytest.raises(CorruptDocument, match="FileNotFoundError"):
        read(tmp_path / "missing", TEXT, LIMITS)


@pytest.mark.parametrize(
    ("data", "media_type", "limits", "named"),
    [
        (make_pdf(*"abcdef"), PDF, {"max_pages": 5}, "max_pages"),
        (make_pdf(*["x" * 80] * 15), PDF, {"max_characters": 1000}, "1,000"),
        ("word " * 1000, TEXT, {"max_characters": 1000}, "max_characters"),
    ],
)
def test_a_document_beyond_the_limits_is_too_large(file, data, media_type, limits, named):
    with pytest.raises(TooLarge, match=named):
        read(file(data), media_type, Reading(**limits))


# --- limits


def test_one_page_that_breaks_costs_one_page(file):
    whole = make_pdf("first", "second", "third")
    kids = whole[whole.index(b"/Kids [") :].split(b"]")[0]
    lost = kids.split(b" R ")[1].strip() + b" R"
    damaged = whole.replace(kids, kids.replace(lost, b"99 0 R"))

    pages = read(file(damaged), PDF, LIMITS).pages

    assert [(p.number, p.text, p.error) for p in pages] == [
        (1, "first", None),
        (2, "", "corrupt"),
        (3, "third", None),
    ]


@pytest.mark.parametrize(
    ("limits", "children_needed"),
    [
        ({"memory_mb": 200}, 2),
        ({"wall_seconds": 6, "memory_mb": 4000}, 2),
    ],
    ids=["memory", "wall clock"],
)
def test_a_page_that_kills_its_reader_costs_that_page(file, children, limits, children_needed):
    bomb = file(make_bombs(shown("first"), BOMB, shown("third")))
    seen: list[tuple[int, int | None]] = []

    pages = read(bomb, PDF, Reading(**limits), lambda *state: seen.append(state)).pages

    assert [(p.number, p.text, p.error) for p in pages] == [
        (1, "first", None),
        (2, "", "timed_out"),
        (3, "third", None),
    ]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert len(children) == children_needed
    assert all(is_gone(pid) for pid in children)


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"memory_mb": 200}, "memory_mb"),
        ({"cpu_seconds": 1, "memory_mb": 4000}, "cpu_seconds"),
        ({"wall_seconds": 1, "memory_mb": 4000}, "wall_seconds"),
    ],
)
def test_a_document_of_one_such_page_names_the_limit_it_broke(file, children, limits, named):
    started = time.monotonic()

    with pytest.raises(ReadingTimedOut, match=named):
        read(file(make_bombs(BOMB)), PDF, Reading(**limits))

    assert time.monotonic() - started < 15
    assert all(is_gone(pid) for pid in children)


def test_a_document_of_nothing_but_bombs_ends(file, children):
    with pytest.raises(ReadingTimedOut):
        read(file(make_bombs(*[SMALL_BOMB] * 8)), PDF, Reading(memory_mb=128))

    assert 1 < len(children) <= 5


def test_pages_read_before_the_restarts_run_out_are_kept(file, children):
    bombs = make_bombs(shown("first"), *[SMALL_BOMB] * 6, shown("last"))

    pages = read(file(bombs), PDF, Reading(memory_mb=128)).pages

    assert pages[0].text == "first"
    assert [page.error for page in pages[1:]] == ["timed_out"] * 7
    assert len(children) == 4


def test_memory_of_the_parent_stays_flat(file):
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ReadingTimedOut):
        read(file(make_bombs(SMALL_BOMB)), PDF, Reading(memory_mb=200))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


def test_a_caller_who_gives_up_leaves_no_child_behind(file, children):
    def give_up(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(file(make_bombs(shown("first"), BOMB)), PDF, LIMITS, give_up)

    assert [is_gone(pid) for pid in children] == [True]


def test_a_child_that_cannot_start_is_not_the_documents_fault(file, monkeypatch):
    monkeypatch.setattr(sandbox, "_BOOT", "raise SystemExit(3)")

    with pytest.raises(Unavailable, match="exit 3"):
        read(file("words"), TEXT, LIMITS)


@pytest.mark.parametrize(
    "program",
    [
        "send({'ready': True}); send({'pages': 2}); send({'page': 7, 'text': 'x'})",
        "send({'page': 1, 'text': 'x'})",
        "send({'pages': 'many'})",
        "send({'pages': 10**9})",
        "send({'pages': 1}); send({'pages': 2})",
        "send({'pages': 1}); send({'metadata': [1], 'form_fields': 2, 'attachments': 3})",
        "send([1])",
        "send({'failed': 'corrupt'})",
        "raw(b'\\xff\\xff\\xff\\xff')",
        "raw(b'\\x00\\x00\\x00\\x02{]')",
        "send({'pages': 1}); raw(b'\\x00\\x00\\x00\\x09half')",
        "send({'pages': 0})",
        "send({'ready': 1}); import os; os.abort()",
    ],
)
def test_a_child_in_the_hands_of_its_file_can_only_fail(file, monkeypatch, program):
    boot = (
        "import json, sys, struct\n"
        "def raw(b): sys.stdout.buffer.write(b); sys.stdout.flush()\n"
        "def send(o): b = json.dumps(o).encode(); raw(struct.pack('>I', len(b)) + b)\n"
    )
    monkeypatch.setattr(sandbox, "_BOOT", boot + program)

    with pytest.raises(CorruptDocument):
        # Memory far above what this very process holds, which a child's peak starts from.
        read(file("words"), TEXT, Reading(max_characters=1000, memory_mb=65_536))


def test_a_silent_child_is_given_up_and_a_garbled_one_too(monkeypatch):
    monkeypatch.setattr(sandbox, "_BOOT", "import time; time.sleep(60)")
    with Child({}) as child:
        with pytest.raises(Silent):
            child.receive(0.1, 100)
        pid = child._process.pid
    assert is_gone(pid)

    monkeypatch.setattr(sandbox, "_BOOT", "import sys; sys.stdout.buffer.write(b'\\0\\1\\0\\0')")
    with Child({}) as child, pytest.raises(Garbled):
        child.receive(20, 100)


def test_what_the_child_has_started_goes_with_it(monkeypatch):
    monkeypatch.setattr(
        sandbox,
        "_BOOT",
        "import os, sys, time\n"
        "if os.fork(): sys.stdout.buffer.write(b'\\0\\0\\0\\2{}'); sys.stdout.flush()\n"
        "time.sleep(60)",
    )
    with Child({}) as child:
        assert child.receive(20, 100) == {}
        pid = child._process.pid
    deadline = time.monotonic() + 5
    while not is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_gone(pid)


# --- what the child is


def run_as_child(program: str, folder: Path) -> str:
    """Run a program as the sandbox would: isolated, with our import path, in an empty folder."""
    boot = f"import sys; sys.path[:] = {sandbox._import_path()!r}\n{program}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", boot],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_child_loads_readers_and_little_else(tmp_path):
    heavy = {"chromadb", "fastapi", "langchain_core", "numpy", "onnxruntime", "pydantic", "torch"}
    program = (
        "import ingest.reading_child\n"
        "from ingest.parsers.choose import choose, supported\n"
        "for kind in supported(): choose(kind)\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    assert run_as_child(program, tmp_path) == "[]"


@pytest.mark.parametrize(
    "deed",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
        "open('written', 'w').write('x' * 100_000)",
    ],
)
def test_once_its_reader_is_loaded_the_child_may_not(tmp_path, deed):
    program = (
        "from ingest import reading_child\n"
        "reading_child._close_the_doors()\n"
        f"try:\n    {deed.replace('; ', chr(10) + '    ')}\n"
        "except OSError as error: print(type(error).__name__)\n"
        "else: print('did it')"
    )

    assert run_as_child(program, tmp_path) in {"PermissionError", "OSError"}
    assert all(path.stat().st_size == 0 for path in tmp_path.iterdir())


def test_the_child_sees_nothing_of_its_parents_environment(monkeypatch):
    monkeypatch.setenv("MAILROOM_SECRET", "token")
    monkeypatch.setattr(
        sandbox,
        "_BOOT",
        "import json, os, sys\n"
        "body = json.dumps([sorted(os.environ), os.listdir()]).encode()\n"
        "sys.stdout.buffer.write(len(body).to_bytes(4, 'big') + body)",
    )

    with Child({}) as child:
        names, files = child.receive(20, 10_000)
        scratch = Path(child._scratch.name)
        assert scratch.stat().st_mode & 0o077 == 0

    assert "MAILROOM_SECRET" not in names
    assert files == []
    assert not scratch.exists()


def test_reading_starts_fast(file):
    resource = pytest.importorskip("resource")
    path = file("a few words")

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return float(usage.ru_utime + usage.ru_stime)

    costs = []
    for _ in range(5):
        before = used()
        read(path, TEXT, LIMITS)
        costs.append(used() - before)

    assert min(costs) < 0.15


def test_the_libraries_that_open_hostile_files_are_recent():
    # Below this, known files make pypdf loop or eat memory.
    version = importlib.metadata.version("pypdf").split(".")
    assert tuple(int(part) for part in version[:2]) >= (7, 1)
