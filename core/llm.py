"""The one place for language models: asks any LangChain chat model for JSON, within a time."""

import asyncio
import json
import random
import re
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from core.breaker import Breaker
from core.errors import ConfigurationError, EngineUnavailable, InvalidModelOutput
from core.settings import Llm

T = TypeVar("T")
Shape = TypeVar("Shape", bound=BaseModel)
FIRST_FAILURE = 400
RETRIED = frozenset({429, 500, 502, 503, 504})
REJECTED = frozenset({400, 404, 415, 422})
"""What servers that know no `response_format` answer to it."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
GRACE = 0.5
"""Seconds given to a cancelled call to end; with it every question ends within 31 s of 30."""
MOST_CANDIDATES = 50
LONGEST_ANSWER = 200_000

_TIMEOUTS = frozenset({"TimeoutError", "TimeoutException", "ModelTimeoutError", "APITimeoutError"})
_LOST = frozenset(
    {
        "ConnectionError",
        "TransportError",
        "ModelConnectionError",
        "APIConnectionError",
        "JSONDecodeError",  # the body of the response, cut short on its way
    }
)
_UNFINISHED = frozenset({"LengthFinishReasonError", "ContentFilterFinishReasonError"})

Parse = Callable[[Mapping[str, Any]], T]
"""Turns a JSON object into what is wanted; raises ValueError saying what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """A valid answer, what it cost, and whether the model had to be shown an error first."""

    value: T
    model: str
    input_tokens: int
    output_tokens: int
    repaired: bool


@dataclass(frozen=True, slots=True)
class _Raw:
    """What a model said: its text or the arguments it called a tool with."""

    text: str
    arguments: Mapping[str, Any] | None
    model: str
    input_tokens: int
    output_tokens: int


class _Loop:
    """An event loop in a thread of its own.

    A blocking call to a server that trickles cannot be stopped from outside; a coroutine can.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Return what a coroutine gives.

        Raises:
            TimeoutError: it took longer and has been cancelled, or the loop has been closed.
        """
        if self._loop.is_closed():
            work.close()
            raise TimeoutError
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop)
        try:
            return future.result(seconds + GRACE)
        finally:
            future.cancel()

    def close(self) -> None:
        """Stop the thread and free the loop; a second time does nothing."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class LanguageModel:
    """A chat model that answers in valid JSON or raises, within `timeout_seconds` for all of it.

    Retries, waits and the one repair share that time. Safe to use from several threads.
    `clock` gives seconds, `sleep` waits for some, `jitter` gives a random number in 0..1.
    """

    def __init__(
        self,
        rules: Llm,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Load the provider's package.

        Raises:
            ConfigurationError: the provider is unknown, its package missing, or it has no key.
        """
        self.name = rules.model
        self._rules = rules
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._breaker = Breaker(
            rules.breaker_failures, rules.breaker_seconds, rules.breaker_trials, clock
        )
        self._loop = _Loop()
        self._plain = False
        self._http: Any = None
        try:
            self._chat = self._load()
        except ConfigurationError:
            self.close()
            raise

    def ask(
        self,
        messages: Sequence[tuple[str, str]],
        schema: Mapping[str, Any],
        parse: Parse[T],
        repair: Callable[[str], str],
    ) -> Reply[T]:
        """Return the model's answer to (role, text) messages as `parse` takes it.

        `schema` is the JSON schema of the answer. An answer that `parse` refuses is shown to the
        model once, with `repair(problem)` as the next message.

        Raises:
            EngineUnavailable: no answer in time, after all retries, or the circuit is open.
            InvalidModelOutput: the repaired answer is not valid either.
        """
        deadline = self._clock() + self._rules.timeout_seconds
        raw = self._call(messages, schema, deadline)
        try:
            return self._reply(_read(raw, parse), raw)
        except ValueError as problem:
            structlog.get_logger().info("llm.invalid", model=self.name, problem=str(problem))
            again = [*messages, ("assistant", _said(raw)), ("user", repair(str(problem)))]
        second = self._call(again, schema, deadline)
        try:
            reply = self._reply(_read(second, parse), second)
        except ValueError as problem:
            raise InvalidModelOutput(f"{self.name} answered twice in vain: {problem}") from problem
        return replace(
            reply,
            input_tokens=raw.input_tokens + second.input_tokens,
            output_tokens=raw.output_tokens + second.output_tokens,
            repaired=True,
        )

    def close(self) -> None:
        """Close connections and stop the thread; the model cannot be asked again."""
        http, self._http = self._http, None
        if http is not None:
            self._loop.run(http.aclose(), GRACE)
        self._loop.close()

    def _reply(self, value: T, raw: _Raw) -> Reply[T]:
        structlog.get_logger().info(
            "llm.answered",
            model=raw.model,
            input_tokens=raw.input_tokens,
            output_tokens=raw.output_tokens,
        )
        return Reply(value, raw.model, raw.input_tokens, raw.output_tokens, repaired=False)

    def _call(
        self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> _Raw:
        """Ask until there is an answer, the retries are used up or the time is."""
        for attempt in range(self._rules.retries + 1):
            try:
                return self._attempt(messages, schema, deadline)
            except _Passing as passing:
                last = passing
            pause = max(self._pause(attempt), last.wait)
            if attempt == self._rules.retries or self._clock() + pause >= deadline:
                break
            self._sleep(pause)
        raise EngineUnavailable(f"{self.name} failed {attempt + 1} times, at last with {last}")

    def _pause(self, attempt: int) -> float:
        # Full jitter between half and all of the step: many workers must not come back as one.
        step = min(FIRST_PAUSE * 2.0**attempt, LONGEST_PAUSE)
        return step * (0.5 + self._jitter() / 2)

    def _attempt(
        self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> _Raw:
        permit = self._breaker.admit()
        if permit is None:
            raise EngineUnavailable(f"{self.name} keeps failing and is left alone for a while")
        try:
            answer = self._send(messages, schema, deadline)
        except Exception as error:
            trouble = _judge(error)
            if trouble.counts:
                self._breaker.failed(permit)
            else:
                self._breaker.succeeded(permit)
            raise trouble.raised(self.name, self._rules.timeout_seconds) from error
        self._breaker.succeeded(permit)
        return answer

    def _send(
        self, messages: Sequence[tuple[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> _Raw:
        if not self._plain:
            structured = self._chat.with_structured_output(dict(schema), include_raw=True)
            try:
                return _raw((self._run(structured, messages, deadline))["raw"], self.name)
            except Exception as error:
                if _status(error) not in REJECTED:
                    raise
        # Some compatible servers know no structured output: the prompt asks for JSON anyway.
        answer = _raw(self._run(self._chat, messages, deadline), self.name)
        self._plain = True
        return answer

    def _run(self, model: Any, messages: Sequence[tuple[str, str]], deadline: float) -> Any:
        left = deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        return self._loop.run(_quietly(model, list(messages)), left)

    def _load(self) -> Any:
        # LangChain takes a second to import: only those who use a language model wait for it.
        from langchain.chat_models import init_chat_model  # noqa: PLC0415

        try:
            return init_chat_model(
                self._rules.model,
                model_provider=self._rules.provider,
                max_retries=0,
                timeout=self._rules.timeout_seconds,
                **self._options(),
            )
        except Exception as error:
            # No package, no such provider, no key: each package has its own error for it.
            raise ConfigurationError(f"llm.provider={self._rules.provider}: {error}") from error

    def _options(self) -> dict[str, Any]:
        rules = self._rules
        given = {"base_url": rules.base_url, "api_key": rules.api_key}
        options: dict[str, Any] = {name: value for name, value in given.items() if value}
        if rules.provider == "openai":
            # Its default client is shared by all models of the process, whatever their loop.
            from openai import DefaultAsyncHttpxClient  # noqa: PLC0415 (comes with LangChain's)

            self._http = options["http_async_client"] = DefaultAsyncHttpxClient()
            if rules.base_url:
                options["use_responses_api"] = False
                # Better no key than one from the environment that was meant for another server.
                options.setdefault("api_key", "none")
        return options


def build_llm(rules: Llm) -> LanguageModel | None:
    """Return the language model that the settings name, or None where they name none.

    Raises:
        ConfigurationError: the provider is unknown, its package missing, or it has no key.
    """
    return LanguageModel(rules) if rules.model else None


def validate(shape: type[Shape], answer: Mapping[str, Any]) -> Shape:
    """Return an answer as a pydantic model.

    Raises:
        ValueError: naming each wrong field, short enough to show to the model that wrote it.
    """
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors(include_url=False, include_input=False)
        )
        raise ValueError("; ".join(problems)) from error


class _Passing(Exception):
    """A failure that may pass: worth another attempt, after `wait` seconds at least."""

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What an exception of a provider means: its kind, and whether the circuit counts it."""

    kind: str
    reason: str
    wait: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether the server is in trouble, rather than our request."""
        return self.kind in {"late", "passing"}

    def raised(self, model: str, seconds: float) -> Exception:
        """Return the error to raise for it."""
        if self.kind == "passing":
            return _Passing(self.reason, self.wait)
        if self.kind == "late":
            return EngineUnavailable(f"{model} gave no answer within {seconds:g} s")
        if self.kind == "unfinished":
            return InvalidModelOutput(f"{model} did not finish its answer: {self.reason}")
        return EngineUnavailable(f"{model} refused the request: {self.reason}")


def _judge(error: BaseException) -> _Trouble:
    """Tell what an exception means, whichever provider's package raised it.

    Classes are known by name: each package brings its own, on top of two versions of httpx.
    """
    names = {kind.__name__ for each in _chain(error) for kind in type(each).__mro__}
    reason = f"{type(error).__name__}: {error}"[:300]
    status = _status(error)
    if status in RETRIED:
        return _Trouble("passing", f"HTTP {status}", _retry_after(error))
    if names & _TIMEOUTS:
        return _Trouble("late", reason)
    if status is not None:
        return _Trouble("refused", reason)
    if names & _LOST:
        return _Trouble("passing", reason)
    if names & _UNFINISHED:
        return _Trouble("unfinished", reason)
    return _Trouble("refused", reason)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _status(error: BaseException) -> int | None:
    for each in _chain(error):
        response = getattr(each, "response", None)
        for holder in (each, response):
            status = getattr(holder, "status_code", None)
            if isinstance(status, int) and status >= FIRST_FAILURE:
                return status
    return None


def _retry_after(error: BaseException) -> float:
    for each in _chain(error):
        headers = getattr(getattr(each, "response", None), "headers", None) or {}
        value = str(headers.get("retry-after", ""))
        if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", value):
            return float(value)
    return 0.0


async def _quietly(model: Any, messages: list[tuple[str, str]]) -> Any:
    """Ask without tracing: documents leave the house for the model alone, whatever is set."""
    # Comes with LangChain and is as heavy.
    from langsmith.run_helpers import tracing_context  # noqa: PLC0415

    with tracing_context(enabled=False):
        return await model.ainvoke(messages)


def _raw(message: Any, model: str) -> _Raw:
    usage = getattr(message, "usage_metadata", None) or {}
    calls = getattr(message, "tool_calls", None) or []
    about = getattr(message, "response_metadata", None) or {}
    return _Raw(
        text=message.text[:LONGEST_ANSWER],
        arguments=calls[0]["args"] if calls else None,
        model=str(about.get("model_name") or model),
        input_tokens=int(usage.get("input_tokens", 0)),
        output_tokens=int(usage.get("output_tokens", 0)),
    )


def _said(raw: _Raw) -> str:
    return raw.text or json.dumps(raw.arguments or {})


def _read(raw: _Raw, parse: Parse[T]) -> T:
    """Return the one valid answer in what a model said, with or without prose around it.

    Raises:
        ValueError: there is none, or there are several that differ.
    """
    if raw.arguments is not None:
        return parse(raw.arguments)
    candidates = _objects(raw.text)
    if not candidates:
        raise ValueError("there is no JSON object in the answer")
    if len(candidates) == 1:
        return parse(candidates[0])
    valid = _valid(candidates, parse)
    if len(valid) != 1:
        # A model that quotes the document's own "answer" beside its own must not be guessed at.
        raise ValueError(f"{len(valid)} of {len(candidates)} JSON objects in the answer are valid")
    return valid[0]


def _valid(candidates: Sequence[Mapping[str, Any]], parse: Parse[T]) -> list[T]:
    valid: list[T] = []
    for candidate in candidates:
        try:
            value = parse(candidate)
        except ValueError:
            continue
        if value not in valid:
            valid.append(value)
    return valid


def _objects(text: str) -> list[Mapping[str, Any]]:
    """Return the outermost JSON objects in a text, in order."""
    decoder, found, position = json.JSONDecoder(), [], 0
    for _ in range(MOST_CANDIDATES):
        position = text.find("{", position)
        if position < 0:
            break
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
        else:
            found.append(value)
    return found
