"""Measures the served embedding model against sentence-transformers on the same chunks.

Prints one JSON object. Both take turns on the same texts, so that a busy machine slows them alike,
and speed is given per second of processor time, which other programs cannot take away.

    python benchmarks/embedding.py --chunks 96 --rounds 5
"""

import argparse
import json
import pydoc_data.topics
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from core import settings
from core.embedding import build_embedder
from core.model_export import PACKAGED, load_original, prepare

CHARACTERS = 1000
LARGE_DOCUMENT_CHUNKS = 400


@dataclass(frozen=True, slots=True)
class Turn:
    """What one pass over all chunks took."""

    cpu: float
    wall: float


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    print(json.dumps(compare(asked.chunks, asked.rounds, asked.threads), indent=2))


def compare(chunks: int, rounds: int, threads: int) -> dict[str, object]:
    """Embed `chunks` texts `rounds` times with each of the two, in turns."""
    texts = passages(chunks)
    models_dir = settings.load().models_dir
    prepare(PACKAGED, models_dir, lambda line: print(line, file=sys.stderr))
    served = build_embedder(settings.Embedding(threads=threads), models_dir)
    original = _original(threads)
    agreement = np.sum(served.embed(texts) * original(texts), axis=1)
    turns = [(_timed(original, texts), _timed(served.embed, texts)) for _ in range(rounds)]
    ratios = [slow.cpu / fast.cpu for slow, fast in turns]
    return {
        "model": served.name,
        "chunks": chunks,
        "characters": CHARACTERS,
        "threads": threads,
        "rounds": rounds,
        "sentence_transformers": _speed(chunks, [slow for slow, _ in turns]),
        "onnx_int8": _speed(chunks, [fast for _, fast in turns]),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
        "cosine": {
            "mean": round(float(agreement.mean()), 4),
            "min": round(float(agreement.min()), 4),
        },
        "serving": _serving(models_dir, threads),
    }


def passages(number: int) -> list[str]:
    """Return `number` texts of 1000 characters from the manual that comes with Python."""
    manual = " ".join("\n\n".join(pydoc_data.topics.topics.values()).split(" "))
    manual = " ".join(part for part in manual.split(" ") if part)
    if number * CHARACTERS > len(manual):
        raise SystemExit(f"the manual holds only {len(manual) // CHARACTERS} chunks")
    return [manual[at * CHARACTERS :][:CHARACTERS] for at in range(number)]


def _original(threads: int) -> Callable[[Sequence[str]], Any]:
    import torch  # noqa: PLC0415 (only the one being compared with needs it)

    torch.set_num_threads(threads)
    model = load_original(PACKAGED)
    return lambda texts: model.encode(list(texts))


def _timed(embed: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> Turn:
    cpu, wall = time.process_time(), time.perf_counter()
    embed(texts)
    return Turn(time.process_time() - cpu, time.perf_counter() - wall)


def _speed(chunks: int, turns: Sequence[Turn]) -> dict[str, float]:
    return {
        "chunks_per_cpu_second": round(chunks / statistics.median(t.cpu for t in turns), 1),
        "chunks_per_second": round(chunks / statistics.median(t.wall for t in turns), 1),
    }


def _serving(models_dir: Path, threads: int) -> dict[str, object]:
    """Measure a process of its own that only serves, so that torch's memory is not counted."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        return alone.submit(_serve, models_dir, threads).result()


def _serve(models_dir: Path, threads: int) -> dict[str, object]:
    started = time.perf_counter()
    served = build_embedder(settings.Embedding(threads=threads), models_dir)
    served.embed(["ready"])
    ready = time.perf_counter() - started
    loaded = _peak_mb()
    served.embed(passages(LARGE_DOCUMENT_CHUNKS))
    return {
        "seconds_to_ready": round(ready, 2),
        "peak_mb_loaded": loaded,
        "peak_mb_after_large_document": _peak_mb(),
        "large_document_chunks": LARGE_DOCUMENT_CHUNKS,
        "torch_imported": "torch" in sys.modules,
    }


def _peak_mb() -> int:
    # Not getrusage: a child starts with its parent's peak there.
    status = Path("/proc/self/status").read_text("utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
