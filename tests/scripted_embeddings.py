"""Behaviours that make the scripted server an embedding endpoint: well, badly or wrongly spoken."""

import json

from core.embedding import HashingEmbedder
from tests.scripted_llm import Reply, Request

DIMENSION = 96


def vectors(request: Request) -> Reply:
    """Answer as asked, in reverse order and not of unit length: both are allowed."""
    rows = HashingEmbedder(DIMENSION).embed(request.body["input"])
    return answer([(n, (3 * row).tolist()) for n, row in enumerate(rows)][::-1])


def one_too_few(request: Request) -> Reply:
    """Leave out the last text."""
    rows = HashingEmbedder(DIMENSION).embed(request.body["input"][:-1])
    return answer([(n, row.tolist()) for n, row in enumerate(rows)])


def wider(request: Request) -> Reply:
    """Answer with vectors of another dimension."""
    rows = HashingEmbedder(DIMENSION + 1).embed(request.body["input"])
    return answer([(n, row.tolist()) for n, row in enumerate(rows)])


def zeros(request: Request) -> Reply:
    """Answer with vectors that have no direction."""
    return answer([(n, [0.0] * DIMENSION) for n in range(len(request.body["input"]))])


def answer(rows: list[tuple[int, list[float]]]) -> Reply:
    """Wrap vectors the way the endpoint does."""
    data = [{"object": "embedding", "index": n, "embedding": row} for n, row in rows]
    body = {"object": "list", "data": data, "model": "scripted-1", "usage": {"total_tokens": 1}}
    return Reply(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
