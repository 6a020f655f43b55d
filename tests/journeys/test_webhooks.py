"""Whoever wants to know is told of everything, by a service that really runs."""

import base64
import hashlib
import hmac
import time
from collections import defaultdict
from contextlib import ExitStack

import pytest

from tests import postgres
from tests import receiver as script
from tests.receiver import Receiver, wait_until
from tests.serving import settled, start, stop

DOCUMENTS = 15
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("pg", marks=pytest.mark.service)])
def running(request, tmp_path_factory):
    """A service that may send to this machine, and is quick to try again."""
    settings = {
        "MAILROOM_WEBHOOKS__ALLOW_PRIVATE": "true",
        "MAILROOM_WEBHOOKS__LONGEST_PAUSE_SECONDS": "0.5",
        "MAILROOM_JOBS__BACKOFF_SECONDS": "0.05",
        "MAILROOM_JOBS__OUTAGE_PAUSE_SECONDS": "0.5",
        "MAILROOM_JOBS__SWEEP_SECONDS": "0.2",
        "MAILROOM_OUTSIDE__TIMEOUT_SECONDS": "1",
        "MAILROOM_OUTSIDE__BREAKER_SECONDS": "0.5",
    }
    with ExitStack() as stack:
        if request.param == "pg":
            settings["MAILROOM_DATABASE__URL"] = stack.enter_context(postgres.database())
        service = start(tmp_path_factory.mktemp("webhooks"), **settings)
        stack.callback(stop, service)
        yield service


@pytest.fixture
def client(running):
    with running.client() as opened:
        yield opened


@pytest.fixture
def endpoint(client):
    """Return a function that adds a receiver; all go when the test ends."""
    made = []

    def add(url, *types):
        answer = client.post("/v1/webhooks", json={"url": url, "types": list(types)})
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
        return made[-1]

    yield add
    for each in made:
        client.delete(f"/v1/webhooks/{each['id']}")


def upload(client, number):
    text = f"INVOICE No. {number}-{time.time_ns()}\nTotal due 720.00 GBP\nPayable in 30 days.\n"
    sent = client.post("/v1/documents", files={"file": (f"{number}.txt", text.encode())})
    assert sent.status_code == 202, sent.text
    return sent.json()["id"]


def log(client, endpoint, **wanted):
    found, cursor = [], None
    while True:
        params = {"limit": 200, **wanted} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/v1/webhooks/{endpoint['id']}/deliveries", params=params).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def genuine(message, secret):
    signed = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return f"v1,{wanted}" in message.headers["webhook-signature"].split()


def test_a_receiver_that_fails_stalls_and_is_down_gets_every_event_in_order(client, endpoint):
    with Receiver(script.moody(0.3, 0.05, 3, seed=7)) as receiver:
        wanted = endpoint(receiver.url)
        documents = [upload(client, n) for n in range(DOCUMENTS // 2)]
        receiver.down()
        documents += [upload(client, n) for n in range(DOCUMENTS // 2, DOCUMENTS)]
        for document in documents:
            settled(client, document)
        client.delete(f"/v1/documents/{documents[0]}")
        receiver.up()
        wait_until(lambda: not log(client, wanted, state="pending"), 120)

    entries = log(client, wanted)
    assert {entry["state"] for entry in entries} == {"delivered"}
    assert {entry["event_id"] for entry in entries} == {m.id for m in receiver.taken}
    assert sum(entry["type"] == "document.received" for entry in entries) == DOCUMENTS
    assert sum(entry["type"] == "document.deleted" for entry in entries) == 1
    assert any(entry["attempts"] > 1 for entry in entries)
    assert all(genuine(message, wanted["secret"]) for message in receiver.came)
    order = defaultdict(list)
    for message in receiver.taken:
        event = message.event
        order[event["data"].get("document_id", event["subject"])].append(event["sequence"])
    assert set(documents) <= set(order)
    assert all(places == sorted(places) for places in order.values())


def test_the_secret_is_shown_once_and_again_only_as_a_new_one(client, endpoint):
    with Receiver() as receiver:
        made = endpoint(receiver.url, "document.failed")
        assert made["secret"].startswith("whsec_")
        where = f"/v1/webhooks/{made['id']}"
        for answer in (client.get(where), client.get("/v1/webhooks"), client.patch(where, json={})):
            assert answer.status_code == 200
            assert "whsec_" not in answer.text
        new = client.post(f"{where}/rotate").json()
        assert new["secret"] != made["secret"]
        assert new["old_secret_until"] is not None
        assert client.post(f"{where}/test").status_code == 202
        wait_until(lambda: receiver.taken)
    assert receiver.taken[0].event["type"] == "webhook.test"
    assert all(genuine(receiver.taken[0], each["secret"]) for each in (made, new))


def test_a_dead_delivery_is_replayed_and_one_that_is_not_dead_is_not(client, endpoint):
    with Receiver(script.says(410)) as receiver:
        made = endpoint(receiver.url)
        where = f"/v1/webhooks/{made['id']}"
        client.post(f"{where}/test")
        wait_until(lambda: log(client, made, state="dead"))
        shown = client.get(where).json()
        assert (shown["active"], shown["inactive_because"]) == (False, "gone")
        assert client.post(f"{where}/test").status_code == 409
        receiver.behave = script.takes
        assert client.patch(where, json={"active": True}).json()["inactive_because"] is None
        [dead] = log(client, made)
        again = f"{where}/deliveries/{dead['id']}/replay"
        assert client.post(again).json()["state"] == "pending"
        wait_until(lambda: log(client, made, state="delivered"))
        assert client.post(again).status_code == 409
        assert client.post(f"{where}/replay").json() == {"replayed": 0}
    assert [message.id for message in receiver.came] == [dead["event_id"]] * 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "ftp://example.com/"}, "target_refused"),
        ({"url": "https://user:secret@example.com/"}, "target_refused"),
        ({"url": "https://example.com/", "types": ["document.rooted"]}, "invalid_request"),
        ({"url": "https://example.com/", "kinds": []}, "invalid_request"),
    ],
)
def test_a_wrong_endpoint_is_refused(client, body, code):
    answer = client.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/webhooks/{NOBODY}"),
        ("PATCH", f"/v1/webhooks/{NOBODY}"),
        ("DELETE", f"/v1/webhooks/{NOBODY}"),
        ("POST", f"/v1/webhooks/{NOBODY}/rotate"),
        ("POST", f"/v1/webhooks/{NOBODY}/test"),
        ("POST", f"/v1/webhooks/{NOBODY}/replay"),
        ("GET", f"/v1/webhooks/{NOBODY}/deliveries"),
        ("POST", f"/v1/webhooks/{NOBODY}/deliveries/{NOBODY}/replay"),
    ],
)
def test_what_is_not_there_is_not_found(client, method, path):
    assert client.request(method, path, json={} if method == "PATCH" else None).status_code == 404


def test_the_command_line_adds_lists_replays_and_removes(running):
    made = running.command("webhooks", "add", "https://example.com/x", "--type", "job.dead")
    assert made.returncode == 0, made.stderr
    assert "whsec_" in made.stdout
    listed = running.command("webhooks", "list", "--json").stdout
    assert "https://example.com/x" in listed
    assert "whsec_" not in listed
    identity = made.stdout.split("id")[1].split()[0]
    assert '"replayed": 0' in running.command("webhooks", "replay", identity, "--json").stdout
    assert running.command("webhooks", "remove", identity).returncode == 0
    assert "example.com" not in running.command("webhooks", "list", "--json").stdout
