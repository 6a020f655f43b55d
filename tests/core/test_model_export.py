"""Preparing models of several kinds: what is served is the original, and nothing is left half."""
# ruff: noqa: PLC0415 (collecting tests must not cost the seconds that torch takes to import)

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import model_export
from core.embedding import MANIFEST, MODEL, Manifest, OnnxEmbedder, model_folder
from core.errors import ConfigurationError
from core.model_export import PROBES, PreparedModel, prepare

WORDS = sorted({word.strip(".,:").lower() for probe in PROBES for word in probe.split()})
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
TEXTS = ["payment due within thirty days", "dear Ms Larsen", " ".join(WORDS * 2)]


def build(
    folder: Path,
    kind: str,
    pooling: str,
    *heads: str,
    config: Mapping[str, int] | None = None,
    include_prompt: bool = True,
    **options: Any,
) -> Path:
    """Write a small model with random weights, as sentence-transformers keeps it on disk."""
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    torch.manual_seed(0)
    architecture = transformers.AutoConfig.for_model(
        kind,
        vocab_size=len(VOCABULARY),
        max_position_embeddings=80,
        num_hidden_layers=2,
        hidden_size=64,
        num_attention_heads=4,
        intermediate_size=128,
        # Weights as small as usual would give all texts nearly the same vector.
        initializer_range=0.3,
        **(config or {}),
    )
    transformers.AutoModel.from_config(architecture).save_pretrained(folder / "body")
    tokenizer().save_pretrained(folder / "body")
    available = {
        "dense": lambda: modules.Dense(64, 48),
        "normalize": modules.Normalize,
        "weights": lambda: modules.WordWeights(VOCABULARY, {}),
    }
    body = modules.Transformer(str(folder / "body"), max_seq_length=64)
    first = [body, modules.Pooling(64, pooling, include_prompt=include_prompt)]
    stack = first + [available[head]() for head in heads]
    SentenceTransformer(modules=stack, device="cpu", **options).save(str(folder / "model"))
    return folder / "model"


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(
        models.WordPiece({word: n for n, word in enumerate(VOCABULARY)}, unk_token="[UNK]")
    )
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names)


def quietly(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with mean pooling, a head, and prompts for questions and passages."""
    folder = tmp_path_factory.mktemp("small")
    prompts = {"query": "please complete: ", "document": "the letter: "}
    return build(folder, "bert", "mean", "dense", "normalize", prompts=prompts)


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def prepared(small: Path, models_dir: Path) -> PreparedModel:
    return prepare(str(small), models_dir, quietly)


class TestPrepared:
    def test_it_answers_as_the_original_does(self, small: Path, prepared: PreparedModel):
        from sentence_transformers import SentenceTransformer

        original = SentenceTransformer(str(small), device="cpu")
        served = OnnxEmbedder(prepared.folder, threads=1)
        passages = np.sum(served.embed(TEXTS) * original.encode_document(TEXTS), axis=1)
        questions = np.sum(served.embed_queries(TEXTS) * original.encode_query(TEXTS), axis=1)
        assert min(passages.min(), questions.min()) > 0.98

    def test_the_manifest_tells_what_it_is_and_how_it_was_made(self, prepared: PreparedModel):
        manifest = Manifest.read(prepared.folder)
        assert (manifest.dimension, manifest.max_tokens, manifest.pooling) == (48, 64, "mean")
        assert manifest.query_prompt == "please complete: "
        assert manifest.passage_prompt == "the letter: "
        assert manifest.agreement > 0.97
        assert {"torch", "onnxruntime", "sentence-transformers"} <= manifest.tools.keys()

    def test_its_weights_are_whole_numbers_of_eight_bits(self, prepared: PreparedModel):
        import onnx

        graph = onnx.load(prepared.folder / MODEL).graph
        matrices = [t for t in graph.initializer if len(t.dims) == 2]
        small_numbers = [t for t in matrices if t.data_type == onnx.TensorProto.INT8]
        # Six multiplications with weights in each of two layers, and the head.
        assert len(small_numbers) == 13

    def test_a_second_time_finds_it_ready(self, small: Path, prepared: PreparedModel):
        before = (prepared.folder / MODEL).stat().st_mtime_ns
        again = prepare(str(small), prepared.folder.parent, quietly)
        assert not again.fresh
        assert prepared.fresh
        assert again.manifest == prepared.manifest
        assert (prepared.folder / MODEL).stat().st_mtime_ns == before

    def test_another_machine_replaces_a_damaged_one_under_the_same_name(
        self, small: Path, prepared: PreparedModel, tmp_path: Path
    ):
        folder = model_folder(str(small), tmp_path)
        folder.mkdir()
        manifest = (prepared.folder / MANIFEST).read_text("utf-8")
        (folder / MANIFEST).write_text(manifest, "utf-8")
        lines: list[str] = []
        elsewhere = prepare(str(small), tmp_path, lines.append)
        assert elsewhere.fresh
        assert elsewhere.manifest.identity == prepared.manifest.identity
        assert len(lines) == 5
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]
        vectors = [OnnxEmbedder(made.folder, 1).embed(TEXTS) for made in (elsewhere, prepared)]
        assert vectors[0] == pytest.approx(vectors[1], abs=1e-6)

    def test_an_older_recipe_is_made_anew(
        self, small: Path, models_dir: Path, prepared: PreparedModel, monkeypatch
    ):
        monkeypatch.setattr(model_export, "RECIPE", prepared.manifest.recipe + 1)
        newer = prepare(str(small), models_dir, quietly)
        assert newer.fresh
        assert newer.manifest.identity != prepared.manifest.identity
        assert [path.name for path in models_dir.iterdir()] == [prepared.folder.name]


@pytest.mark.parametrize(
    ("kind", "pooling", "config"),
    [
        ("mpnet", "mean", {}),  # attends in a way of its own
        ("modernbert", "cls", {"local_attention": 16, "cls_token_id": 2, "sep_token_id": 3}),
        ("qwen3", "lasttoken", {"num_key_value_heads": 2, "head_dim": 16}),  # looks back only
    ],
)
def test_other_architectures_survive_it(
    kind: str, pooling: str, config: dict[str, int], tmp_path: Path
):
    from sentence_transformers import SentenceTransformer

    folder = build(tmp_path, kind, pooling, config={"pad_token_id": 0, **config})
    made = prepare(str(folder), tmp_path / "models", quietly)
    wanted = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert np.sum(OnnxEmbedder(made.folder, 1).embed(TEXTS) * wanted, axis=1).min() > 0.98
    assert np.abs(wanted @ wanted.T - np.eye(3)).max() < 0.9


class TestRefused:
    def test_a_model_that_does_not_exist(self, tmp_path: Path):
        with pytest.raises(ConfigurationError, match="no-such-model"):
            prepare(str(tmp_path / "no-such-model"), tmp_path / "models", quietly)
        assert not (tmp_path / "models").exists()

    def test_a_stack_that_a_text_alone_does_not_feed(self, tmp_path: Path):
        folder = build(tmp_path, "bert", "mean", "weights")
        with pytest.raises(ConfigurationError, match="WordWeights"):
            prepare(str(folder), tmp_path / "models", quietly)

    def test_a_model_that_leaves_its_prompt_out(self, tmp_path: Path):
        folder = build(tmp_path, "bert", "mean", include_prompt=False)
        with pytest.raises(ConfigurationError, match="prompt out of pooling"):
            prepare(str(folder), tmp_path / "models", quietly)

    def test_a_packaged_model_that_was_exchanged(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(model_export, "PACKAGED_SHA256", "0" * 64)
        with pytest.raises(ConfigurationError, match="53aa5117"):
            prepare("all-MiniLM-L6-v2", tmp_path / "models", quietly)
        assert not (tmp_path / "models").exists()

    def test_a_model_that_does_not_survive_leaves_nothing(
        self, small: Path, tmp_path: Path, monkeypatch
    ):
        monkeypatch.setattr(model_export, "LEAST_AGREEMENT", 1.01)
        with pytest.raises(ConfigurationError, match="agrees with its exported self only to"):
            prepare(str(small), tmp_path, quietly)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_written(self, small: Path, tmp_path: Path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(ConfigurationError, match="cannot be written"):
            prepare(str(small), tmp_path / "file" / "models", quietly)


def test_the_manifest_is_plain_json(prepared: PreparedModel):
    assert json.loads((prepared.folder / MANIFEST).read_text("utf-8"))["recipe"] >= 1
