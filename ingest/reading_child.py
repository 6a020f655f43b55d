"""What runs in the reading child: take the limits, open one file, send its pages one by one.

Started by `ingest.sandbox`, never imported by the service. A frame is a length (four bytes, big
endian) and a JSON object; never pickle, since the sender may be in the hands of the file.
"""

import contextlib
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.errors import MailroomError, ReadingTimedOut, TooLarge
from ingest.parsers.characters import check_size
from ingest.parsers.choose import choose
from ingest.parsers.contract import Bounds, Opened

Send = Callable[[Mapping[str, Any]], None]

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
_MEGABYTE = 1024 * 1024


def main(task: Mapping[str, Any]) -> None:
    """Read one document as the task says and exit; every outcome is a frame."""
    send = _take_over_stdout()
    _limit(task["memory_mb"], task["cpu_seconds"], task["wall_seconds"])
    try:
        opener = choose(task["media_type"])
        _close_the_doors()
        send({"ready": True})
        opened = opener(Path(task["path"]), Bounds(**task["bounds"]))
        _read(opened, task, send)
    except MailroomError as error:
        send({"failed": error.code, "detail": error.detail})
    except MemoryError:
        send({"failed": ReadingTimedOut.code, "detail": _too_hungry(task)})
    except Exception as error:  # noqa: BLE001 (a reader may raise anything; all of it is damage)
        send({"failed": "corrupt", "detail": f"{type(error).__name__}: {error}"[:500]})
    # Straight out: some libraries crash in their own clean-up after a damaged file.
    os._exit(0)


def _read(opened: Opened, task: Mapping[str, Any], send: Send) -> None:
    send({"pages": opened.pages})
    room = task["bounds"]["max_characters"]
    for number in range(task["first"], opened.pages + 1):
        page = _page(opened, number)
        room -= len(page.get("text", ""))
        if room < 0:
            check_size(task["bounds"]["max_characters"] - room, task["bounds"]["max_characters"])
        send(page)
    about = opened.about().bounded()
    send(
        {
            "metadata": dict(about.metadata),
            "form_fields": dict(about.form_fields),
            "attachments": list(about.attachments),
        }
    )


def _page(opened: Opened, number: int) -> dict[str, Any]:
    """Read one page; what breaks it costs that page."""
    try:
        return {"page": number, "text": opened.text(number)}
    except TooLarge:
        raise
    except MemoryError:
        return {"page": number, "error": ReadingTimedOut.code}
    except Exception:  # noqa: BLE001 (see main)
        return {"page": number, "error": "corrupt"}


def _take_over_stdout() -> Send:
    """Keep the pipe for frames alone: what a library prints must not land between them."""
    pipe = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)

    def send(frame: Mapping[str, Any]) -> None:
        body = json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace")
        pipe.write(struct.pack(">I", len(body)) + body)
        pipe.flush()

    return send


def _limit(memory_mb: int, cpu_seconds: int, wall_seconds: int) -> None:
    """Bind this process; the parent watches too, but may itself be killed."""
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory_mb * _MEGABYTE, memory_mb * _MEGABYTE),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),
        (resource.RLIMIT_NOFILE, 64, 64),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, most = resource.getrlimit(what)
        hard = hard if most == resource.RLIM_INFINITY else min(hard, most)  # noqa: PLW2901
        # macOS knows no limit on address space; the other limits still hold there.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (min(soft, hard), hard))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(wall_seconds)


def _close_the_doors() -> None:
    """Once the reader is loaded, nothing is written, called or started any more."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.dont_write_bytecode = True
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"reading a document may not use {event}")


def _too_hungry(task: Mapping[str, Any]) -> str:
    return f"reading it needs more than {task['memory_mb']} MB (memory_mb)"
