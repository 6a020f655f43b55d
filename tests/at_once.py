"""Lets several callers do something at the same moment, as processes of a cluster do."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from threading import Barrier
from typing import Any

SECONDS = 30
A_WHILE = 0.3


def at_once(*calls: Callable[[], object]) -> list[Any]:
    """Return what each call, all begun together, returned or raised."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait(SECONDS)
        try:
            return call()
        except Exception as error:  # noqa: BLE001 (the test says which it expects)
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls, timeout=SECONDS))


class Meanwhile:
    """Runs a call beside the test, which can tell whether it has to wait."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._future: Future[object] = self._pool.submit(call)

    def waits(self) -> bool:
        """Tell whether the call is still not done after a while."""
        return not wait_for([self._future], A_WHILE).done

    def result(self) -> Any:
        """Return what the call returned, once it may go on."""
        self._pool.shutdown(wait=False)
        return self._future.result(SECONDS)
