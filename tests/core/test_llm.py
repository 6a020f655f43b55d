"""A language model answers in valid JSON within its time, or says by name why it does not."""

import threading
import time

import pytest
from pydantic import BaseModel, Field

from core.errors import ConfigurationError, EngineUnavailable, InvalidModelOutput
from core.llm import LanguageModel, build_llm, validate
from core.settings import Llm
from tests import scripted_llm as script
from tests.scripted_llm import ScriptedLlm

SCHEMA = {
    "title": "document_classification",
    "description": "What it is.",
    "type": "object",
    "required": ["primary_classification", "confidence_score"],
    "properties": {
        "primary_classification": {"type": "string"},
        "confidence_score": {"type": "number"},
    },
}
DOCUMENT = "[page 1]\nINVOICE\nInvoice number: INV-7\nAmount due: 720.00 GBP incl. VAT"
MESSAGES = [
    ("system", "You sort documents."),
    ("user", f"<<<UNTRUSTED document_content ab>>>\n{DOCUMENT}\n<<<END document_content ab>>>"),
]
QUICK = 0.4
"""Seconds that a model gets here instead of 30."""
SLACK = 1.5
"""What the busiest machine may add to it, with the grace of half a second included."""


class Verdict(BaseModel):
    primary_classification: str
    confidence_score: float = Field(ge=0, le=1)


class Pauses:
    """Remembers how long was waited, and waits for none of it."""

    def __init__(self):
        self.all = []

    def __call__(self, seconds):
        self.all.append(seconds)


@pytest.fixture
def pauses():
    return Pauses()


@pytest.fixture
def connect(pauses):
    opened = []

    def model(server, **rules):
        settings = {"timeout_seconds": 20.0, "model": "scripted", "base_url": server.base_url}
        opened.append(
            LanguageModel(Llm(**(settings | rules)), sleep=pauses, jitter=lambda: 1.0),
        )
        return opened[-1]

    yield model
    for each in opened:
        each.close()


def ask(model):
    return model.ask(
        MESSAGES, SCHEMA, lambda answer: validate(Verdict, answer), lambda problem: f"No: {problem}"
    )


@pytest.mark.parametrize("behaviour", [script.valid, script.chatty, script.tool_call])
def test_a_valid_answer_is_understood_however_it_is_wrapped(connect, behaviour):
    with ScriptedLlm(behaviour) as server:
        reply = ask(connect(server))
        assert reply.value.primary_classification == "Invoices"
        assert (reply.model, reply.input_tokens, reply.output_tokens) == ("scripted-1", 100, 20)
        assert not reply.repaired
        assert len(server.requests) == 1


def test_the_schema_and_the_messages_are_sent(connect):
    with ScriptedLlm() as server:
        ask(connect(server, api_key="sesame"))
        request = server.requests[0]
        assert request.path == "/v1/chat/completions"
        assert request.headers["authorization"] == "Bearer sesame"
        assert request.messages == MESSAGES
        assert request.body["model"] == "scripted"
        assert request.body["response_format"]["json_schema"]["name"] == SCHEMA["title"]


def test_a_key_meant_for_another_server_is_not_sent(connect, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "meant-for-another")
    with ScriptedLlm() as server:
        ask(connect(server))
        assert "meant-for-another" not in str(server.requests[0].headers)


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (script.wrong_schema, "primary_classification: Field required"),
        (script.refusal, "no JSON object"),
        (script.declared_refusal, "no JSON object"),
        (script.completed('{"primary_classification": "x", "confidence_score": 7}'), "less than"),
        (
            script.completed('{"primary_classification": "x", "confidence_score": NaN}'),
            "confidence",
        ),
        (script.completed("[1, 2]"), "no JSON object"),
        (script.completed(""), "no JSON object"),
        (script.completed("{" * 5000), "no JSON object"),
    ],
)
def test_an_invalid_answer_is_repaired_once(connect, bad, problem):
    with ScriptedLlm(bad, script.valid) as server:
        reply = ask(connect(server))
        assert reply.value.primary_classification == "Invoices"
        assert reply.repaired
        assert reply.input_tokens == 200
        repair = server.requests[1].messages
        assert repair[:2] == MESSAGES
        assert [role for role, _ in repair[2:]] == ["assistant", "user"]
        assert repair[3][1].startswith("No: ")
        assert problem in repair[3][1]


@pytest.mark.parametrize("bad", [script.wrong_schema, script.refusal, script.declared_refusal])
def test_two_invalid_answers_are_enough(connect, bad):
    with ScriptedLlm(bad) as server:
        with pytest.raises(InvalidModelOutput, match="twice in vain"):
            ask(connect(server))
        assert len(server.requests) == 2


def test_two_different_valid_answers_are_no_answer(connect):
    two = [
        '{"primary_classification": "Contracts", "confidence_score": 1}',
        '{"primary_classification": "Invoices", "confidence_score": 0.9}',
    ]
    said = script.completed(" or ".join(two))
    with ScriptedLlm(said) as server, pytest.raises(InvalidModelOutput, match="2 of 2 JSON"):
        ask(connect(server))


def test_the_same_answer_said_twice_is_one(connect):
    said = '{"primary_classification": "Forms", "confidence_score": 1}'
    with ScriptedLlm(script.completed(f"{said}\n\nIn short: {said}")) as server:
        assert ask(connect(server)).value.primary_classification == "Forms"


def test_a_truncated_answer_is_invalid(connect):
    with ScriptedLlm(script.truncated) as server, pytest.raises(InvalidModelOutput, match="finish"):
        ask(connect(server))


@pytest.mark.parametrize(
    "behaviour",
    [
        *(script.status(code) for code in (429, 500, 502, 503, 504)),
        script.closed,
        script.half_body,
        script.broken_json,
    ],
)
def test_what_may_pass_is_tried_three_times_more(connect, pauses, behaviour):
    with ScriptedLlm(behaviour) as server:
        with pytest.raises(EngineUnavailable, match="failed 4 times"):
            ask(connect(server))
        assert len(server.requests) == 4
        assert pauses.all == [0.5, 1.0, 2.0]


def test_a_retry_that_works_is_as_good_as_a_first_answer(connect, pauses):
    with ScriptedLlm(script.status(503), script.closed, script.valid) as server:
        assert ask(connect(server)).value.primary_classification == "Invoices"
        assert len(pauses.all) == 2


def test_jitter_spreads_the_pauses(pauses):
    with ScriptedLlm(script.status(500)) as server:
        rules = Llm(model="scripted", base_url=server.base_url)
        model = LanguageModel(rules, sleep=pauses, jitter=lambda: 0.0)
        with pytest.raises(EngineUnavailable):
            ask(model)
        model.close()
    assert pauses.all == [0.25, 0.5, 1.0]


def test_a_model_may_be_closed_twice_and_is_then_unavailable(connect):
    with ScriptedLlm(script.valid) as server:
        model = connect(server, retries=0)
        model.close()
        model.close()
        with pytest.raises(EngineUnavailable):
            ask(model)


def test_retry_after_is_obeyed(connect, pauses):
    with ScriptedLlm(script.status(429, "7"), script.valid) as server:
        ask(connect(server))
    assert pauses.all == [7.0]


def test_nobody_waits_for_a_retry_that_would_come_too_late(connect, pauses):
    with ScriptedLlm(script.status(429, "3600")) as server:
        with pytest.raises(EngineUnavailable, match="failed 1 times, at last with HTTP 429"):
            ask(connect(server))
        assert len(server.requests) == 1
    assert pauses.all == []


@pytest.mark.parametrize("code", [401, 403, 409])
def test_a_refused_request_is_not_repeated(connect, code):
    with ScriptedLlm(script.status(code)) as server:
        with pytest.raises(EngineUnavailable, match="refused the request"):
            ask(connect(server))
        assert len(server.requests) == 1


def test_a_page_of_a_proxy_is_no_answer(connect):
    with ScriptedLlm(script.no_json) as server, pytest.raises(EngineUnavailable):
        ask(connect(server))


def test_nobody_listening_is_unavailable(connect, pauses):
    with ScriptedLlm() as server:
        pass
    with pytest.raises(EngineUnavailable, match="failed 4 times"):
        ask(connect(server))
    assert len(pauses.all) == 3


@pytest.mark.parametrize("behaviour", [script.stall(60), script.trickle(0.05)])
def test_silence_and_trickle_end_with_the_time_and_are_not_retried(connect, pauses, behaviour):
    with ScriptedLlm(behaviour) as server:
        model = connect(server, timeout_seconds=QUICK)
        started = time.monotonic()
        with pytest.raises(EngineUnavailable, match=r"no answer within 0\.4 s"):
            ask(model)
        assert QUICK <= time.monotonic() - started < QUICK + SLACK
        assert len(server.requests) == 1
    assert pauses.all == []


def test_the_repair_has_only_the_time_that_is_left(connect):
    with ScriptedLlm(script.wrong_schema, script.stall(60)) as server:
        model = connect(server, timeout_seconds=QUICK)
        started = time.monotonic()
        with pytest.raises(EngineUnavailable):
            ask(model)
        assert time.monotonic() - started < QUICK + SLACK


def test_a_model_that_stalled_answers_the_next_question(connect):
    with ScriptedLlm(script.stall(60), script.valid) as server:
        model = connect(server, timeout_seconds=QUICK)
        with pytest.raises(EngineUnavailable):
            ask(model)
        assert ask(connect(server)).value.primary_classification == "Invoices"


def test_the_circuit_opens_after_five_failures_and_spares_the_server(connect):
    with ScriptedLlm(script.status(500)) as server:
        model = connect(server, retries=0)
        for _ in range(5):
            with pytest.raises(EngineUnavailable, match="HTTP 500"):
                ask(model)
        with pytest.raises(EngineUnavailable, match="left alone"):
            ask(model)
        assert len(server.requests) == 5


def test_the_circuit_closes_again_after_good_trials(pauses):
    now = [0.0]
    failing = [script.status(500)] * 5
    with ScriptedLlm(*failing, script.valid) as server:
        rules = Llm(model="scripted", base_url=server.base_url, retries=0)
        model = LanguageModel(rules, sleep=pauses, clock=lambda: now[0])
        for _ in failing:
            with pytest.raises(EngineUnavailable):
                ask(model)
        now[0] += 60.0
        for _ in range(3):
            ask(model)
        assert ask(model).value.primary_classification == "Invoices"
        model.close()


def test_refusals_of_our_own_making_do_not_open_the_circuit(connect):
    with ScriptedLlm(*[script.status(401)] * 6, script.valid) as server:
        model = connect(server, retries=0)
        for _ in range(6):
            with pytest.raises(EngineUnavailable, match="refused"):
                ask(model)
        assert ask(model).value.primary_classification == "Invoices"


def test_a_server_without_structured_output_is_asked_plainly_from_then_on(connect):
    with ScriptedLlm(script.no_structure) as server:
        model = connect(server)
        ask(model)
        ask(model)
        asked = ["response_format" in request.body for request in server.requests]
        assert asked == [True, False, False]


def test_nothing_is_traced_elsewhere(connect, monkeypatch):
    with ScriptedLlm() as server:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "key")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", server.base_url)
        model = connect(server)
        for _ in range(3):
            ask(model)
        time.sleep(0.3)
        assert {request.path for request in server.requests} == {"/v1/chat/completions"}


def test_threads_may_ask_at_the_same_time(connect):
    with ScriptedLlm() as server:
        model = connect(server)
        labels = []
        threads = [
            threading.Thread(target=lambda: labels.append(ask(model).value.primary_classification))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert labels == ["Invoices"] * 8


def test_two_models_of_one_process_do_not_share_connections(connect):
    with ScriptedLlm() as server:
        one, other = connect(server), connect(server)
        for model in (one, other, one):
            assert ask(model).value.primary_classification == "Invoices"


def test_no_model_is_built_without_a_name():
    assert build_llm(Llm()) is None


@pytest.mark.parametrize("provider", ["no_such_provider", "anthropic"])
def test_a_provider_that_is_not_there_is_named(provider):
    with pytest.raises(ConfigurationError, match=f"llm.provider={provider}"):
        build_llm(Llm(model="some-model", provider=provider, api_key="key"))


def test_a_provider_without_a_key_is_named(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="Missing credentials"):
        build_llm(Llm(model="some-model"))
