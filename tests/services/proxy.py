"""A way to a server that can be cut, closed and stuffed up, without harm to the server's others."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

PIECE = 65536


class Proxy:
    """Forwards a local port to a server until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._dumb: list[threading.Event] = []
        self._through = _open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in (*self._dumb, self._through):
            one.set()
        self.close()

    @property
    def connections(self) -> int:
        with self._lock:
            return len(self._pairs)

    def cut(self) -> None:
        """End every connection; new ones may come."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End every connection and refuse new ones, as when the server is down."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def open(self) -> None:
        """Let connections in again."""
        self._listener = self._listen(self.port)

    def swallow(self) -> None:
        """Take everything and pass nothing on, as a firewall does that forgot a connection."""
        self._through.clear()

    def forget(self) -> None:
        """Swallow what the present connections say; new ones may come."""
        self.swallow()
        self._dumb.append(self._through)
        self._through = _open()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                try:
                    far = socket.create_connection(self._target)
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._pairs.append((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        through = self._through
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                through.wait()
                sink.sendall(piece)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        # The other direction's pump has its last word too; then both are closed by the last one.
        with self._lock:
            self._pairs = [pair for pair in self._pairs if source not in pair]
        source.close()


def _open() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


class Silence:
    """A port to which connections are neither made nor refused: its packets are swallowed."""

    def __enter__(self) -> Self:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port: int = self._listener.getsockname()[1]
        # What is waiting to be accepted fills the queue; whoever comes next is left without answer.
        self._waiting = [socket.socket() for _ in range(4)]
        for one in self._waiting:
            one.settimeout(0)
            one.connect_ex(("127.0.0.1", self.port))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in (*self._waiting, self._listener):
            one.close()
