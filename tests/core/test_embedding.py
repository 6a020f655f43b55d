"""Choosing an embedder, refusing a damaged model, and endpoints that misbehave."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import embedding, settings
from core.embedding import (
    Embedder,
    HashingEmbedder,
    Manifest,
    OnnxEmbedder,
    OpenAIEmbedder,
    build_embedder,
    model_folder,
)
from core.errors import ConfigurationError, EngineUnavailable, ModelNotPrepared
from tests import scripted_embeddings as endpoint
from tests import scripted_llm as script
from tests.scripted_llm import ScriptedLlm


@pytest.fixture(scope="module")
def shipped() -> Path:
    """The folder of the default model as `make install` prepares it."""
    folder = model_folder(settings.Embedding().model, settings.load().models_dir)
    if not (folder / embedding.MANIFEST).is_file():
        pytest.skip("the default model is not prepared here: mailroom models prepare")
    return folder


@pytest.fixture(scope="module")
def served(shipped: Path) -> OnnxEmbedder:
    return OnnxEmbedder(shipped, threads=2)


class TestFolders:
    def test_a_plain_name_is_its_own_folder(self):
        assert model_folder("all-MiniLM-L6-v2", Path("m")) == Path("m/all-MiniLM-L6-v2")

    def test_the_name_with_its_organisation_is_the_same_model(self):
        long = model_folder("sentence-transformers/all-MiniLM-L6-v2", Path("m"))
        assert long == model_folder("all-MiniLM-L6-v2", Path("m"))

    def test_names_that_look_alike_once_cleaned_stay_apart(self):
        folders = {model_folder(name, Path("m")) for name in ("a/b", "a-b", "a b", "/a/b")}
        assert len(folders) == 4

    @given(st.text(min_size=1, max_size=300))
    def test_no_name_leads_out_of_the_models_folder(self, name: str):
        folder = model_folder(name, Path("/models"))
        assert folder.resolve().parent == Path("/models").resolve()
        assert len(folder.name) < 255


class TestPrepared:
    def test_a_missing_model_says_how_to_get_it(self, tmp_path: Path):
        with pytest.raises(ModelNotPrepared, match=r"all-MiniLM-L6-v2") as missing:
            build_embedder(settings.Embedding(), tmp_path)
        assert "mailroom models prepare" in missing.value.hint

    def test_a_manifest_of_another_release_is_refused(self, shipped: Path, tmp_path: Path):
        shutil.copytree(shipped, tmp_path / "old")
        manifest = json.loads((shipped / embedding.MANIFEST).read_text("utf-8"))
        (tmp_path / "old" / embedding.MANIFEST).write_text(json.dumps(manifest | {"more": 1}))
        with pytest.raises(ModelNotPrepared, match="not of this release"):
            OnnxEmbedder(tmp_path / "old", threads=1)

    def test_a_damaged_model_is_refused_before_it_answers(self, shipped: Path, tmp_path: Path):
        shutil.copytree(shipped, tmp_path / "damaged")
        with (tmp_path / "damaged" / embedding.MODEL).open("r+b") as file:
            file.seek(1_000_000)
            file.write(b"\0" * 64)
        with pytest.raises(ModelNotPrepared, match="damaged"):
            OnnxEmbedder(tmp_path / "damaged", threads=1)

    def test_a_model_without_tokenizer_is_refused(self, shipped: Path, tmp_path: Path):
        shutil.copytree(shipped, tmp_path / "half")
        (tmp_path / "half" / embedding.TOKENIZER).unlink()
        with pytest.raises(ModelNotPrepared, match=r"tokenizer\.json"):
            OnnxEmbedder(tmp_path / "half", threads=1)

    def test_what_the_manifest_says_is_what_is_served(self, served: OnnxEmbedder, shipped: Path):
        manifest = Manifest.read(shipped)
        assert served.name == manifest.identity
        assert served.embed(["x"]).shape == (1, manifest.dimension) == (1, 384)

    def test_the_number_of_threads_changes_no_vector(self, served: OnnxEmbedder, shipped: Path):
        texts = [f"Paragraph {n} of the lease. " * n for n in range(1, 12)]
        single = OnnxEmbedder(shipped, threads=1)
        assert np.array_equal(served.embed(texts), single.embed(texts))

    def test_what_lies_beyond_the_models_reach_does_not_count(self, served: OnnxEmbedder):
        start = "the supplier shall deliver " * (served.manifest.max_tokens // 4 + 1)
        rows = served.embed([start, start + "and then something else entirely"])
        assert np.array_equal(rows[0], rows[1])

    def test_a_text_without_end_is_not_tokenised_to_its_end(self, served: OnnxEmbedder):
        longest = served.manifest.max_tokens * embedding.CHARACTERS_PER_TOKEN
        text = "word " * longest
        assert np.array_equal(served.embed([text]), served.embed([text[:longest]]))

    def test_meaning_counts_where_words_differ(self, served: OnnxEmbedder):
        bill, invoice, hike = served.embed(
            ["a bill that has to be paid", "an invoice is outstanding", "a walk in the hills"]
        )
        assert bill @ invoice > bill @ hike + 0.2

    def test_prompts_of_the_manifest_go_before_the_text(self, shipped: Path, tmp_path: Path):
        shutil.copytree(shipped, tmp_path / "prompted")
        manifest = Manifest.read(shipped)
        prompted = manifest.model_copy(update={"query_prompt": "q: ", "passage_prompt": "p: "})
        path = tmp_path / "prompted" / embedding.MANIFEST
        path.write_text(prompted.model_dump_json(), "utf-8")
        plain, with_prompts = OnnxEmbedder(shipped, 1), OnnxEmbedder(tmp_path / "prompted", 1)
        assert np.array_equal(with_prompts.embed(["lease"]), plain.embed(["p: lease"]))
        assert np.array_equal(with_prompts.embed_queries(["lease"]), plain.embed(["q: lease"]))

    def test_serving_imports_neither_torch_nor_transformers(self, shipped: Path):
        code = (
            "import sys; from pathlib import Path; from core.embedding import OnnxEmbedder;"
            f"OnnxEmbedder(Path({str(shipped)!r}), 2).embed(['a', 'b']);"
            "sys.exit(bool({'torch', 'transformers', 'sentence_transformers', 'onnx'}"
            " & sys.modules.keys()))"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestHashing:
    def test_it_is_the_same_in_every_process_and_release(self):
        [row] = HashingEmbedder(8).embed(["An invoice."])
        assert row == pytest.approx(np.array([0, -1, 0, 0, 1, 1, 4, 0]) / 19**0.5, abs=1e-6)

    def test_another_dimension_is_another_space(self):
        assert HashingEmbedder(8).name != HashingEmbedder(16).name

    def test_texts_without_words_still_have_a_direction(self):
        rows = HashingEmbedder(8).embed(["", "?!", "\n"])
        assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def endpoint_embedder(server: ScriptedLlm, clock: Clock | None = None, **rules) -> OpenAIEmbedder:
    given = {"model": "m", "base_url": server.base_url, **rules}
    clock = clock or Clock()
    return OpenAIEmbedder(
        settings.Embedding(kind="openai", **given), clock=clock, sleep=clock.sleep
    )


class TestEndpoint:
    def test_the_settings_choose_it(self, tmp_path: Path):
        rules = settings.Embedding(kind="openai", model="m", base_url="http://127.0.0.1:9/v1")
        chosen: Embedder = build_embedder(rules, tmp_path)
        assert chosen.name == "m@127.0.0.1:9"

    def test_without_an_address_it_is_openai(self):
        rules = settings.Embedding(kind="openai", model="m")
        assert OpenAIEmbedder(rules).name == "m@api.openai.com"

    def test_it_asks_for_the_model_with_the_key(self):
        with ScriptedLlm(endpoint.vectors) as server:
            endpoint_embedder(server, model="embed-3", api_key="s3cret").embed(["a"])
        last = server.requests[-1]
        assert last.path == "/v1/embeddings"
        assert last.headers["authorization"] == "Bearer s3cret"
        assert last.body == {"model": "embed-3", "input": ["a"], "encoding_format": "float"}

    def test_no_key_sends_no_key(self):
        with ScriptedLlm(endpoint.vectors) as server:
            endpoint_embedder(server).embed(["a"])
        assert "authorization" not in server.requests[-1].headers

    def test_the_dimension_is_asked_once(self):
        with ScriptedLlm(endpoint.vectors) as server:
            embedder = endpoint_embedder(server)
            assert server.requests == []
            assert {embedder.dimension for _ in range(3)} == {endpoint.DIMENSION}
        assert len(server.requests) == 1

    def test_texts_go_out_in_batches_and_come_back_in_order(self):
        texts = [f"text number {n}" for n in range(7)]
        with ScriptedLlm(endpoint.vectors) as server:
            rows = endpoint_embedder(server, batch=3).embed(texts)
        assert [len(r.body["input"]) for r in server.requests[1:]] == [3, 3, 1]
        assert rows == pytest.approx(HashingEmbedder(endpoint.DIMENSION).embed(texts), abs=1e-6)

    def test_no_empty_and_no_endless_text_is_sent(self):
        with ScriptedLlm(endpoint.vectors) as server:
            endpoint_embedder(server).embed(["", "x" * 1_000_000])
        blank, long = server.requests[-1].body["input"]
        assert blank == " "
        assert len(long) == embedding.ENDPOINT_CHARACTERS

    @pytest.mark.parametrize(
        "trouble",
        [
            script.status(500),
            script.status(503),
            script.status(429),
            script.closed,
            script.no_json,
            script.half_body,
            endpoint.one_too_few,
            endpoint.zeros,
        ],
    )
    def test_what_may_pass_is_tried_again(self, trouble: script.Behaviour):
        clock = Clock()
        with ScriptedLlm(trouble, endpoint.vectors) as server:
            rows = endpoint_embedder(server, clock).embed(["a"])
        assert rows.shape == (1, endpoint.DIMENSION)
        assert len(clock.slept) == 1

    def test_pauses_grow_and_end(self):
        clock = Clock()
        with (
            ScriptedLlm(script.status(500)) as server,
            pytest.raises(EngineUnavailable, match="scripted 500"),
        ):
            endpoint_embedder(server, clock).embed(["a"])
        assert len(server.requests) == embedding.ENDPOINT_RETRIES + 1
        assert clock.slept == sorted(clock.slept)
        assert 0.5 <= clock.slept[0] <= 1.0

    def test_the_endpoint_may_say_how_long_to_wait(self):
        clock = Clock()
        with ScriptedLlm(script.status(429, retry_after="7"), endpoint.vectors) as server:
            endpoint_embedder(server, clock).embed(["a"])
        assert clock.slept == [7.0]

    def test_it_does_not_wait_beyond_its_time(self):
        clock = Clock()
        with (
            ScriptedLlm(script.status(429, retry_after="3600")) as server,
            pytest.raises(EngineUnavailable),
        ):
            endpoint_embedder(server, clock).embed(["a"])
        assert clock.slept == []

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    def test_a_refusal_is_not_tried_again(self, status: int):
        with (
            ScriptedLlm(script.status(status)) as server,
            pytest.raises(ConfigurationError, match=f"answered {status}"),
        ):
            endpoint_embedder(server).embed(["a"])
        assert len(server.requests) == 1

    @pytest.mark.parametrize("silence", [script.stall(30), script.trickle(0.1)])
    def test_silence_and_trickling_end_in_time(self, silence: script.Behaviour):
        with ScriptedLlm(silence) as server:
            rules = settings.Embedding(
                kind="openai", model="m", base_url=server.base_url, timeout_seconds=0.5
            )
            with pytest.raises(EngineUnavailable):
                OpenAIEmbedder(rules).embed(["a"])
        assert len(server.requests) == 1

    def test_an_endpoint_that_keeps_failing_is_left_alone(self):
        clock, rules = Clock(), settings.Embedding(kind="openai", model="m", timeout_seconds=300)
        limits = settings.Outside(breaker_failures=6, breaker_seconds=60, breaker_trials=1)
        with ScriptedLlm(script.status(503)) as server:
            rules = rules.model_copy(update={"base_url": server.base_url})
            embedder = OpenAIEmbedder(rules, limits, clock=clock, sleep=clock.sleep)
            for _ in range(5):
                with pytest.raises(EngineUnavailable):
                    embedder.embed(["a"])
            assert len(server.requests) == 6
            slept = list(clock.slept)
            with pytest.raises(EngineUnavailable, match=r"m@.*circuit open, next trial in \d+ s"):
                embedder.embed_queries(["a"])
            assert (len(server.requests), clock.slept) == (6, slept)
            clock.now += 60
            server.script[:] = [endpoint.vectors]
            assert embedder.embed(["a"]).shape == (1, endpoint.DIMENSION)

    def test_a_refusal_shows_that_it_is_there(self):
        with ScriptedLlm(script.status(401)) as server:
            embedder = endpoint_embedder(server)
            for _ in range(10):
                with pytest.raises(ConfigurationError):
                    embedder.embed(["a"])
        assert len(server.requests) == 10

    @pytest.mark.parametrize("silence", [script.stall(30), script.trickle(0.1)])
    def test_a_question_waits_less_than_a_document(self, silence: script.Behaviour):
        limits = settings.Outside(query_seconds=0.5)
        with ScriptedLlm(silence) as server:
            rules = settings.Embedding(kind="openai", model="m", base_url=server.base_url)
            began = time.monotonic()
            with pytest.raises(EngineUnavailable):
                OpenAIEmbedder(rules, limits).embed_queries(["a"])
            # A document's thirty seconds would not be over.
            assert time.monotonic() - began < 20

    def test_nobody_there_is_unavailable(self):
        rules = settings.Embedding(
            kind="openai", model="m", base_url="http://127.0.0.1:9/v1", timeout_seconds=0.2
        )
        with pytest.raises(EngineUnavailable, match=r"127\.0\.0\.1:9"):
            OpenAIEmbedder(rules).embed(["a"])

    def test_vectors_of_two_dimensions_never_mix(self):
        with (
            ScriptedLlm(endpoint.vectors, endpoint.wider) as server,
            pytest.raises(EngineUnavailable, match="97"),
        ):
            endpoint_embedder(server).embed(["a"])

    def test_no_error_shows_the_key(self):
        with (
            ScriptedLlm(script.status(401)) as server,
            pytest.raises(ConfigurationError) as refused,
        ):
            endpoint_embedder(server, api_key="s3cret").embed(["a"])
        assert "s3cret" not in str(refused.value)
