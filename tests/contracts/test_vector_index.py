"""One suite for every vector store: in memory, Chroma in a folder, a Chroma server."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from core import settings
from core.errors import ConfigurationError, IndexUnavailable
from retrieval.index import build_store
from retrieval.vectors import ChunkKey, MemoryStore, VectorStore

DOCUMENTS = [UUID(int=n) for n in range(1, 60)]
NAME = "w0-test"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that comes with Chroma's package, on a port of its own."""
    folder = tmp_path_factory.mktemp("chroma-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--path", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    patient = settings.Outside(breaker_failures=1000)
    store = build_store(settings.Index(host="127.0.0.1", port=port), folder, patient)
    await_answer(store)
    store.close()
    yield port
    process.terminate()
    process.wait(10)


def await_answer(store):
    deadline = time.monotonic() + 20
    while True:
        try:
            return store.ping()
        except IndexUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(params=["memory", "embedded", "server"])
def store(request, tmp_path):
    store: VectorStore = MemoryStore()
    if request.param == "embedded":
        store = build_store(settings.Index(), tmp_path)
    if request.param == "server":
        port = request.getfixturevalue("server")
        store = build_store(settings.Index(host="127.0.0.1", port=port), tmp_path)
    store.make(NAME)
    yield store
    store.drop(NAME)
    store.close()


def unit(*rows):
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def keys(*pairs):
    return [ChunkKey(DOCUMENTS[document], ordinal) for document, ordinal in pairs]


def test_the_nearest_come_first_with_their_cosine(store):
    store.upsert(NAME, keys((0, 0), (0, 1), (1, 0)), unit([1, 0], [1, 1], [0, 1]))
    hits = store.query(NAME, unit([1, 0.1])[0], 3)
    assert [hit.key for hit in hits] == keys((0, 0), (0, 1), (1, 0))
    cosines = unit([1, 0], [1, 1], [0, 1]) @ unit([1, 0.1])[0]
    assert [hit.similarity for hit in hits] == pytest.approx(cosines.tolist(), abs=1e-5)


def test_no_more_than_k_are_returned_and_no_more_than_there_are(store):
    store.upsert(NAME, keys((0, 0), (0, 1), (0, 2)), unit([1, 0], [1, 1], [0, 1]))
    assert len(store.query(NAME, unit([1, 0])[0], 2)) == 2
    assert len(store.query(NAME, unit([1, 0])[0], 50)) == 3


def test_writing_again_changes_nothing_and_a_new_vector_replaces(store):
    for _ in range(2):
        store.upsert(NAME, keys((0, 0), (1, 0)), unit([1, 0], [0, 1]))
    assert store.count(NAME) == 2
    store.upsert(NAME, keys((0, 0)), unit([0, 1]))
    assert store.count(NAME) == 2
    assert store.query(NAME, unit([1, 0])[0], 2)[0].similarity == pytest.approx(0, abs=1e-5)


def test_a_deleted_document_is_not_found_again(store):
    store.upsert(NAME, keys((0, 0), (0, 1), (1, 0)), unit([1, 0], [1, 0.1], [0, 1]))
    store.delete_document(NAME, DOCUMENTS[0])
    store.delete_document(NAME, DOCUMENTS[0])
    assert [hit.key for hit in store.query(NAME, unit([1, 0])[0], 3)] == keys((1, 0))
    assert store.count(NAME) == 1


def test_a_question_can_be_kept_to_some_documents(store):
    pairs = [(document, 0) for document in range(50)]
    rows = [[np.cos(document / 50), np.sin(document / 50)] for document in range(50)]
    store.upsert(NAME, keys(*pairs), unit(*rows))
    wanted = [DOCUMENTS[49], DOCUMENTS[7]]
    hits = store.query(NAME, unit([1, 0])[0], 10, wanted)
    assert [hit.key for hit in hits] == keys((7, 0), (49, 0))
    assert store.query(NAME, unit([1, 0])[0], 10, []) == []


def test_collections_do_not_mix(store):
    store.upsert(NAME, keys((0, 0)), unit([1, 0]))
    store.make(NAME + "-other")
    store.upsert(NAME + "-other", keys((1, 0)), unit([1, 0, 0]))
    assert [hit.key for hit in store.query(NAME, unit([1, 0])[0], 5)] == keys((0, 0))
    store.drop(NAME + "-other")
    assert store.count(NAME + "-other") == 0
    assert store.count(NAME) == 1


def test_a_collection_that_is_not_there_is_unavailable_and_not_made_by_writing(store):
    gone = NAME + "-gone"
    with pytest.raises(IndexUnavailable, match=gone):
        store.query(gone, unit([1, 0])[0], 1)
    with pytest.raises(IndexUnavailable, match=gone):
        store.upsert(gone, keys((0, 0)), unit([1, 0]))
    assert not store.exists(gone)
    store.delete_document(gone, DOCUMENTS[0])
    store.delete(gone, keys((0, 0)))
    store.drop(gone)
    assert store.count(gone) == 0
    assert store.present(gone, keys((0, 0))) == set()
    assert list(store.keys(gone)) == []


def test_making_a_collection_again_leaves_what_is_in_it(store):
    store.upsert(NAME, keys((0, 0)), unit([1, 0]))
    store.make(NAME)
    assert store.exists(NAME)
    assert store.count(NAME) == 1


def test_keys_are_listed_asked_for_and_removed_one_by_one(store):
    many = 2500
    rows = np.tile(unit([1, 0]), (many, 1))
    store.upsert(NAME, keys(*((0, ordinal) for ordinal in range(many))), rows)
    asked = keys(*((document, ordinal) for document in (0, 1) for ordinal in range(1500)))
    assert store.present(NAME, asked) == set(asked[:1500])
    store.delete(NAME, asked)
    assert sorted(store.keys(NAME)) == keys(*((0, ordinal) for ordinal in range(1500, many)))


def test_an_empty_collection_finds_nothing(store):
    store.upsert(NAME, keys((0, 0)), unit([1, 0]))
    store.delete_document(NAME, DOCUMENTS[0])
    assert store.query(NAME, unit([1, 0])[0], 5) == []


def test_vectors_of_another_model_are_refused(store):
    store.upsert(NAME, keys((0, 0)), unit([1, 0]))
    with pytest.raises(ConfigurationError):
        store.upsert(NAME, keys((0, 1)), unit([1, 0, 0]))
    with pytest.raises(ConfigurationError):
        store.query(NAME, unit([1, 0, 0])[0], 1)


def test_as_many_keys_as_vectors_are_needed(store):
    with pytest.raises(ValueError, match="2"):
        store.upsert(NAME, keys((0, 0), (0, 1)), unit([1, 0]))


def test_more_than_one_batch_is_written_and_deleted(store):
    many = 6000
    angles = np.linspace(0, 1, many, dtype=np.float32)
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    store.upsert(NAME, keys(*((0, ordinal) for ordinal in range(many))), vectors)
    assert store.count(NAME) == many
    store.delete_document(NAME, DOCUMENTS[0])
    assert store.count(NAME) == 0


def test_what_is_closed_opens_again(store):
    store.upsert(NAME, keys((0, 0)), unit([1, 0]))
    store.close()
    store.ping()
    assert store.count(NAME) == 1
