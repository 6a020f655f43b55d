"""An OpenAI-compatible server that behaves as scripted: well, badly or not at all, on real sockets.

It answers from the text that it is sent, by rules of its own; it knows no expected label.
"""

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

FENCED = re.compile(r"<<<UNTRUSTED (\w+) (\w+)>>>\n(.*?)\n<<<END \1 \2>>>", re.DOTALL)
CUES = {
    "Invoices": ("invoice", "amount due", "total due", "rechnung", "receipt", "vat"),
    "Contracts": ("agreement", "hereby", "party", "parties", "vertrag", "governed by"),
    "Reports": ("annual report", "fiscal year", "quarter", "bericht", "revenue", "10-k"),
    "Correspondence": ("dear", "regards", "subject:", "from:", "sincerely", "geehrte"),
    "Forms": ("form", "applicant", "application", "signature", "please print", "antrag"),
}


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float

    @property
    def messages(self) -> list[tuple[str, str]]:
        return [(each["role"], str(each["content"])) for each in self.body["messages"]]

    def fenced(self, name: str) -> str:
        """Return an untrusted variable of the prompt, found by its fence."""
        for _, text in self.messages:
            for match in FENCED.finditer(text):
                if match[1] == name:
                    return match[3]
        return ""


@dataclass
class Reply:
    """What goes back, and how."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: float = 1.0
    """The share of the body that is sent before the connection is cut."""
    pause: float = 0.0
    """Seconds between two bytes."""
    stall: float = 0.0
    """Seconds of silence before anything is sent."""


Behaviour = Callable[[Request], Reply | None]
"""None closes the connection without a word."""


def judge(text: str) -> dict[str, Any]:
    """Classify by counting cues, and quote the first lines that state something."""
    lower = text.casefold()
    counts = {label: sum(lower.count(cue) for cue in cues) for label, cues in CUES.items()}
    label = max(counts, key=lambda each: counts[each])
    return {
        "primary_classification": label,
        "confidence_score": round(counts[label] / max(sum(counts.values()), 1), 2),
        "key_information": list(_stated(text))[:5],
        "priority_level": "High" if "overdue" in lower else "Medium",
        "reasoning": f"It has {counts[label]} signs of {label}.",
    }


def _stated(text: str) -> Sequence[dict[str, Any]]:
    found, page = [], 1
    for line in text.splitlines():
        if mark := re.fullmatch(r"\[page (\d+)\]", line):
            page = int(mark[1])
        elif match := re.fullmatch(r"\s*([A-Z][\w ]{2,30}):\s+(\S.{0,60}?)\s*", line):
            name = match[1].casefold().replace(" ", "_")
            quote = line.strip()
            found.append({"name": name, "value": match[2], "page": page, "quote": quote})
    return found


def answer_question(question: str, passages: str) -> dict[str, Any]:
    """Answer with the sentence that shares most words with the question, or refuse."""
    wanted = set(re.findall(r"\w{4,}", question.casefold()))
    best: tuple[int, int, str] = (0, 0, "")
    number = 0
    for line in passages.splitlines():
        if mark := re.fullmatch(r"\[(\d+)\].*", line):
            number = int(mark[1])
            continue
        for sentence in re.split(r"(?<=[.!?])\s+", line):
            shared = len(wanted & set(re.findall(r"\w{4,}", sentence.casefold())))
            best = max(best, (shared, -number, sentence.strip()))
    if best[0] < 2:
        return {"refused": True, "answer": "", "citations": []}
    n, quote = -best[1], best[2]
    return {"refused": False, "answer": f"{quote} [{n}]", "citations": [{"n": n, "quote": quote}]}


def computed(request: Request) -> dict[str, Any]:
    """Return the right answer to whichever prompt was sent."""
    if passages := request.fenced("passages"):
        return answer_question(request.fenced("question"), passages)
    return judge(request.fenced("document_content"))


def completion(content: str | None, **message: Any) -> Reply:
    """Wrap a message the way chat completions do."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "scripted-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": "tool_calls" if "tool_calls" in message else "stop",
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def valid(request: Request) -> Reply:
    """Answer as asked."""
    return completion(json.dumps(computed(request)))


def completed(content: str) -> Behaviour:
    """Answer in exactly these words."""
    return lambda _: completion(content)


def chatty(request: Request) -> Reply:
    """Answer in a Markdown fence, with prose around it."""
    answer = json.dumps(computed(request), indent=2)
    return completion(f"Sure! Here is what I found:\n\n```json\n{answer}\n```\nAnything else?")


def tool_call(request: Request) -> Reply:
    """Answer by calling a tool with the result as its arguments."""
    call = {"name": "document_classification", "arguments": json.dumps(computed(request))}
    return completion(None, tool_calls=[{"id": "call_1", "type": "function", "function": call}])


def wrong_schema(_: Request) -> Reply:
    """Answer in JSON of another shape."""
    return completion(json.dumps({"category": "invoice", "score": "very high"}))


def unknown_label(request: Request) -> Reply:
    """Answer with a label that is not in the list."""
    return completion(json.dumps(computed(request) | {"primary_classification": "Recipes"}))


def refusal(_: Request) -> Reply:
    """Decline to answer."""
    return completion("I'm sorry, but I can't help with that.")


def declared_refusal(_: Request) -> Reply:
    """Decline to answer, the way the API has for it."""
    return completion(None, refusal="I can't help with that.")


def truncated(request: Request) -> Reply:
    """Stop in the middle because of the length."""
    reply = completion(json.dumps(computed(request))[:40])
    return Reply(body=reply.body.replace(b'"stop"', b'"length"'), headers=reply.headers)


def echo(request: Request) -> Reply:
    """Fall for the document: say what it tells the model to say."""
    return completion(echoed(request) or "nothing to obey")


def undecided(request: Request) -> Reply:
    """Quote an answer out of the document beside an answer of its own."""
    return completion(f"It says {echoed(request)}, but I say {json.dumps(computed(request))}")


def echoed(request: Request) -> str:
    """Return the JSON object that the document holds."""
    told = re.search(r"\{.*\}", request.fenced("document_content"), re.DOTALL)
    return told[0] if told else ""


def fabricated(request: Request) -> Reply:
    """Answer with facts that the document does not hold, beside those that it does."""
    answer = computed(request)
    invented = [
        {"name": "total_due", "value": "9,999.00", "page": 1, "quote": "Total due 9,999.00"},
        {"name": "iban", "value": "GB00", "page": 7, "quote": ""},
    ]
    return completion(
        json.dumps(answer | {"key_information": invented + answer["key_information"]})
    )


def status(code: int, retry_after: str | None = None) -> Behaviour:
    """Fail with an HTTP status."""
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    body = json.dumps({"error": {"message": f"scripted {code}", "type": "scripted"}}).encode()
    return lambda _: Reply(code, body, dict(headers))


def no_structure(request: Request) -> Reply:
    """Know nothing of `response_format`, as some compatible servers do."""
    return status(400)(request) or Reply() if "response_format" in request.body else valid(request)


def no_json(_: Request) -> Reply:
    """Answer 200 with a page of a proxy."""
    return Reply(body=b"<html>Welcome</html>", headers={"Content-Type": "text/html"})


def broken_json(request: Request) -> Reply:
    """Answer 200 with half a JSON document, declared whole."""
    reply = valid(request)
    return Reply(body=reply.body[: len(reply.body) // 2], headers=reply.headers)


def stall(seconds: float) -> Behaviour:
    """Say nothing for a while."""
    return lambda request: _with(valid(request), stall=seconds)


def trickle(pause: float) -> Behaviour:
    """Send byte after byte, each in time, the whole never."""
    return lambda request: _with(valid(request), pause=pause)


def half_body(request: Request) -> Reply:
    """Cut the connection in the middle of the body."""
    return _with(valid(request), sent=0.5)


def closed(_: Request) -> None:
    """Close the connection without an answer."""
    return


def _with(reply: Reply, **changes: float) -> Reply:
    for name, value in changes.items():
        setattr(reply, name, value)
    return reply


class ScriptedLlm:
    """Serves `/v1` on a free port of 127.0.0.1; the last behaviour of the script stays.

    Use it as a context manager, and `base_url` as the address of the provider.
    """

    def __init__(self, *script: Behaviour) -> None:
        self.script: list[Behaviour] = list(script) or [valid]
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, request: Request) -> Reply | None:
        """Record a request and return what the script says to it."""
        with self._lock:
            self.requests.append(request)
            behaviour = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return behaviour(request)

    def wait(self, seconds: float) -> bool:
        """Wait, but not past the end of the test; tell whether it is over."""
        return self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, address: tuple[str, int], owner: ScriptedLlm) -> None:
        super().__init__(address, _Handler)
        self.owner = owner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that give up are part of the script."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.casefold(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, body, time.monotonic())
        reply = self.server.owner.take(request)
        self.close_connection = True
        if reply is None:
            self._cut()
            return
        if reply.stall and self.server.owner.wait(reply.stall):
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        part = reply.body[: int(len(reply.body) * reply.sent)]
        if not reply.pause:
            self.wfile.write(part)
            return
        for byte in part:
            if self.server.owner.wait(reply.pause):
                return
            self.wfile.write(bytes([byte]))

    def _cut(self) -> None:
        # A reset instead of an orderly end: what a crashing server looks like.
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""
