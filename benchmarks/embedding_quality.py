"""Measures what int8 costs in search: nDCG@10 of the served model and of its float32 original.

Prints one JSON object. DIR is in BEIR layout: corpus.jsonl, queries.jsonl and qrels.tsv.

    python benchmarks/embedding_quality.py --data DIR
"""

import argparse
import csv
import json
import sys
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import settings
from core.embedding import Vectors, build_embedder
from core.model_export import load_original, prepare

DEPTH = 10
Qrels = Mapping[str, Mapping[str, int]]


def main() -> None:
    """Embed the set with both models and print how well each finds what is relevant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default=settings.Embedding().model)
    asked = parser.parse_args()
    print(json.dumps(compare(asked.data, asked.model), indent=2))


def compare(data: Path, model: str) -> dict[str, object]:
    """Return nDCG@10 in int8 and in float32, and how near the vectors are."""
    documents, queries = _texts(data / "corpus.jsonl"), _texts(data / "queries.jsonl")
    qrels = _qrels(data / "qrels.tsv")
    queries = {key: text for key, text in queries.items() if key in qrels}
    passages, questions = list(documents.values()), list(queries.values())
    models_dir = settings.load().models_dir
    prepare(model, models_dir, _say)

    _say(f"embedding {len(passages)} documents in int8")
    served = build_embedder(settings.Embedding(model=model), models_dir)
    ours = served.embed(passages), served.embed_queries(questions)
    _say(f"embedding {len(passages)} documents in float32")
    original = load_original(model)
    theirs = (
        original.encode_document(passages, normalize_embeddings=True),
        original.encode_query(questions, normalize_embeddings=True),
    )
    int8, float32 = (
        ndcg(list(documents), list(queries), vectors, asked, qrels)
        for vectors, asked in (ours, theirs)
    )
    agreement = np.sum(ours[0] * theirs[0], axis=1)
    return {
        "model": served.name,
        "n_documents": len(documents),
        "n_queries": len(queries),
        "int8": {"ndcg@10": round(int8, 4)},
        "float32": {"ndcg@10": round(float32, 4)},
        "difference": round(int8 - float32, 4),
        "cosine": {
            "mean": round(float(agreement.mean()), 4),
            "min": round(float(agreement.min()), 4),
        },
    }


def ndcg(
    documents: Sequence[str],
    queries: Sequence[str],
    vectors: Vectors,
    asked: Vectors,
    qrels: Qrels,
) -> float:
    """Return the mean nDCG@10 over the queries, as trec_eval counts it (gain = relevance)."""
    scores = []
    for query, row in zip(queries, asked @ vectors.T, strict=True):
        relevance = qrels[query]
        best = np.argsort(-row, kind="stable")[:DEPTH]
        found = np.array([relevance.get(documents[place], 0) for place in best], dtype=float)
        ideal = np.array(sorted(relevance.values(), reverse=True)[:DEPTH], dtype=float)
        scores.append(_gain(found) / _gain(ideal))
    return float(np.mean(scores))


def _gain(relevance: NDArray[np.float64]) -> float:
    return float(np.sum(relevance / np.log2(np.arange(2, len(relevance) + 2))))


def _texts(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return {r["_id"]: f"{r.get('title', '')} {r['text']}".strip() for r in rows}


def _qrels(path: Path) -> Qrels:
    qrels: dict[str, dict[str, int]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                qrels[row["query-id"]][row["corpus-id"]] = int(row["score"])
    return qrels


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
