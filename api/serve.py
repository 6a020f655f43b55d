"""One command is the whole service: HTTP door, worker and sweeper in one process."""

import os
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn

from api.app import create_app
from api.console import err
from api.house import House
from core.errors import ConfigurationError
from core.jobs import SIGNALS
from core.settings import Settings

TURN_SECONDS = 0.001
"""How long a thread may keep the interpreter to itself while another one waits.

At Python's own 5 ms a request that asks the database ten times waits ten such turns of the worker.
"""
REQUEST_SECONDS = 5
"""How long requests that are being answered may hold up the end of the service."""
CLOSING_SECONDS = 10.0
LAST_SECONDS = 1.0


def serve(settings: Settings, host: str | None = None, port: int | None = None) -> None:
    """Serve until told to stop; the first start of a data folder prints its API key.

    On a first SIGTERM or SIGINT nothing more is taken in, and what is being done has the grace
    that is set to finish; a second one ends that grace. What is left is handed back.

    Raises:
        MailroomError: a part of the house cannot be had; nothing listens then.
    """
    address = (host or settings.server.host, settings.server.port if port is None else port)
    listener = _listen(address)
    sys.setswitchinterval(TURN_SECONDS)
    house = House(settings)
    house.open()
    key = house.first_key()
    if key is not None:
        _announce(key)
    bound = listener.getsockname()
    err.print(f"Mailroom serves http://{bound[0]}:{bound[1]}", highlight=False)
    app = create_app(house, leaving=lambda: server.should_exit)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=REQUEST_SECONDS
    )
    server = _Server(config, house)
    for number in SIGNALS:
        # Uvicorn sends itself the signal again once it has stopped; the end is a good one.
        signal.signal(number, lambda *_: None)
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Winds the worker down while requests are being finished, and ends in a limited time."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; on a second signal at once."""
        if not self.should_exit:
            super().handle_exit(sig, frame)
            self._house.take_no_more()
        elif not self.force_exit:
            self.force_exit = True
            self._house.hurry()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish requests and close the house."""
        grace = self._house.settings.jobs.grace_seconds
        _end_within(REQUEST_SECONDS + grace + CLOSING_SECONDS)
        await super().shutdown(sockets)
        # Done already, unless a second signal came.
        self._house.close()
        _end_within(LAST_SECONDS)


def _end_within(seconds: float) -> None:
    """End this process after so long, whatever a thread of it still waits for."""
    end = threading.Timer(seconds, os._exit, (os.EX_OK,))
    end.daemon = True
    end.start()


def _listen(address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {address[0]}:{address[1]}: {error}") from error
    return listener


def _announce(key: str) -> None:
    err.print("The API key of this installation, shown only now:", highlight=False)
    # On standard output and alone, so that a script can take it.
    print(key, flush=True)  # noqa: T201
