"""The description of the API is complete: examples everywhere, problems declared."""

from typing import Any

import pytest

from api.app import create_app
from api.house import House
from core import settings


@pytest.fixture(scope="module")
def described(tmp_path_factory) -> dict[str, Any]:
    house = House(settings.load(environ={}, data_dir=tmp_path_factory.mktemp("house")))
    return create_app(house).openapi()


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def shown(described: dict[str, Any], content: dict[str, Any]) -> bool:
    """Tell whether a body has an example, at the operation or at its schema."""
    if "example" in content or "examples" in content:
        return True
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].split("/")[-1]]
    return "example" in schema or "examples" in schema


def test_every_operation_says_in_a_sentence_what_it_does(described):
    for method, path, operation in operations(described):
        assert operation.get("description"), f"{method} {path}"


def test_every_json_answer_has_an_example(described):
    for method, path, operation in operations(described):
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json")
            if content:
                assert shown(described, content), f"{method} {path} {status}"


def test_every_route_below_v1_asks_for_a_key(described):
    for method, path, operation in operations(described):
        if path.startswith("/v1"):
            assert operation.get("security"), f"{method} {path}"


def test_no_answer_is_described_as_something_that_is_never_sent(described):
    assert "HTTPValidationError" not in described["components"]["schemas"]
