"""A circuit breaker opens, waits, tries and closes, by the clock it is given."""

import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.breaker import Breaker, State

FAILURES, SECONDS, TRIALS = 5, 60.0, 3


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(FAILURES, SECONDS, TRIALS, clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.failed(breaker.admit())


def test_it_opens_after_five_failures_in_a_row(breaker):
    fail(breaker, 4)
    assert breaker.admit()
    fail(breaker, 1)
    assert breaker.state is State.OPEN
    assert breaker.admit() is None


def test_one_success_forgives_the_failures_before_it(breaker):
    fail(breaker, 4)
    breaker.succeeded(breaker.admit())
    fail(breaker, 4)
    assert breaker.state is State.CLOSED


def test_it_stays_open_for_sixty_seconds(breaker, clock):
    fail(breaker, 5)
    clock.now += 59.9
    assert breaker.admit() is None
    clock.now += 0.1
    assert breaker.state is State.HALF_OPEN


def test_half_open_lets_three_trials_through_and_no_more(breaker, clock):
    fail(breaker, 5)
    clock.now += SECONDS
    assert [breaker.admit() is not None for _ in range(5)] == [True, True, True, False, False]


def test_three_good_trials_close_it(breaker, clock):
    fail(breaker, 5)
    clock.now += SECONDS
    trials = [breaker.admit() for _ in range(3)]
    for trial in trials[:2]:
        breaker.succeeded(trial)
    assert breaker.admit() is None
    breaker.succeeded(trials[2])
    assert breaker.state is State.CLOSED


def test_one_bad_trial_opens_it_again_for_the_whole_time(breaker, clock):
    fail(breaker, 5)
    clock.now += SECONDS
    breaker.succeeded(breaker.admit())
    breaker.failed(breaker.admit())
    assert breaker.state is State.OPEN
    clock.now += SECONDS - 0.1
    assert breaker.admit() is None


def test_an_answer_to_an_old_question_changes_nothing(breaker, clock):
    late = breaker.admit()
    fail(breaker, 5)
    clock.now += SECONDS
    breaker.admit()
    breaker.failed(late)
    assert breaker.state is State.HALF_OPEN
    for _ in range(3):
        breaker.succeeded(late)
    assert breaker.state is State.HALF_OPEN


def test_trials_that_never_tell_do_not_block_it_for_ever(breaker, clock):
    fail(breaker, 5)
    clock.now += SECONDS
    for _ in range(3):
        breaker.admit()
    assert breaker.admit() is None
    clock.now += SECONDS
    assert breaker.admit() is not None


def test_threads_share_one_count(clock):
    breaker = Breaker(failures=800, seconds=SECONDS, trials=TRIALS, clock=clock)
    threads = [threading.Thread(target=fail, args=(breaker, 100)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaker.state is State.OPEN


class BreakerMachine(RuleBasedStateMachine):
    """Whatever happens, an open circuit lets nothing through and a half-open one three at most."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(FAILURES, SECONDS, TRIALS, self.clock)
        self.out = []

    @rule()
    def admit(self):
        state = self.breaker.state
        permit = self.breaker.admit()
        if state is State.OPEN:
            assert permit is None
        if state is State.CLOSED:
            assert permit is not None
        if permit:
            self.out.append((permit, state))

    @rule(good=st.booleans())
    def tell(self, good):
        if not self.out:
            return
        permit, _ = self.out.pop(0)
        (self.breaker.succeeded if good else self.breaker.failed)(permit)

    @rule(seconds=st.sampled_from([1.0, 30.0, 60.0]))
    def wait(self, seconds):
        self.clock.now += seconds

    @invariant()
    def trials_are_few(self):
        current = [permit for permit, state in self.out if state is State.HALF_OPEN]
        eras = [permit.era for permit in current]
        assert all(eras.count(era) <= TRIALS for era in eras)


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=50, stateful_step_count=40)
