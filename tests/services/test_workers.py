"""Workers take what is theirs, stop as they should, and lose nothing when they or brokers die."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from core.leases import Told
from tests.at_once import Meanwhile
from tests.services.proxy import Proxy, Silence
from tests.services.toys import FOREVER, still, through, until

pytestmark = pytest.mark.service


@pytest.fixture
def proxy(broker: str) -> Iterator[Proxy]:
    url = make_url(broker)
    assert url.host
    assert url.port
    with Proxy(url.host, url.port) as opened:
        yield opened


def test_each_worker_serves_its_own_queues_and_takes_one_job_at_a_time(make, broker):
    shop = make(broker)
    front, back = shop.start("intake,ocr"), shop.start("embed,deliver")
    first, second = shop.job("wait", "ocr"), shop.job("quick", "intake")
    others = [shop.job("quick", "embed"), shop.job("quick", "deliver")]
    shop.until_running(first)
    for one in others:
        assert shop.until_state(one, "succeeded").lease_owner.startswith(_owner(shop, back))
    # Nothing lies in the hands of a worker that is busy: another one could take it.
    still(lambda: shop.state(second) == "queued" and shop.waiting("intake") == 1)
    shop.let(first)
    for one in (first, second):
        assert shop.until_state(one, "succeeded").lease_owner.startswith(_owner(shop, front))


def test_a_message_that_comes_twice_does_the_job_once(make, broker):
    shop = make(broker)
    for _ in range(2):
        shop.start()
    job = shop.job("wait")
    shop.until_running(job)
    shop.send(Told(job, "intake"))
    until(lambda: shop.waiting("intake") == 0)
    after = shop.job("quick")
    shop.until_state(after, "succeeded")
    shop.let(job)
    assert shop.until_state(job, "succeeded").claims == 1


def test_a_worker_that_is_told_to_stop_finishes_what_it_has(make, redis_broker):
    shop = make(redis_broker, grace_seconds=FOREVER)
    worker = shop.start()
    job = shop.job("wait")
    shop.until_running(job)
    worker.process.terminate()
    # Only then, so that the signal is not the second one of a process that never saw the first.
    still(lambda: worker.process.poll() is None)
    late = shop.job("quick")
    shop.let(job)
    assert worker.process.wait(60) == 0
    assert (shop.state(job), shop.state(late)) == ("succeeded", "queued")
    assert shop.signed("worker") == []


@pytest.mark.parametrize("signals", [1, 2])
def test_what_is_not_finished_in_time_goes_to_another_worker_at_once(make, broker, signals):
    shop = make(broker, grace_seconds="0.5" if signals == 1 else FOREVER)
    first = shop.start()
    job = shop.job("wait")
    children = first.children
    shop.until_running(job)
    first.process.terminate()
    if signals > 1:
        still(lambda: first.process.poll() is None)
        first.process.send_signal(signal.SIGINT)
    assert first.process.wait(60) == 0, first.log()
    until(lambda: not any(_runs(pid) for pid in children))
    assert shop.row(job).attempts == 0
    shop.start()
    shop.until_running(job)
    shop.let(job)
    done = shop.until_state(job, "succeeded")
    assert (done.attempts, done.claims) == (1, 2)


def test_a_job_that_kills_its_worker_is_given_up_and_the_next_one_done(make, redis_broker):
    shop = make(redis_broker)
    worker = shop.start()
    shop.beat()
    poison, good = shop.job("crash"), shop.job("quick")
    assert shop.until_state(poison, "dead").error_code == "worker_lost"
    shop.until_state(good, "succeeded")
    assert worker.process.poll() is None


def test_a_job_beyond_the_hard_limit_is_stopped_and_counted(make, redis_broker):
    shop = make(redis_broker, hard_seconds="1", attempts="1")
    worker = shop.start()
    shop.beat()
    endless = shop.job("wait")
    assert shop.until_state(endless, "dead").error_code == "worker_lost"
    good = shop.job("quick")
    shop.until_state(good, "succeeded")
    assert worker.process.poll() is None


@pytest.mark.parametrize(
    ("rules", "kind"), [({"tasks_per_child": "1"}, "quick"), ({"child_memory_mb": "256"}, "hoard")]
)
def test_a_child_that_has_done_or_taken_enough_is_renewed(make, redis_broker, rules, kind):
    shop = make(redis_broker, **rules)
    shop.start()
    done = [shop.until_state(shop.job(kind), "succeeded") for _ in range(3)]
    assert len({job.lease_owner for job in done}) == 3


def test_jobs_whose_messages_are_lost_are_told_of_again(make, broker):
    shop = make(broker, lease_seconds="1")
    waiting = [shop.job() for _ in range(5)]
    shop.lose_messages("intake")
    shop.start()
    for _ in range(2):
        shop.beat()
    for job in waiting:
        assert shop.until_state(job, "succeeded").claims == 1


def test_a_worker_goes_on_after_its_broker_was_away(make, broker, proxy):
    shop = make(through(broker, proxy.port))
    shop.start()
    job = shop.job("wait")
    shop.until_running(job)
    proxy.close()
    still(lambda: shop.state(job) == "running")
    proxy.open()
    shop.let(job)
    done = shop.until_state(job, "succeeded")
    assert (done.attempts, done.claims) == (1, 1)
    for _ in range(3):
        shop.until_state(shop.job("quick"), "succeeded")
        proxy.cut()


def test_a_worker_that_is_connected_but_deaf_connects_anew(make, broker, proxy):
    shop, other_door = make(through(broker, proxy.port)), make(broker)
    worker = shop.start()
    job = shop.job("wait")
    shop.until_running(job)
    proxy.forget()
    shop.let(job)
    shop.until_state(job, "succeeded")
    # The dead connection may still be given the first ones; a sweeper would tell of them again.
    sent = [other_door.job("quick")]

    def answered() -> bool:
        sent.append(other_door.job("quick"))
        return any(shop.state(one) == "succeeded" for one in sent)

    until(answered, worker.log, every=1)


def test_telling_a_broker_that_is_down_or_dumb_takes_no_time_to_speak_of(make, broker, proxy):
    shop = make(through(broker, proxy.port))
    told = Told(shop.job("quick"), "intake")
    proxy.swallow()
    Meanwhile(lambda: shop.send(told)).result()
    proxy.close()
    Meanwhile(lambda: shop.send(told)).result()
    with Silence() as silence:
        deaf = make(through(broker, silence.port))
        Meanwhile(lambda: deaf.send(told)).result()


def _owner(shop, worker):
    """Return how the name of a worker's process begins."""
    name = next(one.name for one in shop.signed("worker") if f":{worker.process.pid}:" in one.name)
    return f"{name}/"


def _runs(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"
