"""The service ends when it is told to, whatever it is doing, and gives back what it had begun."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests import scripted_llm
from tests.serving import Service, start

SECONDS = 60
FOREVER = "86400"
TEXT = (Path(__file__).parents[2] / "samples" / "rookhope-library.txt").read_bytes()


def silent(_: scripted_llm.Request) -> scripted_llm.Reply:
    return scripted_llm.Reply(stall=3600)


@pytest.fixture
def model() -> Iterator[scripted_llm.ScriptedLlm]:
    with scripted_llm.ScriptedLlm(silent) as server:
        yield server


def serve(folder: Path, model: scripted_llm.ScriptedLlm | None, key: str | None, **jobs: str):
    asking = {
        "MAILROOM_LLM__MODEL": "scripted",
        "MAILROOM_LLM__BASE_URL": model.base_url if model else "",
        "MAILROOM_LLM__API_KEY": "none",
        "MAILROOM_LLM__TIMEOUT_SECONDS": FOREVER,
    }
    rules = {f"MAILROOM_JOBS__{name.upper()}": value for name, value in jobs.items()}
    return start(folder, key, **(asking if model else {}), **rules)


def begun(service: Service) -> dict[str, Any]:
    """Send a document in, and wait until it is being worked on."""
    with service.client() as client:
        sent = client.post("/v1/documents", files={"file": ("a.txt", TEXT)}).json()
        return until(client, sent["job_id"], lambda job: job["stage"] == "classifying")


def until(
    client: httpx.Client, job_id: str, true: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        if true(job):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def ended(service: Service) -> int:
    code = service.process.wait(SECONDS)
    if service.process.stdout:
        service.process.stdout.close()
    return code


@pytest.mark.parametrize("signals", [1, 2])
def test_a_job_that_does_not_end_in_time_is_handed_back_and_done_by_the_next_start(
    model, tmp_path, signals
):
    service = serve(tmp_path, model, None, grace_seconds="0" if signals == 1 else FOREVER)
    job = begun(service)
    with service.client() as client, client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
        # Neither a watcher nor a caller whose answer takes for ever holds the service up.
        asking = Thread(target=ask, args=(service,), daemon=True)
        asking.start()
        next(events.iter_lines())
        for number in (signal.SIGTERM, signal.SIGINT)[:signals]:
            service.process.send_signal(number)
        assert ended(service) == 0
    assert "RuntimeError" not in (tmp_path / "serve.log").read_text("utf-8")
    again = serve(tmp_path, None, service.key)
    with again.client() as client:
        after = until(client, job["id"], lambda one: one["state"] == "succeeded")
    assert after["attempts"] == 1
    again.process.terminate()
    assert ended(again) == 0


def ask(service: Service) -> None:
    with service.client() as client, suppress(httpx.TransportError):
        client.post("/v1/classify", json={"document_content": TEXT.decode()})
