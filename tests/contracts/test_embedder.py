"""What every embedder keeps: the hashing fake, the prepared model, and an endpoint."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import settings
from core.embedding import Embedder, HashingEmbedder, OpenAIEmbedder, build_embedder
from core.errors import ModelNotPrepared
from tests.scripted_embeddings import vectors
from tests.scripted_llm import ScriptedLlm

TEXTS = (
    "The invoice is due within thirty days.",
    "The invoice is payable within thirty days.",
    "Our hiking club meets on Saturday morning.",
    "Überweisung bitte auf das Konto unten – danke! 請支付發票。",
    "ok",
    "",
    " \n\t ",
    "payment terms " * 2000,
)


@pytest.fixture(params=["hashing", "onnx", "openai"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    if request.param == "hashing":
        yield HashingEmbedder()
    elif request.param == "onnx":
        yield prepared()
    else:
        with ScriptedLlm(vectors) as server:
            rules = settings.Embedding(kind="openai", model="scripted-1", base_url=server.base_url)
            endpoint = OpenAIEmbedder(rules)
            yield endpoint
            endpoint.close()


def prepared() -> Embedder:
    loaded = settings.load()
    try:
        return build_embedder(settings.Embedding(), loaded.models_dir)
    except ModelNotPrepared as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{missing} ({missing.hint})")


def test_every_text_gets_a_row_of_unit_length(embedder):
    rows = embedder.embed(TEXTS)
    assert rows.shape == (len(TEXTS), embedder.dimension)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_no_text_gives_no_row_but_keeps_the_dimension(embedder):
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_the_same_text_gives_the_same_vector(embedder):
    assert np.array_equal(embedder.embed(TEXTS), embedder.embed(TEXTS))


def test_a_vector_does_not_depend_on_its_company(embedder):
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert np.array_equal(together, alone)


def test_rows_keep_the_order_of_their_texts(embedder):
    assert np.array_equal(embedder.embed(TEXTS[::-1]), embedder.embed(TEXTS)[::-1])


def test_threads_do_not_disturb_each_other(embedder):
    wanted = embedder.embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(embedder.embed, [TEXTS] * 8):
            assert np.array_equal(found, wanted)


def test_alike_texts_are_nearer_than_unrelated_ones(embedder):
    invoice, same, unrelated = embedder.embed(TEXTS[:3])
    assert invoice @ same > invoice @ unrelated + 0.2


def test_a_question_lies_nearest_to_the_passage_that_answers_it(embedder):
    passages = embedder.embed(TEXTS[:4])
    [question] = embedder.embed_queries(["When does the hiking club meet?"])
    assert int(np.argmax(passages @ question)) == 2


def test_the_name_says_which_vector_space_it_is(embedder):
    assert embedder.name
    assert embedder.name == embedder.name.strip()
    assert embedder.dimension > 0
