"""Calls to services outside end in time, and what keeps failing is left alone."""

import threading
import time

import httpx
import pytest
import structlog

from core import settings
from core.errors import ConfigurationError, EngineUnavailable
from core.outside import Outside, bound, left, within
from tests import receiver as script
from tests.receiver import Receiver

RULES = settings.Outside(breaker_failures=3, breaker_seconds=60, breaker_trials=2)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outside(clock):
    return Outside("the abacus", RULES, EngineUnavailable, clock=clock)


def fail(outside, error=EngineUnavailable):
    with pytest.raises(error), outside.attempt():
        raise error("no beads")


def test_while_the_circuit_is_open_nothing_is_asked_and_it_says_until_when(outside, clock):
    for _ in range(3):
        outside.check()
        fail(outside)
    clock.now = 18
    with pytest.raises(EngineUnavailable) as refused, outside.attempt():
        pytest.fail("it was asked")
    assert refused.value.detail == "the abacus: circuit open, next trial in 42 s"
    assert refused.value.fields == {"circuit": "open", "retry_after": 42}
    with pytest.raises(EngineUnavailable, match="42 s"):
        outside.check()


def test_after_a_while_trials_go_through_and_close_it_again(outside, clock):
    for _ in range(3):
        fail(outside)
    clock.now = 60
    for _ in range(2):
        assert not outside.closed
        with outside.attempt():
            pass
    outside.check()


def test_more_trials_than_allowed_are_refused(outside, clock):
    for _ in range(3):
        fail(outside)
    clock.now = 60
    with (
        outside.attempt(),
        outside.attempt(),
        pytest.raises(EngineUnavailable, match="trial"),
        outside.attempt(),
    ):
        pytest.fail("a third trial")


@pytest.mark.parametrize("error", [ConfigurationError, KeyError])
def test_who_answers_wrongly_is_not_down(outside, error):
    for _ in range(10):
        fail(outside, error)
    outside.check()


def test_opening_and_closing_is_logged_once_with_the_name(outside, clock):
    with structlog.testing.capture_logs() as told:
        for _ in range(5):
            with pytest.raises(EngineUnavailable), outside.attempt():
                raise EngineUnavailable("no beads")
        clock.now = 60
        fail(outside)
        clock.now = 120
        for _ in range(4):
            with outside.attempt():
                pass
    assert [(line["event"], line["name"]) for line in told] == [
        ("outside.opened", "the abacus"),
        ("outside.closed", "the abacus"),
    ]


def test_within_nested_the_earlier_end_counts():
    assert left() is None
    assert left(7) == 7
    with within(1000), within(2000):
        assert 900 < (left() or 0) <= 1000
        assert left(5) == 5
    assert left() is None


@pytest.mark.parametrize(
    "silence", [script.stalls(30), script.trickles(0.05)], ids=["stall", "trickle"]
)
def test_a_bound_client_ends_in_time_whatever_the_server_does(silence):
    """The head that trickles would keep an unbound client for as long as bytes come."""
    with Receiver(silence) as server, bound(httpx.Client(trust_env=False)) as client:
        began = time.monotonic()
        with pytest.raises(httpx.TimeoutException), within(0.5):
            client.post(server.url, content=b"{}", timeout=20)
        # The server would go on for thirty seconds, or fifty.
        assert time.monotonic() - began < 15


def test_without_an_end_a_bound_client_is_an_ordinary_one():
    with Receiver() as server, bound(httpx.Client(trust_env=False)) as client:
        assert client.post(server.url, content=b"{}").status_code == 204


def test_a_time_that_is_over_asks_nobody():
    with Receiver() as server, bound(httpx.Client(trust_env=False)) as client:
        with pytest.raises(httpx.TimeoutException), within(0.0):
            client.post(server.url, content=b"{}")
        assert server.came == []


def test_the_end_of_one_thread_is_not_that_of_another():
    seen = []
    with within(5):
        thread = threading.Thread(target=lambda: seen.append(left()))
        thread.start()
        thread.join()
    assert seen == [None]
