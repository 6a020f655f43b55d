"""A circuit breaker: stops asking what keeps failing, and tries it carefully after a while."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Closed lets calls through, open refuses them, half-open lets a few trials through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call; its outcome counts only while the breaker's era lasts."""

    era: int


class Breaker:
    """Opens for `seconds` after `failures` failures in a row; `trials` successes close it again.

    One failed trial opens it again. `clock` gives seconds; only differences count. Safe to use
    from several threads. After M. Nygard, Release It!, 2007.
    """

    def __init__(
        self, failures: int, seconds: float, trials: int, clock: Callable[[], float]
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._trials = trials
        self._clock = clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._era = 0
        self._since = clock()
        self._failed = 0
        self._admitted = 0
        self._succeeded = 0

    @property
    def state(self) -> State:
        """The state at this moment."""
        with self._lock:
            self._age()
            return self._state

    @property
    def wait(self) -> float:
        """Seconds until an open circuit lets a trial through; 0 in every other state."""
        with self._lock:
            self._age()
            if self._state is not State.OPEN:
                return 0.0
            return max(self._seconds - (self._clock() - self._since), 0.0)

    def admit(self) -> Permit | None:
        """Return leave to make a call, or None where the circuit is open."""
        with self._lock:
            self._age()
            if self._state is State.OPEN:
                return None
            if self._state is State.HALF_OPEN:
                if self._admitted >= self._trials:
                    return None
                self._admitted += 1
            return Permit(self._era)

    def succeeded(self, permit: Permit) -> None:
        """Tell that a call worked."""
        with self._lock:
            if permit.era != self._era:
                return
            self._failed = 0
            self._succeeded += 1
            if self._state is State.HALF_OPEN and self._succeeded >= self._trials:
                self._enter(State.CLOSED)

    def failed(self, permit: Permit) -> None:
        """Tell that a call did not work."""
        with self._lock:
            if permit.era != self._era:
                return
            self._failed += 1
            if self._state is State.HALF_OPEN or self._failed >= self._limit:
                self._enter(State.OPEN)

    def _age(self) -> None:
        """Let time pass: from open to half-open, and past trials that never told their outcome."""
        if self._state is State.CLOSED or self._clock() - self._since < self._seconds:
            return
        if self._state is State.OPEN or self._admitted >= self._trials:
            self._enter(State.HALF_OPEN)

    def _enter(self, state: State) -> None:
        # A new era: what was asked before may not open or close what comes after.
        self._state = state
        self._era += 1
        self._since = self._clock()
        self._failed = self._admitted = self._succeeded = 0
