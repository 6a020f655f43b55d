"""A receiver of webhooks that behaves as told: well, badly, or not at all, on real sockets."""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Message:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Answer:
    """What goes back."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    stall: float = 0.0
    """Seconds of silence before it."""
    pause: float = 0.0
    """Seconds between two bytes of its head."""


Behaviour = Callable[[Message], Answer]


def takes(_: Message) -> Answer:
    """Take every message."""
    return Answer()


def says(status: int, **headers: str) -> Behaviour:
    """Answer with a status."""
    return lambda _: Answer(status, {k.replace("_", "-"): v for k, v in headers.items()})


def stalls(seconds: float) -> Behaviour:
    """Say nothing for a while."""
    return lambda _: Answer(stall=seconds)


def trickles(pause: float) -> Behaviour:
    """Send its head byte by byte, each in time, the whole never."""
    return lambda _: Answer(pause=pause)


def moody(failing: float, stalling: float, seconds: float, seed: int) -> Behaviour:
    """Fail a share of all messages, stall at another, and take the rest."""
    luck = random.Random(seed)  # noqa: S311 (the same in every run)

    def behave(_: Message) -> Answer:
        drawn = luck.random()
        if drawn < failing:
            return Answer(500)
        return Answer(stall=seconds) if drawn < failing + stalling else Answer()

    return behave


class Receiver:
    """Receives on a free port of 127.0.0.1; use it as a context manager."""

    def __init__(self, behave: Behaviour = takes) -> None:
        self.behave = behave
        self.came: list[Message] = []
        self.taken: list[Message] = []
        """Those that were answered with 2xx, in the order of the answers."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/events"

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.down()

    def judge(self, message: Message) -> Answer:
        """Record a message and say how it is answered."""
        with self._lock:
            self.came.append(message)
            return self.behave(message)

    def took(self, message: Message) -> None:
        """Record that a message was taken, before its sender knows."""
        with self._lock:
            self.taken.append(message)

    def wait(self, seconds: float) -> bool:
        """Wait, but not past the end of the test; tell whether it is over."""
        return self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: Receiver) -> None:
        super().__init__(address, _Handler)
        self.owner = owner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: senders that give up are part of the script."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = Message({k.casefold(): v for k, v in self.headers.items()}, body)
        answer = self.server.owner.judge(message)
        self.close_connection = True
        if answer.stall and self.server.owner.wait(answer.stall):
            return
        if answer.pause:
            for byte in b"HTTP/1.1 204 No Content\r\nX: " + b"x" * 1000:
                self.wfile.write(bytes([byte]))
                if self.server.owner.wait(answer.pause):
                    return
        # What came too late for its sender is not taken: it has gone.
        if 200 <= answer.status < 300 and not answer.stall:
            self.server.owner.took(message)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    """Return once something is true; fail if it never is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
