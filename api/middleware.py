"""What every request passes: an id that follows it, a limit on its body, safe headers."""

import re
from contextlib import suppress
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from core.errors import TooLarge

HEADER = "X-Request-ID"
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
# A multipart body is a little longer than the file inside it.
ENVELOPE = 64 * 1024
SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class RequestId:
    """Takes or makes `X-Request-ID`, binds it to the logs, and gives it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(HEADER, "")
        # A foreign id goes into logs and headers: only plain ones are taken over.
        request_id = sent if ACCEPTABLE_ID.fullmatch(sent) else uuid4().hex

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = request_id
                for name, value in SAFETY.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Counts the bytes of a body as they come: Content-Length may lie or be absent."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max = app, max_bytes + ENVELOPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max:
            await self._refuse(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, answered = 0, False

        async def counted_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max:
                raise _OverLimit
            return message

        async def noted_send(message: Message) -> None:
            nonlocal answered
            # What the application makes of the broken-off body (a 400, a 500) is not the answer.
            if seen <= self._max:
                answered = True
                await send(message)

        with suppress(_OverLimit):
            await self._app(scope, counted_receive, noted_send)
        if seen > self._max and not answered:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._max - ENVELOPE
        error = TooLarge(f"the request is larger than {limit} bytes", limit=limit)
        await problems.answer(error)(scope, receive, send)


class _OverLimit(Exception):
    """The body has grown past the limit while it was read."""
