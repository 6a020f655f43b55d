"""A service is backed up while it works, and goes on from there in another place."""

import json
import tarfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from core import backup, db
from core.db import reading
from tests import postgres
from tests.journeys.test_upload import SAMPLES
from tests.serving import START_SECONDS, Service, settled, start, stop

NAMES = ["rechnung-2025-1183.pdf", "AG-0712-3.docx", "letter-drummond-hay.pdf", "oak-samples.eml"]
DAMAGED = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n"
KEPT = ["workspaces", "api_keys", "documents", "pages", "chunks"]
KEPT += ["decisions", "reviews", "labels", "events"]
QUESTION = "How much do we owe the electrician?"
MOST_NOTES = 30


def upload(client, name, data):
    return client.post("/v1/documents", files={"file": (name, data)}).json()


def fill(client):
    """Bring documents into every state; return their ids."""
    sent = [upload(client, name, (SAMPLES / name).read_bytes())["id"] for name in NAMES]
    sent.append(upload(client, "damaged.pdf", DAMAGED)["id"])
    sent.append(upload(client, "photo.png", b"\x89PNG\r\n\x1a\n" + bytes(64))["document_id"])
    for n in range(2):
        recipe = f"Stir {n} egg yolks with sugar until pale, then fold in the cream. " * 8
        sent.append(upload(client, f"recipe-{n}.txt", recipe.encode())["id"])
    for document_id in sent:
        settled(client, document_id)
    review = client.get("/v1/reviews").json()["items"][0]
    answer = {"label": "Correspondence", "note": "a recipe"}
    client.post(f"/v1/reviews/{review['id']}/resolve", json=answer)
    await_idle(client)
    return sent


@contextmanager
def sending(service):
    """Send one note after the other meanwhile."""
    enough = threading.Event()

    def send():
        with service.client() as client:
            for n in range(MOST_NOTES):
                assert "id" in upload(client, "note.txt", f"Note {n} on the archive.".encode())
                if enough.wait(0.1):
                    return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def seen(client, document_id):
    """Return all that callers see of a document, but for the making of its vectors."""
    document = client.get(f"/v1/documents/{document_id}").json()
    del document["job"]
    document["steps"].pop("embed", None)
    text = client.get(f"/v1/documents/{document_id}/text").json()
    return document, text, client.get(f"/v1/documents/{document_id}/content").content


def await_idle(client):
    deadline = time.monotonic() + START_SECONDS
    while True:
        queues = client.get("/v1/queues").json()["items"]
        if all(queue["queued"] == queue["running"] == 0 for queue in queues):
            return
        assert time.monotonic() < deadline, queues
        time.sleep(0.1)


def found(client, query):
    """Return the passages that are found, with what says that meaning found them."""
    answer = client.post("/v1/search", json={"query": query, "limit": 100}).json()
    assert answer["degraded"] is None
    return {
        (one["document_id"], one["page"], one["start"]): one["meaning_score"]
        for one in answer["passages"]
    }


def taken(file):
    """Return the rows of a backup, by table."""
    rows: dict[str, list[Any]] = {name: [] for name in backup.TABLES}
    with tarfile.open(file) as tar:
        for member in tar:
            if member.name.startswith("tables/"):
                lines = tar.extractfile(member) or ()
                rows[member.name.split("/")[1]] += [json.loads(line) for line in lines]
    return rows


def kept(url):
    """Return the rows of a database as a backup would write them, by table."""
    engine = db.create(url)
    try:
        with reading(db.sessions(engine)) as session:
            return {
                name: [
                    json.loads(backup.row_to_line(dict(row)))
                    for row in session.execute(backup.TABLES[name].select()).mappings()
                ]
                for name in KEPT
            }
    finally:
        engine.dispose()


@pytest.fixture
def places(request, tmp_path):
    """Two folders with a database each, for a service and for its successor."""
    with ExitStack() as stack:
        made = []
        for name, kind in zip(("old", "new"), request.param, strict=True):
            folder = tmp_path / name
            url = f"sqlite:///{folder / 'mailroom.sqlite3'}"
            made.append((folder, stack.enter_context(postgres.database()) if kind else url))
        yield made


@contextmanager
def serving(place, key=None):
    folder, url = place
    service = start(folder, key, MAILROOM_DATABASE__URL=url)
    try:
        with service.client() as client:
            yield service, client
    finally:
        stop(service)


def command(service: Service, place: tuple[Path, str], *words: str):
    """Run the command line on a place, whether it is served or not."""
    folder, url = place
    service.environment |= {"MAILROOM_DATA_DIR": str(folder), "MAILROOM_DATABASE__URL": url}
    done = service.command(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.service
@pytest.mark.parametrize(
    # The other direction, row by row: `ingest/test_restoring`.
    "places",
    [(False, True)],
    indirect=True,
    ids=["to postgres"],
)
def test_what_a_backup_holds_goes_on_elsewhere(places, tmp_path):
    old, new = places
    file = tmp_path / "backup.tar.gz"
    with serving(old) as (service, client):
        documents = fill(client)
        meaning = found(client, QUESTION)
        with sending(service):
            assert command(service, old, "backup", str(file))["missing"] == []
        before = {each: seen(client, each) for each in documents}
    assert command(service, new, "restore", str(file))["missing"] == []

    with serving(new, service.key) as (_, client):
        assert documents[0] in [place[0] for place in found(client, "Gesamtbetrag Rechnung")]
        assert {each: seen(client, each) for each in documents} == before
        await_idle(client)
        again = found(client, QUESTION)
        assert {place: again[place] for place in meaning} == pytest.approx(meaning, abs=1e-3)
        assert upload(client, "later.txt", b"A letter that came later.")["duplicate"] is False
        dead = client.get("/v1/jobs", params={"state": "dead"}).json()["items"]
        assert [job["error_code"] for job in dead] == ["corrupt"]

    first, second = taken(file), kept(new[1])
    waiting = {row["document_id"] for row in first["jobs"] if row["finished_at"] is None}
    for name in KEPT:
        # A document that was being worked on has gone further since.
        standing = [row for row in first[name] if row.get("id") not in waiting]
        assert standing, name
        assert [row for row in standing if row not in second[name]] == []
