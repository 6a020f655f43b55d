"""With a language model there are two opinions; when it fails, a person decides."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import scripted_llm
from tests.serving import settled, start, stop

SAMPLES = Path(__file__).parents[2] / "samples"
TEXT = (SAMPLES / "rookhope-library.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def model() -> Iterator[scripted_llm.ScriptedLlm]:
    with scripted_llm.ScriptedLlm(scripted_llm.valid) as server:
        yield server


@pytest.fixture(scope="module")
def client(model, tmp_path_factory) -> Iterator[httpx.Client]:
    running = start(
        tmp_path_factory.mktemp("llm"),
        MAILROOM_LLM__MODEL="scripted",
        MAILROOM_LLM__BASE_URL=model.base_url,
        MAILROOM_LLM__API_KEY="none",
        MAILROOM_LLM__TIMEOUT_SECONDS="3",
        MAILROOM_LLM__RETRIES="0",
    )
    with running.client() as opened:
        yield opened
    stop(running)


def classify(client: httpx.Client, text: str) -> httpx.Response:
    return client.post("/v1/classify", json={"document_content": text})


def test_both_engines_are_asked_and_both_opinions_shown(client):
    result = classify(client, TEXT).json()
    assert [opinion["engine"] for opinion in result["opinions"]] == ["local", "llm"]
    llm = result["opinions"][1]
    assert llm["model"] == "scripted-1"
    assert 0 <= llm["stated_confidence"] <= 1


def test_two_opinions_that_differ_put_it_before_a_person(client, model):
    cues = "agreement party parties hereby vertrag governed by " * 40
    result = classify(client, f"{TEXT}\n\n{cues}").json()
    labels = {opinion["label"] for opinion in result["opinions"]}
    if len(labels) == 1:
        pytest.fail(f"the two engines agree on {labels}: the text tests nothing")
    assert (result["decision"], result["review_reason"]) == ("human_review", "disagreement")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (scripted_llm.stall(20), "engine_unavailable"),
        (scripted_llm.status(500), "engine_unavailable"),
        (scripted_llm.closed, "engine_unavailable"),
        (scripted_llm.wrong_schema, "invalid_model_output"),
        (scripted_llm.refusal, "invalid_model_output"),
    ],
    ids=["stall", "500", "closed", "wrong schema", "refusal"],
)
def test_a_model_that_fails_sends_it_to_a_person_in_time(client, model, behaviour, reason):
    model.script[:] = [behaviour, behaviour, scripted_llm.valid]
    result = classify(client, TEXT).json()
    assert (result["decision"], result["review_reason"]) == ("human_review", reason)
    assert [failure["engine"] for failure in result["failures"]] == ["llm"]
    assert [opinion["engine"] for opinion in result["opinions"]] == ["local"]


def test_a_written_answer_carries_quotes_that_stand_in_the_text(client):
    sent = client.post("/v1/documents", files={"file": ("library.txt", TEXT.encode())})
    document = settled(client, sent.json()["id"])
    pages = client.get(f"/v1/documents/{document['id']}/text").json()["pages"]
    texts = {page["number"]: page["text"] for page in pages}
    question = {"question": "How many books on the lead mines did the gift hold?"}
    answer = client.post("/v1/ask", json=question).json()
    assert answer["citations"], answer
    assert answer["mode"] == "generative"
    for citation in answer["citations"]:
        assert citation["verified"] is True
        place = texts[citation["page"]][citation["start"] : citation["end"]]
        assert place == citation["quote"]
