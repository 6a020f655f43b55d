"""Events reach their receivers: signed, in order, at least once, and nowhere they must not go."""

import ast
import base64
import hashlib
import hmac
import socket
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select, update

from api import endpoints, targets
from api.delivery import Delivery, sign
from core import deliveries, events, settings, work
from core.db import reading, transaction
from core.documents import Scope
from core.errors import Conflict, InvalidInput, TargetRefused
from core.tables import Event, Job, WebhookDelivery, WebhookEndpoint, Workspace, now
from ingest import steering
from tests import receiver as script
from tests.receiver import Receiver

ROOT = Path(__file__).parents[2]
PRIVATE = settings.Webhooks(allow_private=True, longest_pause_seconds=0.01)
RULES = settings.Jobs(backoff_seconds=0.001, outage_pause_seconds=0.002)
TOLD = {"label": "Invoices"}


@pytest.fixture
def receiver():
    with Receiver() as listening:
        yield listening


@pytest.fixture
def desk(sessions, scope):
    opened = Desk(sessions, scope)
    yield opened
    opened.delivery.close()


class Desk:
    """Sends what is due, as a worker does."""

    def __init__(self, sessions, scope, rules=RULES, **outside):
        self.sessions, self.scope = sessions, scope
        self.rules = rules
        limits = {"timeout_seconds": 1.0, "breaker_failures": 1000, **outside}
        self.settings = settings.Settings(
            jobs=rules, webhooks=PRIVATE, outside=settings.Outside(**limits)
        )
        self.time = 0.0
        self.delivery = Delivery(sessions, self.settings, clock=lambda: self.time)

    def receiver(self, url, *types, scope=None):
        with transaction(self.sessions) as session:
            return endpoints.create(session, scope or self.scope, PRIVATE, url, types)

    def publish(self, kind="document.routed", subject=None, data=TOLD, scope=None):
        subject = subject or uuid4()
        with transaction(self.sessions) as session:
            events.publish(session, scope or self.scope, kind, subject, data)
        return subject

    def due(self):
        with reading(self.sessions) as session:
            waiting = Job.kind == deliveries.DELIVER, Job.state == "queued"
            return list(session.scalars(select(Job.id).where(*waiting).order_by(Job.created_at)))

    def work(self, turns=1):
        """Do every job that waits, so many times over; return whether any is left."""
        for _ in range(turns):
            for job_id in self.due():
                self._hurry(job_id)
                handlers = {deliveries.DELIVER: self.delivery}
                work.run(self.sessions, self.rules, handlers, job_id, "desk")
        return bool(self.due())

    def work_off(self):
        for _ in range(100):
            if not self.work():
                return
        raise AssertionError("there is no end")

    def _hurry(self, job_id):
        with transaction(self.sessions) as session:
            session.execute(update(Job).where(Job.id == job_id).values(run_after=now()))

    def log(self, **wanted):
        with reading(self.sessions) as session:
            query = select(WebhookDelivery).order_by(WebhookDelivery.sequence)
            return list(session.scalars(query.filter_by(**wanted)))


def verified(message, secret):
    """Verify as a receiver does that knows nothing of us: by the words of the specification."""
    signed = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
    key = base64.b64decode(secret.split("_", 1)[1])
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in message.headers["webhook-signature"].split(" ")


def test_a_signature_is_the_one_of_the_specifications_example():
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    made = sign(secret, message, 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_arrives_as_a_signed_cloud_event(desk, receiver, scope):
    endpoint = desk.receiver(receiver.url)
    subject = desk.publish(data={"title": "Überweisung"})
    desk.work_off()
    [message] = receiver.came
    assert verified(message, endpoint.secret)
    assert message.headers["content-type"].startswith("application/cloudevents+json")
    event = message.event
    assert event["specversion"] == "1.0"
    assert (event["id"], event["type"]) == (message.id, "document.routed")
    assert event["subject"] == str(subject)
    assert event["data"] == {"title": "Überweisung"}
    assert str(scope.workspace_id) in event["source"]
    [entry] = desk.log()
    assert (entry.state, entry.attempts, entry.status) == ("delivered", 1, 204)


def test_only_who_asked_for_a_type_in_this_workspace_is_told(desk, receiver, sessions):
    with transaction(sessions) as session:
        neighbour = Workspace(name="neighbour")
        session.add(neighbour)
        session.flush()
    all_of_them = desk.receiver(receiver.url)
    failures = desk.receiver(receiver.url, "document.failed")
    desk.receiver(receiver.url, scope=Scope(neighbour.id))
    silent = desk.receiver(receiver.url)
    with transaction(sessions) as session:
        endpoints.change(session, desk.scope, PRIVATE, silent.id, active=False)
    desk.publish("document.routed")
    desk.publish("document.failed")
    told = [(entry.endpoint_id, entry.type) for entry in desk.log()]
    assert sorted(told, key=str) == sorted(
        [
            (all_of_them.id, "document.routed"),
            (all_of_them.id, "document.failed"),
            (failures.id, "document.failed"),
        ],
        key=str,
    )


def test_what_is_rolled_back_is_never_delivered(desk, receiver, sessions, scope):
    desk.receiver(receiver.url)
    with sessions() as session:
        events.publish(session, scope, "document.routed", uuid4(), TOLD)
        session.rollback()
    assert desk.log() == desk.due() == []


def test_workers_are_told_after_the_commit(desk, receiver, sessions, scope):
    desk.receiver(receiver.url)
    told = []
    with transaction(sessions) as session:
        session.info[deliveries.TELL] = lambda job_id, queue: told.append((job_id, queue))
        events.publish(session, scope, "document.routed", uuid4(), TOLD)
        assert told == []
    assert told == [(desk.due()[0], "deliver")]


def test_what_is_about_one_document_goes_in_order_and_later_waits(desk, receiver):
    desk.receiver(receiver.url)
    receiver.behave = script.says(500)
    subject = desk.publish("document.received")
    desk.publish("review.opened", data={"document_id": str(subject)})
    other = desk.publish("document.received")
    desk.publish("document.routed", subject)
    assert len(desk.due()) == 2
    desk.work(3)
    assert {message.event["type"] for message in receiver.came} == {"document.received"}
    receiver.behave = script.takes
    desk.work_off()
    about = [m.event["type"] for m in receiver.taken if m.event["subject"] != str(other)]
    assert about == ["document.received", "review.opened", "document.routed"]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_what_is_not_taken_is_tried_again(desk, receiver, status):
    desk.receiver(receiver.url)
    receiver.behave = script.says(status, Location="http://127.0.0.1:9/elsewhere")
    desk.publish()
    desk.work(2)
    [entry] = desk.log()
    assert (entry.state, entry.attempts, entry.status) == ("pending", 2, status)
    receiver.behave = script.takes
    desk.work_off()
    assert len({message.id for message in receiver.came}) == 1
    assert desk.log()[0].state == "delivered"


@pytest.mark.parametrize("silence", [script.stalls(30), script.trickles(0.02)])
def test_silence_and_trickling_end_in_time(desk, receiver, silence):
    desk.receiver(receiver.url)
    receiver.behave = silence
    desk.publish()
    desk.work()
    [entry] = desk.log()
    assert (entry.attempts, entry.status) == (1, None)
    assert "Timeout" in entry.error_detail


def test_no_limit_but_that_of_the_settings_ends_a_slow_answer():
    for allow_private in (True, False):
        with targets.client(allow_private=allow_private) as client:
            assert client.timeout == httpx.Timeout(None)


def test_an_outage_ends_on_the_list_of_the_dead_and_is_replayed(desk, receiver, sessions, scope):
    endpoint = desk.receiver(receiver.url)
    receiver.down()
    subject = desk.publish("document.received")
    desk.publish("document.routed", subject)
    desk.work(5)
    assert [entry.attempts for entry in desk.log()] == [5, 0]
    a_day_ago = now() - timedelta(hours=25)
    with transaction(sessions) as session:
        session.execute(update(WebhookDelivery).values(queued_at=a_day_ago))
    desk.work_off()
    assert [(e.state, e.error_code) for e in desk.log()] == [("dead", "not_delivered")] * 2
    receiver.up()
    with transaction(sessions) as session:
        assert endpoints.replay_dead(session, scope, endpoint.id) == 2
    desk.work_off()
    assert [m.event["type"] for m in receiver.taken] == ["document.received", "document.routed"]
    with pytest.raises(Conflict), transaction(sessions) as session:
        endpoints.replay(session, scope, endpoint.id, desk.log()[0].id)


def test_that_a_delivery_died_is_told_to_no_receiver(desk, receiver, sessions):
    desk.receiver(receiver.url)
    receiver.behave = script.says(410)
    desk.publish()
    desk.work_off()
    with reading(sessions) as session:
        assert session.scalars(select(Event.type)).all() == ["document.routed", "job.dead"]
    assert len(desk.log()) == 1


def test_gone_switches_the_receiver_off_and_what_waits_is_given_up(desk, receiver, sessions, scope):
    endpoint = desk.receiver(receiver.url)
    subject = desk.publish("document.received")
    desk.publish("document.routed", subject)
    receiver.behave = script.says(410)
    desk.work_off()
    with reading(sessions) as session:
        found = endpoints.get(session, scope, endpoint.id)
        assert (found.active, found.inactive_because) == (False, "gone")
    assert [entry.state for entry in desk.log()] == ["dead", "dead"]
    assert len(receiver.came) == 1


def test_a_dead_receiver_is_left_alone_and_the_others_are_not(sessions, scope, receiver):
    desk = Desk(sessions, scope, breaker_failures=3, breaker_seconds=600)
    with Receiver(script.says(503)) as failing:
        lost = desk.receiver(failing.url)
        desk.receiver(receiver.url)
        for _ in range(10):
            desk.publish()
        desk.work(3)
        assert len(failing.came) == 3
    assert len(receiver.taken) == 10
    assert {entry.state for entry in desk.log(endpoint_id=lost.id)} == {"pending"}
    desk.delivery.close()


def test_once_a_receiver_is_back_what_was_kept_from_it_is_due_at_once(sessions, scope, receiver):
    desk = Desk(sessions, scope, breaker_failures=1, breaker_seconds=60, breaker_trials=1)
    desk.receiver(receiver.url)
    receiver.behave = script.says(500)
    for _ in range(3):
        desk.publish()
    desk.work()
    a_while = now() + timedelta(hours=1)
    first, *kept = desk.due()
    with transaction(sessions) as session:
        session.execute(update(Job).where(Job.id.in_(kept)).values(run_after=a_while))
    receiver.behave = script.takes
    desk.time = 60
    desk._hurry(first)
    work.run(sessions, RULES, {deliveries.DELIVER: desk.delivery}, first, "desk")
    with reading(sessions) as session:
        late = select(func.count()).where(Job.state == "queued", Job.run_after > now())
        assert session.scalar(late) == 0
    desk.delivery.close()


def test_a_worker_lost_between_sending_and_noting_it_sends_again(desk, receiver, monkeypatch):
    desk.receiver(receiver.url)
    desk.publish()
    settle = deliveries.settle
    monkeypatch.setattr(deliveries, "settle", _lost)
    desk.work()
    monkeypatch.setattr(deliveries, "settle", settle)
    desk.work_off()
    assert len(receiver.taken) == 2
    assert len({message.id for message in receiver.taken}) == 1
    assert desk.log()[0].state == "delivered"


def _lost(*_args):
    raise OSError("the machine went away")


def test_two_secrets_sign_until_a_day_after_the_rotation(desk, receiver, sessions, scope):
    old = desk.receiver(receiver.url)
    with transaction(sessions) as session:
        new = endpoints.rotate(session, scope, old.id)
    assert new.secret != old.secret
    desk.publish()
    desk.work_off()
    assert verified(receiver.came[0], old.secret)
    assert verified(receiver.came[0], new.secret)
    with transaction(sessions) as session:
        session.execute(update(WebhookEndpoint).values(old_until=now()))
    desk.publish()
    desk.work_off()
    assert not verified(receiver.came[1], old.secret)
    assert verified(receiver.came[1], new.secret)


def test_an_endpoint_that_is_removed_takes_its_deliveries_with_it(desk, receiver, sessions, scope):
    endpoint = desk.receiver(receiver.url)
    desk.publish()
    with transaction(sessions) as session:
        endpoints.remove(session, scope, endpoint.id)
    desk.work_off()
    assert receiver.came == desk.log() == []


def test_a_cancelled_delivery_lets_the_next_pass_and_comes_late_when_replayed(
    desk, receiver, sessions
):
    desk.receiver(receiver.url)
    subject = desk.publish("document.received")
    desk.publish("document.routed", subject)
    [job] = desk.due()
    with transaction(sessions) as session:
        steering.cancel(session, desk.scope, job)
    desk.work_off()
    assert [m.event["type"] for m in receiver.taken] == ["document.routed"]
    assert [entry.state for entry in desk.log()] == ["dead", "delivered"]
    with transaction(sessions) as session:
        steering.replay(session, desk.scope, job, lambda _told: None)
    desk.work_off()
    assert [m.event["type"] for m in receiver.taken] == ["document.routed", "document.received"]


def test_a_delivery_that_has_been_made_cannot_be_cancelled(desk, receiver, sessions):
    desk.receiver(receiver.url)
    desk.publish()
    [job] = desk.due()
    desk.work_off()
    with pytest.raises(Conflict), transaction(sessions) as session:
        steering.cancel(session, desk.scope, job)
    assert [entry.state for entry in desk.log()] == ["delivered"]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "239.1.1.1", "255.255.255.255", "::", "::1", "fe80::1%eth0"),  # noqa: S104
        *("fc00::1", "ff0e::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "192.0.2.1"),
    ],
)
def test_no_address_inside_is_public(address):
    assert not targets.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_addresses_outside_are_public(address):
    assert targets.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "https://", "/relative", "https://a\x00b/"),
        *("https://user:pass@example.com/", "https://127.0.0.1/", "https://[::1]/", "https://0/"),
        *("https://2130706433/", "https://localhost/", "https://1.1.1.1/#part", "https://x..y/"),
        "https://" + "a" * 70 + ".com/",
    ],
)
def test_a_url_that_leads_inside_or_nowhere_is_refused(url):
    with pytest.raises(TargetRefused):
        targets.check_url(url, allow_private=False)


def test_a_name_that_turns_out_private_is_not_connected_to(sessions, scope, receiver):
    desk = Desk(sessions, scope)
    desk.receiver(receiver.url.replace("127.0.0.1", "localhost"))
    strict = desk.settings.model_copy(update={"webhooks": settings.Webhooks()})
    desk.delivery = Delivery(sessions, strict)
    desk.publish()
    desk.work_off()
    [entry] = desk.log()
    assert (entry.state, entry.error_code) == ("dead", "target_refused")
    assert receiver.came == []
    desk.delivery.close()


def test_a_name_is_looked_up_once_and_that_address_connected_to(monkeypatch, receiver):
    port, asked = httpx.URL(receiver.url).port, []

    def answers(host, port, *_, **__):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    monkeypatch.setattr(targets, "is_public", lambda address: address == "127.0.0.1")
    with targets.client(allow_private=False) as client:
        sent = client.post(f"http://rebinding.example:{port}/", content=b"{}")
    assert sent.status_code == 204
    # The standard library passes the address through once more; it is no name any longer.
    assert asked[0] == "rebinding.example"
    assert set(asked[1:]) <= {"127.0.0.1"}


def test_an_event_that_there_is_not_is_refused(desk, receiver):
    with pytest.raises(InvalidInput, match=r"document\.rooted"):
        desk.receiver(receiver.url, "document.rooted")


def test_every_event_that_is_published_is_in_the_list():
    rooms = ("core", "classify", "retrieval", "ingest", "api")
    calls = [
        node
        for room in rooms
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "publish"
    ]
    kinds = {call.args[2].value for call in calls if isinstance(call.args[2], ast.Constant)}
    assert len(kinds) > 5
    assert kinds <= set(events.KINDS)


def test_no_log_line_holds_a_secret(desk, receiver, capsys):
    endpoint = desk.receiver(receiver.url)
    receiver.behave = script.says(500)
    desk.publish()
    desk.work(2)
    told = capsys.readouterr()
    assert "receiver_unavailable" in told.out + told.err
    assert endpoint.secret not in told.out + told.err
