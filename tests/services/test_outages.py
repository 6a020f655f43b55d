"""While the vectors or the embedding model are out of reach, the rest goes on and then catches up.

A real Chroma server that is killed and stalled, a scripted endpoint that fails, stalls and
trickles, and a service that really runs.
"""

import time

import numpy as np
import pytest

from core import settings
from core.errors import IndexUnavailable
from retrieval.index import build_store
from tests import scripted_embeddings as endpoint
from tests import scripted_llm as script
from tests.chroma_server import ChromaServer
from tests.receiver import wait_until
from tests.scripted_llm import ScriptedLlm
from tests.serving import start, stop

BREAKER_SECONDS = 2
QUICK = {
    "MAILROOM_JOBS__BACKOFF_SECONDS": "0.1",
    "MAILROOM_JOBS__OUTAGE_PAUSE_SECONDS": "0.5",
    "MAILROOM_JOBS__SWEEP_SECONDS": "0.2",
    "MAILROOM_OUTSIDE__TIMEOUT_SECONDS": "4",
    "MAILROOM_OUTSIDE__QUERY_SECONDS": "1",
    "MAILROOM_OUTSIDE__BREAKER_FAILURES": "3",
    "MAILROOM_OUTSIDE__BREAKER_SECONDS": str(BREAKER_SECONDS),
}
LONG = 100
"""Seconds that no single call may take by far: the endpoint stalls for longer."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with ChromaServer(tmp_path_factory.mktemp("chroma")) as started:
        yield started


@pytest.fixture
def chroma(server):
    """A Chroma server that is well at the start and at the end of a test."""
    yield server
    server.kill()
    server.start()


@pytest.fixture(scope="module")
def beside_chroma(server, tmp_path_factory):
    where = {"MAILROOM_INDEX__HOST": "127.0.0.1", "MAILROOM_INDEX__PORT": str(server.port)}
    service = start(tmp_path_factory.mktemp("service"), **QUICK, **where)
    yield service
    stop(service)


@pytest.fixture(scope="module")
def model():
    with ScriptedLlm(endpoint.vectors) as server:
        yield server


@pytest.fixture(scope="module")
def beside_model(model, tmp_path_factory):
    where = {
        "MAILROOM_EMBEDDING__KIND": "openai",
        "MAILROOM_EMBEDDING__MODEL": "scripted",
        "MAILROOM_EMBEDDING__BASE_URL": model.base_url,
        "MAILROOM_EMBEDDING__TIMEOUT_SECONDS": "4",
    }
    service = start(tmp_path_factory.mktemp("service"), **QUICK, **where)
    yield service
    stop(service)


class Desk:
    """Whoever works with a service while something that it needs is down."""

    def __init__(self, client, check):
        self.client, self.check = client, check

    def upload(self, word):
        """Send a document and wait until it is routed or in review."""
        text = (
            f"INVOICE No. 1\nOne {word} for the mill, total due 12.00 GBP.\nPayable in 30 days.\n"
        )
        sent = self.client.post("/v1/documents", files={"file": (f"{word}.txt", text.encode())})
        assert sent.status_code == 202, sent.text
        where = f"/v1/documents/{sent.json()['id']}"
        wait_until(lambda: self.client.get(where).json()["state"] in ("routed", "in_review"))
        return sent.json()["id"]

    def embedding(self, document):
        """Return the job that embeds a document."""
        job = self.client.get(f"/v1/documents/{document}").json()["job"]
        assert job["kind"] == "embed_document"
        return job

    def search(self, word):
        answer = self.client.post("/v1/search", json={"query": f"{word} for the mill"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ready(self):
        return self.client.get("/health/ready")

    def go_through_the_outage(self, code):
        """Show that the rest goes on; return the document that came meanwhile."""
        wait_until(lambda: self.ready().json()["status"] == "degraded")
        assert self.ready().status_code == 200
        word = f"gudgeon{time.time_ns()}"
        document = self.upload(word)
        found = self.search(word)
        assert found["degraded"] == code
        assert found["passages"][0]["document_id"] == document
        asked = self.client.post("/v1/ask", json={"question": f"How much is the {word}?"})
        assert (asked.status_code, asked.json()["degraded"]) == (200, code), asked.text
        wait_until(lambda: self.embedding(document)["postponed"] >= 2)
        job = self.embedding(document)
        assert (job["error_code"], job["attempts"] <= 1) == (code, True)
        wait_until(
            lambda: "circuit open, next trial in" in self.ready().json()["checks"][self.check]
        )
        return document

    def see_it_caught_up(self, document):
        wait_until(lambda: self.embedding(document)["state"] == "succeeded")
        wait_until(lambda: self.ready().json()["status"] == "ok")
        wait_until(lambda: self.search("gudgeon")["degraded"] is None)
        scores = [p["meaning_score"] for p in self.search("gudgeon")["passages"]]
        assert any(score is not None for score in scores)


@pytest.fixture
def desk(beside_chroma):
    with beside_chroma.client() as client:
        yield Desk(client, "vectors")


@pytest.fixture
def other_desk(beside_model):
    with beside_model.client() as client:
        yield Desk(client, "model")


@pytest.mark.service
@pytest.mark.parametrize("how", ["killed", "stalled"])
def test_a_chroma_server_goes_and_comes_back(desk, chroma, how):
    desk.see_it_caught_up(desk.upload(f"before{how}"))
    if how == "killed":
        chroma.kill()
    else:
        chroma.stall()
    try:
        document = desk.go_through_the_outage("index_unavailable")
    finally:
        if how == "killed":
            chroma.start()
        else:
            chroma.resume()
    desk.see_it_caught_up(document)


@pytest.mark.service
def test_a_service_that_starts_while_its_chroma_server_is_down_takes_documents(chroma, tmp_path):
    chroma.kill()
    where = {"MAILROOM_INDEX__HOST": "127.0.0.1", "MAILROOM_INDEX__PORT": str(chroma.port)}
    service = start(tmp_path, **QUICK, **where)
    try:
        with service.client() as client:
            desk = Desk(client, "vectors")
            assert (desk.ready().status_code, desk.ready().json()["status"]) == (200, "degraded")
            document = desk.upload("early")
            wait_until(lambda: desk.embedding(document)["postponed"] >= 1)
            chroma.start()
            desk.see_it_caught_up(document)
    finally:
        stop(service)


@pytest.mark.service
def test_a_stalled_chroma_server_costs_a_question_its_time_and_then_none(chroma, tmp_path):
    limits = settings.Outside(query_seconds=1.5, breaker_failures=2, breaker_seconds=600)
    rules = settings.Index(host="127.0.0.1", port=chroma.port)
    store = build_store(rules, tmp_path, limits)
    store.count("any")
    chroma.stall()
    try:
        for said in ("vector index", "vector index", "circuit open", "circuit open"):
            with pytest.raises(IndexUnavailable, match=said):
                store.query("any", np.ones(1, dtype=np.float32), 1)
    finally:
        chroma.resume()
    store.close()


@pytest.mark.parametrize(
    "trouble",
    [script.status(503), script.closed, script.stall(LONG), script.trickle(0.2)],
    ids=["fails", "crashes", "stalls", "trickles"],
)
def test_an_embedding_endpoint_goes_and_comes_back(other_desk, model, trouble):
    model.script[:] = [trouble]
    try:
        # Only its calls show that an endpoint is down: nobody pays for asking it idly.
        for _ in range(3):
            other_desk.search("gudgeon")
        document = other_desk.go_through_the_outage("engine_unavailable")
    finally:
        model.script[:] = [endpoint.vectors]
    other_desk.see_it_caught_up(document)
