"""Nothing is open without a key, errors are problems, and every request has an id."""

from typing import Any

import pytest

CLOSED = [
    ("GET", "/v1/documents"),
    ("POST", "/v1/documents"),
    ("GET", "/v1/documents/00000000-0000-0000-0000-000000000000"),
    ("DELETE", "/v1/documents/00000000-0000-0000-0000-000000000000"),
    ("GET", "/v1/documents/00000000-0000-0000-0000-000000000000/content"),
    ("GET", "/v1/documents/00000000-0000-0000-0000-000000000000/text"),
    ("POST", "/v1/classify"),
    ("POST", "/v1/search"),
    ("POST", "/v1/ask"),
    ("GET", "/v1/reviews"),
    ("GET", "/v1/reviews/00000000-0000-0000-0000-000000000000"),
    ("POST", "/v1/reviews/00000000-0000-0000-0000-000000000000/claim"),
    ("POST", "/v1/reviews/00000000-0000-0000-0000-000000000000/release"),
    ("POST", "/v1/reviews/00000000-0000-0000-0000-000000000000/resolve"),
    ("GET", "/v1/jobs"),
    ("POST", "/v1/jobs/replay"),
    ("GET", "/v1/jobs/00000000-0000-0000-0000-000000000000"),
    ("POST", "/v1/jobs/00000000-0000-0000-0000-000000000000/cancel"),
    ("POST", "/v1/jobs/00000000-0000-0000-0000-000000000000/replay"),
    ("GET", "/v1/jobs/00000000-0000-0000-0000-000000000000/events"),
    ("GET", "/v1/queues"),
    ("POST", "/v1/webhooks"),
    ("GET", "/v1/webhooks"),
    ("GET", "/v1/webhooks/00000000-0000-0000-0000-000000000000"),
    ("PATCH", "/v1/webhooks/00000000-0000-0000-0000-000000000000"),
    ("DELETE", "/v1/webhooks/00000000-0000-0000-0000-000000000000"),
    ("POST", "/v1/webhooks/00000000-0000-0000-0000-000000000000/rotate"),
    ("POST", "/v1/webhooks/00000000-0000-0000-0000-000000000000/test"),
    ("POST", "/v1/webhooks/00000000-0000-0000-0000-000000000000/replay"),
    ("GET", "/v1/webhooks/00000000-0000-0000-0000-000000000000/deliveries"),
]
OPEN = {"/health/live", "/health/ready"}
VALID = {
    "/v1/search": {"query": "x"},
    "/v1/ask": {"question": "x"},
    "/v1/classify": {"document_content": "x"},
}


def valid_body(path: str) -> dict[str, Any]:
    if path == "/v1/documents":
        return {"files": {"file": ("a.txt", b"a")}}
    return {"json": VALID.get(path, {"label": "Forms"} if path.endswith("resolve") else {})}


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("key", [None, "mr_wrong"])
def test_without_a_key_nothing_is_open(client, method, path, key):
    client.headers.pop("Authorization")
    if key:
        client.headers["Authorization"] = f"Bearer {key}"
    answer = client.request(method, path, **(valid_body(path) if method == "POST" else {}))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_list_above_is_all_there_is(client):
    paths = client.get("/openapi.json").json()["paths"]
    nobody = "00000000-0000-0000-0000-000000000000"
    declared = {
        (method.upper(), path.split("{")[0] + nobody + path.split("}")[-1] if "{" in path else path)
        for path, methods in paths.items()
        for method in methods
        if path not in OPEN
    }
    assert declared == set(CLOSED)


def test_the_key_is_taken_from_either_header(client, service):
    client.headers.pop("Authorization")
    assert client.get("/v1/reviews", headers={"X-API-Key": service.key}).status_code == 200


@pytest.mark.parametrize("path", sorted(OPEN))
def test_health_is_open(client, path):
    client.headers.pop("Authorization")
    assert client.get(path).json()["status"] == "ok"


def test_ready_says_what_it_rests_on(client, service):
    checks = client.get("/health/ready").json()["checks"]
    kind = "PostgreSQL 1" if "MAILROOM_DATABASE__URL" in service.environment else "journal"
    assert kind in checks["database"]
    assert set(checks) == {"database", "storage", "vectors", "model", "worker", "jobs"}


def test_a_request_id_comes_back_and_stands_in_the_problem(client):
    nobody = "/v1/jobs/00000000-0000-0000-0000-000000000000"
    answer = client.get(nobody, headers={"X-Request-ID": "desk-17"})
    assert answer.headers["x-request-id"] == "desk-17"
    assert answer.json()["request_id"] == "desk-17"


def test_a_request_id_that_could_forge_a_log_line_is_replaced(client):
    answer = client.get("/health/live", headers={"X-Request-ID": "a b\t{}"})
    assert answer.headers["x-request-id"] != "a b\t{}"
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/nothing", None, 404),
        ("PUT", "/v1/documents", None, 405),
        ("GET", "/v1/documents/not-an-id", None, 422),
        ("GET", "/v1/documents?limit=0", None, 422),
        ("GET", "/v1/documents?state=lost", None, 422),
        ("POST", "/v1/search", {"query": ""}, 422),
        ("POST", "/v1/search", {"quary": "typo"}, 422),
        ("POST", "/v1/ask", {}, 422),
        ("POST", "/v1/classify", {"document_content": ""}, 422),
        ("POST", "/v1/classify", ["no object"], 422),
    ],
)
def test_every_error_is_a_problem_with_a_code_and_a_hint(client, method, path, body, status):
    answer = client.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"]
    assert problem["hint"]
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_broken_json_is_a_problem(client):
    headers = {"Content-Type": "application/json"}
    for path in ("/v1/search", "/v1/classify"):
        answer = client.post(path, content=b"{", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_body_over_the_limit_is_cut_off_though_it_never_said_how_long_it_is(client):
    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(120):
            yield b"x" * 1024 * 1024

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/documents", content=endless(), headers=form)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
