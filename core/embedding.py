"""Turns text into unit vectors: the contract, the models that keep it, and the one chooser.

The local model is what `core.model_export` prepared, run by onnxruntime: torch is never imported.
"""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import httpx
import numpy as np
import tenacity
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from core import settings
from core.errors import ConfigurationError, EngineUnavailable, ModelNotPrepared
from core.outside import Outside, bound, left, within

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
# No vocabulary holds a longer token, so what is cut could never have reached the model.
CHARACTERS_PER_TOKEN = 100
# Endpoints refuse more than 8191 tokens; a chunk of ours never comes near.
ENDPOINT_CHARACTERS = 24_000
ENDPOINT_RETRIES = 3
PASSING_STATUS = frozenset({408, 409, 429, 500, 502, 503, 504})
OPENAI = "https://api.openai.com/v1"

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Gives every text a vector of unit length; near vectors mean near meaning."""

    @property
    def name(self) -> str:
        """Identity of the vector space: vectors of two names must never be compared."""
        ...

    @property
    def dimension(self) -> int:
        """Number of components of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row per passage, shape (len(texts), dimension), each of length 1."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same for questions; differs where a model was trained with prompts."""
        ...


def build_embedder(
    rules: settings.Embedding, models_dir: Path, outside: settings.Outside | None = None
) -> Embedder:
    """Return the embedder that the settings name.

    Raises:
        ModelNotPrepared: the local model is not in `models_dir`, or is damaged or outdated.
    """
    if rules.kind == "openai":
        return OpenAIEmbedder(rules, outside)
    return OnnxEmbedder(model_folder(rules.model, models_dir), rules.threads)


def model_folder(model: str, models_dir: Path) -> Path:
    """Return where a model of this name or path is kept once prepared."""
    # The library takes both forms for one model.
    model = model.removeprefix("sentence-transformers/")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip("-.")
    if plain == model:
        return models_dir / model
    # Two names may look the same once cleaned; the hash keeps them apart.
    return models_dir / f"{plain[-60:]}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"


class Manifest(BaseModel):
    """What a prepared model is and how it was made; kept beside its graph and tokenizer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: str
    """Name of the vector space; the same on every machine that prepares the same model."""
    model: str
    source_sha256: str
    """Of the weights the model was made from."""
    recipe: int
    dimension: int
    max_tokens: int
    pooling: str
    quantisation: str
    query_prompt: str = ""
    passage_prompt: str = ""
    files: dict[str, str]
    """SHA-256 by name of all that lies beside this manifest."""
    agreement: float
    """Least cosine to the original model over the probe texts."""
    tools: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read a folder's manifest.

        Raises:
            ModelNotPrepared: there is none, or another release wrote it.
        """
        try:
            return cls.model_validate_json((folder / MANIFEST).read_bytes())
        except OSError as error:
            raise ModelNotPrepared(f"no prepared model in {folder}: {error.strerror}") from error
        except ValidationError as error:
            raise ModelNotPrepared(f"{folder / MANIFEST} is not of this release") from error

    def verify(self, folder: Path) -> None:
        """Check that the files in `folder` are the ones that were prepared.

        Raises:
            ModelNotPrepared: naming the file that is missing or differs.
        """
        for name, sha256 in self.files.items():
            path = folder / name
            if not path.is_file() or file_sha256(path) != sha256:
                raise ModelNotPrepared(f"{path} is missing or damaged")


class OnnxEmbedder:
    """A prepared model, one text a run.

    Runs hold no padding and share no quantisation range, so a text's vector does not depend on
    what it is embedded with, and several threads each run the graph on their own text.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        """Load the model in `folder`; at most `threads` runs go on at once.

        Raises:
            ModelNotPrepared: the folder does not hold a whole prepared model of this release.
        """
        self.manifest = Manifest.read(folder)
        self.manifest.verify(folder)
        self._session = _session(folder)
        self._tokenizer = _tokenizer(folder, self.manifest.max_tokens)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embedding")

    @property
    def name(self) -> str:
        """Identity of the vector space."""
        return self.manifest.identity

    @property
    def dimension(self) -> int:
        """Number of components of a vector."""
        return self.manifest.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per passage, shape (len(texts), dimension)."""
        return self._embed(texts, self.manifest.passage_prompt)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per question, shape (len(texts), dimension)."""
        return self._embed(texts, self.manifest.query_prompt)

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)

        def fill(places: range) -> None:
            for place in places:
                rows[place] = self._run(prompt + texts[place])

        if len(texts) <= 1:
            # A question must not queue behind a document that fills the pool.
            fill(range(len(texts)))
            return rows
        stripes = [range(k, len(texts), self._threads) for k in range(self._threads)]
        list(self._pool.map(fill, stripes))
        return rows

    def _run(self, text: str) -> Vectors:
        longest = self.manifest.max_tokens * CHARACTERS_PER_TOKEN
        ids = self._tokenizer.encode(text[:longest]).ids
        [[vector]] = self._session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})
        return np.asarray(vector, dtype=np.float32)


def _session(folder: Path) -> Any:
    # Half a second and 40 MB that commands without embedding need not pay.
    import onnxruntime  # noqa: PLC0415

    # Nothing leaves this machine.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # Texts run side by side instead: no thread waits for another inside a run.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        folder / MODEL,
        options,
        providers=["CPUExecutionProvider"],
        # The fused kernel runs one number at a time: nine times the cost of its two parts.
        disabled_optimizers=["SkipLayerNormFusion"],
    )


def _tokenizer(folder: Path, max_tokens: int) -> Any:
    # Loaded with the model, for the same reason.
    from tokenizers import Tokenizer  # noqa: PLC0415

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class OpenAIEmbedder:
    """A model behind an OpenAI-compatible endpoint.

    One request and its retries share `timeout_seconds`, and for a question `query_seconds`; an
    endpoint that keeps failing is left alone for a while. Safe to use from several threads.
    `clock` gives seconds, `sleep` waits for some.
    """

    def __init__(
        self,
        rules: settings.Embedding,
        outside: settings.Outside | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the rules; the first use connects."""
        outside = outside or settings.Outside()
        self._rules = rules
        self._query_seconds = min(outside.query_seconds, rules.timeout_seconds)
        self._clock, self._sleep = clock, sleep
        self._dimension: int | None = None
        key = rules.api_key.get_secret_value() if rules.api_key else None
        self._client = bound(
            httpx.Client(
                base_url=rules.base_url or OPENAI,
                headers={"Authorization": f"Bearer {key}"} if key else {},
            )
        )
        self.outside = Outside(self.name, outside, EngineUnavailable, clock=clock)

    @property
    def name(self) -> str:
        """Identity of the vector space: the model at its host."""
        return f"{self._rules.model}@{self._client.base_url.netloc.decode()}"

    @property
    def dimension(self) -> int:
        """Number of components of a vector, asked of the endpoint at first use."""
        if self._dimension is None:
            self._dimension = self._vectors(["dimension"]).shape[1]
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension).

        Raises:
            EngineUnavailable: the endpoint did not answer in time, or not with vectors.
            ConfigurationError: the endpoint refuses the key, the model or the request.
        """
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(texts), self._rules.batch):
            batch = texts[start : start + self._rules.batch]
            vectors = self._vectors(batch)
            if vectors.shape[1] != self.dimension:
                raise EngineUnavailable(f"{self.name} changed its dimension: {vectors.shape[1]}")
            rows[start : start + len(batch)] = vectors
        return rows

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per question, shape (len(texts), dimension)."""
        with within(self._query_seconds):
            return self.embed(texts)

    def close(self) -> None:
        """Close the connections; the embedder cannot be used again."""
        self._client.close()

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Ask until there is an answer, the retries are used up or the time is."""
        deadline = self._clock() + (left(self._rules.timeout_seconds) or 0.0)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            wait=_pause,
            stop=lambda state: (
                state.attempt_number > ENDPOINT_RETRIES
                or self._clock() + state.upcoming_sleep >= deadline
            ),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._attempt, texts, deadline)

    def _attempt(self, texts: Sequence[str], deadline: float) -> Vectors:
        # An empty text is refused, a blank one is not.
        texts = [text[:ENDPOINT_CHARACTERS] or " " for text in texts]
        asked = {"model": self._rules.model, "input": texts, "encoding_format": "float"}
        with self.outside.attempt(), within(max(deadline - self._clock(), 0.001)):
            try:
                response = self._client.post("embeddings", json=asked, timeout=left())
            except httpx.TransportError as error:
                raise EngineUnavailable(f"{self.name}: {type(error).__name__}: {error}") from error
            if response.status_code != HTTPStatus.OK:
                raise _refusal(self.name, response)
            return _parse(self.name, response.content, len(texts))


def _may_pass(error: BaseException) -> bool:
    """Tell whether to try again at once; where the circuit is open, nothing was tried."""
    return isinstance(error, EngineUnavailable) and "circuit" not in error.fields


def _pause(state: tenacity.RetryCallState) -> float:
    """Return the seconds until the next attempt: what the endpoint asks for, or ever longer."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.fields.get("retry_after", 0.0) if isinstance(error, EngineUnavailable) else 0.0
    longer = tenacity.wait_exponential(multiplier=0.5, max=8.0) + tenacity.wait_random(0.0, 0.5)
    return max(longer(state), float(str(asked)))


def _refusal(name: str, response: httpx.Response) -> ConfigurationError | EngineUnavailable:
    """Tell a refusal that no retry will change from one that may pass."""
    said = f"{name} answered {response.status_code}: {response.text[:200]}"
    if response.status_code not in PASSING_STATUS:
        return ConfigurationError(said)
    wait = response.headers.get("retry-after", "")
    return EngineUnavailable(said, retry_after=float(wait) if wait.isdecimal() else 0.0)


class _Row(BaseModel):
    index: int = 0
    embedding: list[FiniteFloat]


class _Answer(BaseModel):
    data: list[_Row]


def _parse(name: str, body: bytes, number: int) -> Vectors:
    """Return the vectors of an answer in the order of its texts, unit length."""
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise EngineUnavailable(f"{name} did not answer with vectors: {body[:80]!r}") from error
    rows = [row.embedding for row in sorted(answer.data, key=lambda row: row.index)]
    if len(rows) != number or len({len(row) for row in rows}) != 1 or not all(map(any, rows)):
        raise EngineUnavailable(f"{name} answered {number} texts with {len(rows)} unlike vectors")
    return _units(np.array(rows, dtype=np.float32))


class HashingEmbedder:
    """Words and letter triples hashed into a vector: no model, no meaning, always the same.

    For tests and dry runs: texts that share words are near, others are not.
    """

    def __init__(self, dimension: int = 384) -> None:
        """Choose how many components a vector has."""
        self.dimension = dimension
        self.name = f"hashing:{dimension}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension)."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature in _features(text):
                place = crc32(feature.encode())
                row[place % self.dimension] += 1.0 if place >> 31 else -1.0
        # Features may cancel out; then the text has no direction but still needs a length.
        rows[~rows.any(axis=1), 0] = 1.0
        return _units(rows)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per question, shape (len(texts), dimension)."""
        return self.embed(texts)


def _units(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _features(text: str) -> list[str]:
    words = re.findall(r"\w+", text.lower())
    triples = [f"#{word}#"[at : at + 3] for word in words for at in range(len(word))]
    return [*words, *words, *triples]
