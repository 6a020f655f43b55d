"""Calls to services outside: each ends in time; what keeps failing is left alone for a while."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import ceil
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from core import settings
from core.breaker import Breaker, State
from core.errors import Unavailable
from core.telemetry import log

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have all requests of the body, made with a bounded client, end within `seconds` together.

    Inside another such body the earlier end counts.
    """
    before, until = _deadline.get(), time.monotonic() + seconds
    token = _deadline.set(until if before is None else min(before, until))
    try:
        yield
    finally:
        _deadline.reset(token)


def left(most: float | None = None) -> float | None:
    """Return the seconds left to this call, `most` at most; None where nothing bounds it."""
    until = _deadline.get()
    if until is None:
        return most
    remaining = max(until - time.monotonic(), 0.0)
    return remaining if most is None else min(most, remaining)


class Outside:
    """A service outside behind a circuit breaker: while the circuit is open, calls end at once.

    Each process has a breaker of its own: it learns of an outage by its own failures, a handful of
    calls a process, and needs nothing shared that could itself be down. `clock` gives seconds.
    """

    def __init__(
        self,
        name: str,
        rules: settings.Outside,
        error: type[Unavailable],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._error = error
        self._breaker = Breaker(
            rules.breaker_failures, rules.breaker_seconds, rules.breaker_trials, clock
        )
        self._lock = threading.Lock()
        self._told_open = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Make one call in the body; Unavailable and OSError count against the service.

        Any other error shows that it answers.

        Raises:
            Unavailable: of the kind given, with `circuit` and `retry_after`: nothing was asked.
        """
        permit = self._breaker.admit()
        if permit is None:
            raise self._refusal()
        try:
            yield
        except Exception as error:
            outcome = self._breaker.succeeded
            if isinstance(error, Unavailable | OSError):
                outcome = self._breaker.failed
            outcome(permit)
            self._tell(error)
            raise
        self._breaker.succeeded(permit)
        self._tell(None)

    @property
    def closed(self) -> bool:
        """Whether calls go through as usual."""
        return self._breaker.state is State.CLOSED

    def check(self) -> None:
        """Return where calls go through, as usual or on trial.

        Raises:
            Unavailable: of the kind given, saying when it is tried again.
        """
        if self._breaker.state is State.OPEN:
            raise self._refusal()

    def _refusal(self) -> Unavailable:
        wait = ceil(self._breaker.wait)
        told = f"circuit open, next trial in {wait} s" if wait else "circuit half-open, on trial"
        return self._error(f"{self.name}: {told}", circuit="open", retry_after=max(wait, 1))

    def _tell(self, error: Exception | None) -> None:
        """Log a change once: half-open is no news, since a trial may fail."""
        with self._lock:
            state = self._breaker.state
            if state is State.OPEN and not self._told_open:
                self._told_open = True
                wait = ceil(self._breaker.wait)
                log().warning("outside.opened", name=self.name, seconds=wait, error=str(error))
            elif state is State.CLOSED and self._told_open:
                self._told_open = False
                log().info("outside.closed", name=self.name)


def bound(client: httpx.Client) -> httpx.Client:
    """Have every wait of a client end with `within`; return the client.

    A time-out of httpx begins anew with every byte: who sends one every few seconds, headers or
    body, would never end. The network below it is the one place that sees every wait; httpx has
    no other door to it, for proxies neither.
    """
    inside: Any = client
    for transport in (inside._transport, *inside._mounts.values()):  # noqa: SLF001 (see above)
        if isinstance(transport, httpx.HTTPTransport):
            pool: Any = transport._pool  # noqa: SLF001 (see above)
            pool._network_backend = BoundNetwork(pool._network_backend)  # noqa: SLF001 (see above)
    return client


class BoundNetwork(httpcore.NetworkBackend):
    """Opens connections on which no wait outlasts `within`."""

    def __init__(self, inner: httpcore.NetworkBackend | None = None) -> None:
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to a host."""
        limit = _limit(timeout, httpcore.ConnectTimeout)
        return _BoundStream(
            self._inner.connect_tcp(host, port, limit, local_address, socket_options)
        )


class _BoundStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _limit(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _limit(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _limit(timeout, httpcore.ConnectTimeout)
        return _BoundStream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _limit(timeout: float | None, late: type[Exception]) -> float | None:
    seconds = left(timeout)
    # A socket takes nought for "do not wait at all" and would fail in another way.
    if seconds == 0:
        raise late("the time for this call is over")
    return seconds
