"""The whole cluster, each part a process of its own, by settings alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.cluster import ALL, Cluster, cluster, descendants
from tests import postgres
from tests.services.toys import until
from tests.serving import settled

pytestmark = pytest.mark.service
SAMPLE = Path(__file__).parents[2] / "samples" / "rechnung-2025-1183.pdf"


@pytest.fixture(params=["redis_broker", "rabbitmq_broker"], ids=["redis", "rabbitmq"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    broker = request.getfixturevalue(request.param)
    with postgres.database() as database, cluster(tmp_path, database, broker, [ALL]) as started:
        yield started


def test_a_document_is_taken_in_classified_and_found(running):
    with running.client() as client:
        sent = client.post("/v1/documents", files={"file": (SAMPLE.name, SAMPLE.read_bytes())})
        assert sent.status_code == 202
        document = settled(client, sent.json()["id"])
        assert (document["state"], document["label"]) == ("routed", "Invoices")
        assert (document["job"]["state"], document["job"]["attempts"]) == ("succeeded", 1)
        # In other words than the document's own: only its vectors can find it.
        until(lambda: found(client, "how much money do we owe the supplier") == document["id"])
        assert found(client, "Gesamtbetrag") == document["id"]
        checks = client.get("/health/ready").json()["checks"]
    assert checks["worker"].startswith("ok: 1 alive")
    assert checks["beat"].startswith("ok: 1 alive")
    assert_the_api_only_serves(running)
    assert [checked(running, kind) for kind in ("worker", "beat")] == [0, 0]
    for name in ("beat", "worker-1", "api"):
        assert running.stop(name) == 0, running.log(name)
    assert checked(running, "worker") == 1


def checked(running: Cluster, kind: str) -> int:
    """Run the health check of a container."""
    command = [sys.executable, "-m", "api.alive", kind]
    return subprocess.run(
        command, env=running.environment, capture_output=True, check=False
    ).returncode


def found(client: httpx.Client, query: str) -> str | None:
    answer = client.post("/v1/search", json={"query": query}).json()
    assert answer["degraded"] is None
    return answer["passages"][0]["document_id"] if answer["passages"] else None


def assert_the_api_only_serves(running: Cluster) -> None:
    """Neither Chroma's files nor children that read documents, nor any job of its own."""
    api = running.processes["api"].pid
    opened = [str(link.resolve()) for link in Path(f"/proc/{api}/fd").iterdir()]
    assert not [path for path in opened if path.startswith(str(running.folder / "chroma"))]
    assert not (running.folder / "data" / "chroma").exists()
    assert descendants(api) == []
    assert "job.succeeded" not in running.log("api")
    assert running.log("worker-1").count("job.succeeded") == 2
