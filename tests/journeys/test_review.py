"""A doubtful document goes to a person, whose answer routes it and is kept as a label."""

import itertools
from typing import Any

import pytest

NUMBERS = itertools.count(1)


@pytest.fixture
def review(client, settle) -> dict[str, Any]:
    """An open review of a text that no office gets; a different one every time."""
    n = next(NUMBERS)
    text = f"Stir {n} egg yolks with sugar until pale, then fold in the cream and chill overnight. "
    sent = client.post("/v1/documents", files={"file": (f"recipe-{n}.txt", text.encode() * 8)})
    document = settle(sent.json()["id"])
    assert document["state"] == "in_review", document["decision"]
    items = client.get("/v1/reviews", params={"state": "open", "limit": 200}).json()["items"]
    return next(item for item in items if item["document_id"] == document["id"])


def test_a_review_says_why_and_shows_what_the_machine_thought(client, review):
    detail = client.get(f"/v1/reviews/{review['id']}").json()
    assert detail["reason"] in ("unfamiliar", "low_confidence")
    assert detail["decision"]["review_reason"] == detail["reason"]
    assert detail["labels"] == ["Contracts", "Invoices", "Reports", "Correspondence", "Forms"]


def test_a_person_s_answer_routes_the_document(client, review):
    claimed = client.post(f"/v1/reviews/{review['id']}/claim").json()
    assert (claimed["state"], claimed["claimed_by"]) == ("claimed", "first key")
    answer = {"label": "Correspondence", "note": "a recipe from a customer"}
    resolved = client.post(f"/v1/reviews/{review['id']}/resolve", json=answer).json()
    assert (resolved["state"], resolved["label"]) == ("resolved", "Correspondence")
    document = client.get(f"/v1/documents/{review['document_id']}").json()
    assert (document["state"], document["label"]) == ("routed", "Correspondence")
    assert document["department"] == resolved["department"]


def test_a_reviewer_may_overrule_the_department(client, review):
    answer = {"label": "Forms", "department": "Canteen"}
    resolved = client.post(f"/v1/reviews/{review['id']}/resolve", json=answer).json()
    assert resolved["department"] == "Canteen"


def test_a_resolved_review_is_closed(client, review):
    path = f"/v1/reviews/{review['id']}"
    client.post(f"{path}/resolve", json={"label": "Forms"})
    for verb, body in (("claim", None), ("release", None), ("resolve", {"label": "Reports"})):
        again = client.post(f"{path}/{verb}", json=body)
        assert (again.status_code, again.json()["code"]) == (409, "review_resolved")


def test_a_label_that_does_not_exist_is_refused_by_name(client, review):
    answer = client.post(f"/v1/reviews/{review['id']}/resolve", json={"label": "Recipes"})
    assert answer.status_code == 422
    assert "Recipes" in answer.json()["detail"]
    assert client.get(f"/v1/reviews/{review['id']}").json()["state"] == "open"


def test_the_command_line_cannot_take_what_somebody_has_claimed(client, service, review):
    client.post(f"/v1/reviews/{review['id']}/claim")
    refused = service.command("reviews", "claim", review["id"], "--as", "bob")
    assert refused.returncode == 1
    assert "review_claimed" in refused.stderr
    client.post(f"/v1/reviews/{review['id']}/release")
    assert service.command("reviews", "claim", review["id"], "--as", "bob").returncode == 0
    taken = client.post(f"/v1/reviews/{review['id']}/resolve", json={"label": "Forms"})
    assert (taken.status_code, taken.json()["code"]) == (409, "review_claimed")
