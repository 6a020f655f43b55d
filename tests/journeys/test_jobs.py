"""Jobs are seen, watched live, stopped, and done again: by API and by command line."""

import io
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.serving import start, stop

PATIENCE_SECONDS = 60
PAGES = 300
NOBODY = "00000000-0000-0000-0000-000000000000"

Job = dict[str, Any]


@cache
def long_report() -> bytes:
    """A report that takes seconds to read and a minute to embed."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=True)
    for page in range(PAGES):
        text = canvas.beginText(50, 800)
        for line in range(50):
            text.textLine(
                f"Workshop {page}, shelf {line}: {page * line} screws were counted twice."
            )
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def send(client: httpx.Client, name: str, data: bytes) -> dict[str, Any]:
    """Upload bytes that were never here before, by a comment that readers pass over."""
    fresh = data + f"\n% {uuid4()}\n".encode()
    answer = client.post("/v1/documents", files={"file": (name, fresh)})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def send_damaged(client: httpx.Client) -> dict[str, Any]:
    return send(client, "damaged.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n")


def job_when(client: httpx.Client, job_id: str, fits: Callable[[Job], bool]) -> Job:
    """Wait until a job is as wanted."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        job: Job = client.get(f"/v1/jobs/{job_id}").json()
        if fits(job):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def is_dead(job: Job) -> bool:
    return bool(job["state"] == "dead")


def is_embedding(job: Job) -> bool:
    return bool(job["state"] == "running" and job["stage"] == "embedding")


def events(client: httpx.Client, job_id: str) -> Iterator[dict[str, str]]:
    """Yield the events of a job until the service ends them."""
    with client.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                event[name] = value
            elif event:
                yield event
                event = {}


@pytest.fixture
def dead(client) -> Job:
    """A job that has died of a damaged file."""
    return job_when(client, send_damaged(client)["job_id"], is_dead)


@pytest.fixture
def embedding(client) -> Iterator[Job]:
    """A job that is under way and takes long; cancelled at the end, whatever became of it."""
    document = send(client, "report.pdf", long_report())
    job_when(client, document["job_id"], lambda job: job["state"] == "succeeded")
    query = {"document_id": document["id"], "kind": "embed_document"}
    job_id = client.get("/v1/jobs", params=query).json()["items"][0]["id"]
    yield job_when(client, job_id, is_embedding)
    client.post(f"/v1/jobs/{job_id}/cancel")


def test_a_job_is_watched_page_by_page_until_it_has_ended(client):
    document = send(client, "report.pdf", long_report())
    seen = list(events(client, document["job_id"]))
    final = client.get(f"/v1/jobs/{document['job_id']}").json()
    # The rest of the journey would take a minute of the other tests.
    embedding = client.get(f"/v1/documents/{document['id']}").json()["job"]["id"]
    client.post(f"/v1/jobs/{embedding}/cancel")

    assert [event["event"] for event in seen] == ["job"] * len(seen)
    assert [event["id"] for event in seen] == [str(n) for n in range(1, len(seen) + 1)]
    jobs = [json.loads(event["data"]) for event in seen]
    far = [job["done"] for job in jobs if job["stage"] == "reading" and job["total"] == PAGES]
    assert far
    assert far == sorted(far)
    assert jobs[-1] == final
    assert final["state"] == "succeeded"


def test_a_cancelled_job_stops_and_its_document_says_what_is_missing(client, embedding):
    answer = client.post(f"/v1/jobs/{embedding['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert [json.loads(e["data"])["state"] for e in events(client, embedding["id"])] == [
        "cancelled"
    ]
    document = client.get(f"/v1/documents/{embedding['document_id']}").json()
    assert document["state"] in ("routed", "in_review")
    assert set(document["steps"]) == {"read", "classify"}
    again = client.post(f"/v1/jobs/{embedding['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_document_that_is_through_has_all_steps(client, settle):
    document = settle(send(client, "note.txt", b"Dear Sir, the shelves arrived on Monday.")["id"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "embed" not in document["steps"] and time.monotonic() < deadline:
        document = settle(document["id"])
    assert set(document["steps"]) == {"read", "classify", "embed"}
    assert "MiniLM" in document["steps"]["embed"]["version"]


def test_the_command_line_steers_the_jobs_of_a_running_service(client, service, embedding):
    job_id = embedding["id"]
    cancelled = service.command("jobs", "cancel", job_id, "--json")
    assert json.loads(cancelled.stdout)["state"] == "cancelled"
    assert json.loads(service.command("jobs", "replay", job_id, "--json").stdout)["ids"] == [job_id]
    job_when(client, job_id, is_embedding)


def test_the_command_line_lists_what_is_dead_and_fails_for_it(service, dead):
    assert dead["id"] in service.command("jobs", "list", "--state", "dead").stdout
    watched = service.command("jobs", "watch", dead["id"], "--json")
    assert (watched.returncode, json.loads(watched.stdout)) == (1, dead)


def test_the_dead_letter_list_says_what_where_and_what_to_do(client, dead):
    query = {"state": "dead", "document_id": dead["document_id"]}
    [listed] = client.get("/v1/jobs", params=query).json()["items"]
    assert listed == dead
    assert (dead["filename"], dead["error_code"]) == ("damaged.pdf", "corrupt")
    assert (dead["stage"], dead["attempts"]) == ("reading", 1)
    assert "again" in dead["hint"]
    assert dead["stalled"] is False


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ({"error_code": "corrupt"}, True),
        ({"error_code": "worker_lost"}, False),
        ({"kind": "process_document", "queue": "intake"}, True),
        ({"kind": "embed_document"}, False),
        ({"queue": "deliver"}, False),
        ({"state": "succeeded"}, False),
    ],
)
def test_jobs_are_listed_by_what_they_are(client, dead, query, there):
    listed = client.get("/v1/jobs", params={"limit": 200, **query}).json()["items"]
    assert (dead["id"] in [job["id"] for job in listed]) is there


def test_pages_of_the_list_follow_each_other_without_gap_or_repeat(client, dead):
    seen, cursor = [], None
    while True:
        query = {"state": "dead", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/v1/jobs", params=query).json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    everything = client.get("/v1/jobs", params={"state": "dead", "limit": 200}).json()["items"]
    assert seen == [job["id"] for job in everything]
    assert seen[0] == dead["id"]


def test_a_replayed_job_has_all_its_attempts_again(client, dead):
    answer = client.post(f"/v1/jobs/{dead['id']}/replay")
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    assert answer.json()["attempts"] == 0
    again = job_when(client, dead["id"], is_dead)
    assert again["finished_at"] > dead["finished_at"]
    assert again["attempts"] == 1


def test_dead_jobs_are_replayed_in_bulk_by_what_they_died_of(client, dead):
    other = job_when(client, send_damaged(client)["job_id"], is_dead)
    nothing = client.post("/v1/jobs/replay", json={"error_code": "worker_lost"}).json()
    assert nothing == {"replayed": 0, "ids": [], "more": False}
    only = {"ids": [dead["id"], NOBODY], "error_code": "corrupt", "stage": "reading"}
    assert client.post("/v1/jobs/replay", json=only).json()["ids"] == [dead["id"]]
    assert client.get(f"/v1/jobs/{other['id']}").json() == other
    job_when(client, dead["id"], is_dead)
    everything = client.post("/v1/jobs/replay", json={}).json()
    assert {dead["id"], other["id"]} <= set(everything["ids"])
    assert everything["replayed"] == len(everything["ids"])
    assert everything["more"] is False


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/jobs/replay", {"codes": "corrupt"}, 422),
        ("POST", "/v1/jobs/replay", {"ids": []}, 422),
        ("POST", f"/v1/jobs/{NOBODY}/replay", None, 404),
        ("POST", f"/v1/jobs/{NOBODY}/cancel", None, 404),
        ("GET", f"/v1/jobs/{NOBODY}/events", None, 404),
        ("GET", f"/v1/jobs?cursor={NOBODY}", None, 404),
        ("GET", "/v1/jobs?state=lost", None, 422),
    ],
)
def test_what_cannot_be_done_is_a_problem(client, method, path, body, status):
    answer = client.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_queue_says_how_it_stands(client, dead):
    queues = {queue["queue"]: queue for queue in client.get("/v1/queues").json()["items"]}
    assert set(queues) == {"intake", "ocr", "embed", "deliver"}
    assert queues["intake"]["dead"] >= 1
    assert queues["deliver"]["waiting_since"] is None


def test_dead_jobs_are_told_to_operators_but_do_not_make_the_service_unready(client, dead):
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["checks"]["jobs"].startswith("ok: ")
    assert "0 dead" not in ready.json()["checks"]["jobs"]


def test_a_service_that_is_told_to_stop_does_not_wait_for_those_who_watch(tmp_path):
    running = start(tmp_path, MAILROOM_JOBS__GRACE_SECONDS="0")
    with running.client() as client:
        job_id = send(client, "report.pdf", long_report())["job_id"]
        seen = []
        for event in events(client, job_id):
            seen.append(json.loads(event["data"])["state"])
            if len(seen) == 1:
                stop(running)
    assert "succeeded" not in seen
