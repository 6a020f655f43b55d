"""A broken Chroma folder is found by a child process, and moved aside; nothing else is."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from core import settings
from retrieval import probe
from retrieval.index import CHROMA, build_store
from retrieval.probe import Examination, Finding, quarantine, quarantined
from retrieval.vectors import ChunkKey

PATIENCE = 60.0


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with a collection that was written out, and a small one that was not yet."""
    folder = tmp_path_factory.mktemp("chroma")
    store = build_store(settings.Index(), folder)
    random = np.random.default_rng(0)
    for name, count in (("large", 1500), ("small", 20)):
        vectors = random.normal(size=(count, 16)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        store.make(name)
        store.upsert(name, [ChunkKey(uuid4(), n) for n in range(count)], vectors)
    store.close()
    return folder / CHROMA


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / CHROMA))


def segment(folder):
    (found,) = (path.parent for path in folder.glob("*/index_metadata.pickle"))
    return found


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def found_in(folder):
    return Examination(folder).wait(PATIENCE)


def test_a_whole_folder_passes_and_stays_as_it_is(folder):
    before = {path: path.stat().st_size for path in folder.rglob("*.bin")}
    assert found_in(folder) == Finding()
    assert {path: path.stat().st_size for path in folder.rglob("*.bin")} == before


def test_a_folder_that_is_new_passes(tmp_path):
    (tmp_path / CHROMA).mkdir()
    assert found_in(tmp_path / CHROMA) == Finding()


@pytest.mark.parametrize(
    ("breakage", "reason"),
    [
        (lambda folder: cut(segment(folder) / "data_level0.bin"), "data_level0.bin"),
        (lambda folder: cut(segment(folder) / "link_lists.bin"), "link_lists.bin"),
        (lambda folder: cut(segment(folder) / "length.bin"), "length.bin"),
        (lambda folder: os.truncate(segment(folder) / "header.bin", 0), "header.bin"),
        (lambda folder: os.truncate(segment(folder) / "index_metadata.pickle", 0), "pickle"),
        (lambda folder: shutil.rmtree(segment(folder)), "Error"),
        (lambda folder: cut(folder / "chroma.sqlite3"), "malformed"),
        (lambda folder: (folder / "chroma.sqlite3").write_bytes(b"?" * 9000), "not a database"),
        (lambda folder: (folder / "chroma.sqlite3").unlink(), "missing"),
    ],
    ids=["data", "links", "length", "header", "metadata", "segment", "cut", "garbage", "catalogue"],
)
def test_what_is_broken_is_found(folder, breakage, reason):
    breakage(folder)
    finding = found_in(folder)
    assert finding is not None
    assert finding.broken is not None
    assert reason in finding.broken


def test_a_crash_and_a_hang_are_findings(folder, monkeypatch):
    monkeypatch.setattr(probe, "_BOOT", "import os; os.abort()")
    assert found_in(folder) == Finding("opening it ended with signal 6")
    monkeypatch.setattr(probe, "_BOOT", "import time; time.sleep(600)")
    assert Examination(folder, longest=0.5).wait(PATIENCE) == Finding(
        "it did not answer within 0.5 s"
    )


def test_the_child_does_not_outlive_its_parent(folder):
    hang = "import time; probe.examine = lambda folder: time.sleep(600)"
    boot = f"{probe._BOOT.replace('main(sys.argv[2])', '')}from retrieval import probe; {hang}; "
    parent = (
        "import sys, time; from pathlib import Path; from retrieval import probe\n"
        f"probe._BOOT = {boot + 'probe.main(sys.argv[2])'!r}\n"
        f"child = probe.Examination(Path({str(folder)!r}))\n"
        "time.sleep(0.2); print(child._child.pid, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.communicate()
    wait_for_end(pid)


def wait_for_end(pid):
    """Return when a process is gone."""
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}").exists() and "Z" not in state_of(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def state_of(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def test_links_that_grow_without_bound_are_a_warning(folder):
    with (segment(folder) / "link_lists.bin").open("ab") as links:
        links.truncate(11 * (segment(folder) / "data_level0.bin").stat().st_size)
    finding = found_in(folder)
    assert finding is not None
    assert finding.broken is None
    assert "link_lists.bin" in finding.warnings[0]


def test_the_newest_two_that_were_moved_aside_are_kept(tmp_path):
    folder = tmp_path / CHROMA
    moved = []
    for _ in range(4):
        folder.mkdir()
        moved.append(quarantine(folder, "broken"))
    assert quarantined(folder) == moved[:1:-1]
    assert not folder.exists()


def await_end(store):
    deadline = time.monotonic() + PATIENCE
    while store.examining:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_broken_folder_is_moved_aside_and_an_empty_one_opened(folder):
    cut(segment(folder) / "data_level0.bin")
    store = build_store(settings.Index(), folder.parent)
    store.examine()
    await_end(store)
    assert not store.exists("large")
    (aside,) = quarantined(folder)
    assert aside.name in store.remarks[0]
    assert segment(aside).exists()
    store.close()


def test_a_whole_folder_is_opened_once_it_has_been_examined(folder):
    store = build_store(settings.Index(), folder.parent)
    store.examine()
    await_end(store)
    assert store.count("large") == 1500
    assert store.remarks == []
    store.close()
    assert store.diagnosis() == Finding()
