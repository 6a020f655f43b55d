"""A document goes in by HTTP, is kept, read, classified, decided, and found again."""

import hashlib
import io
from pathlib import Path

import httpx
import pytest
from reportlab.pdfgen.canvas import Canvas

SAMPLES = Path(__file__).parents[2] / "samples"


def send(client: httpx.Client, name: str, data: bytes) -> httpx.Response:
    return client.post("/v1/documents", files={"file": (name, data)})


@pytest.fixture
def invoice(client, settle):
    """A sample invoice, uploaded once and processed."""
    data = (SAMPLES / "rechnung-2025-1183.pdf").read_bytes()
    sent = send(client, "../../etc/rechnung.pdf", data)
    assert sent.status_code in (200, 202), sent.text
    assert sent.headers["Location"] == f"/v1/jobs/{sent.json()['job_id']}"
    return settle(sent.json()["id"])


def test_it_is_classified_and_decided_with_a_calibrated_confidence(invoice):
    assert invoice["state"] in ("routed", "in_review")
    assert invoice["label"] == "Invoices"
    decision = invoice["decision"]
    assert decision["document_id"] == invoice["id"]
    assert 0 <= decision["confidence_score"] <= 1
    assert decision["policy"] == {"threshold": 0.9, "target_error": 0.01, "guarantee": None}
    assert (decision["decision"] == "auto_route") == (invoice["state"] == "routed")
    assert decision["prompt"]["name"] == "document_classification"


def test_a_routed_document_names_its_department(invoice):
    if invoice["state"] == "routed":
        assert invoice["department"] == "Accounts Payable"
        assert invoice["routed_at"] is not None


def test_every_key_fact_stands_on_its_page(client, invoice):
    pages = client.get(f"/v1/documents/{invoice['id']}/text").json()["pages"]
    texts = {page["number"]: page["text"] for page in pages}
    facts = invoice["decision"]["key_information"]
    assert facts
    for fact in facts:
        assert fact["quote"] in texts[fact["page"]]


def test_the_client_s_path_is_not_believed(invoice):
    assert invoice["filename"] == "rechnung.pdf"


def test_the_original_comes_back_byte_for_byte(client, invoice):
    answer = client.get(f"/v1/documents/{invoice['id']}/content")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert hashlib.sha256(answer.content).hexdigest() == invoice["sha256"]


def test_the_job_tells_that_it_is_done(client, invoice):
    job = client.get(f"/v1/jobs/{invoice['job']['id']}").json()
    assert (job["state"], job["attempts"]) == ("succeeded", 1)


def test_the_same_bytes_again_answer_with_the_same_document(client, invoice):
    again = send(client, "copy.pdf", (SAMPLES / "rechnung-2025-1183.pdf").read_bytes())
    assert again.status_code == 200
    assert again.json()["id"] == invoice["id"]
    assert again.json()["duplicate"] is True


def test_it_is_found_and_the_passage_is_what_the_page_says(client, invoice):
    pages = client.get(f"/v1/documents/{invoice['id']}/text").json()["pages"]
    texts = {page["number"]: page["text"] for page in pages}
    found = client.post("/v1/search", json={"query": "Rechnung Gesamtbetrag"}).json()
    assert found["degraded"] is None
    mine = [one for one in found["passages"] if one["document_id"] == invoice["id"]]
    assert mine
    for passage in mine:
        assert texts[passage["page"]][passage["start"] : passage["end"]] == passage["text"]


def test_it_is_listed_by_state_and_label(client, invoice):
    query = {"state": invoice["state"], "label": "Invoices", "limit": 200}
    listed = client.get("/v1/documents", params=query).json()["items"]
    assert invoice["id"] in [item["id"] for item in listed]


def test_pages_of_a_list_follow_each_other_without_gap_or_repeat(client, invoice):
    for n in range(4):
        send(client, f"note-{n}.txt", f"Note number {n} about the archive shelves.".encode())
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/v1/documents", params=query).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    everything = client.get("/v1/documents", params={"limit": 200}).json()["items"]
    assert set(seen) == {item["id"] for item in everything}


def test_erased_is_gone_everywhere(client, settle):
    data = b"The zymurgy committee meets in the brewery cellar on Thursdays."
    document = settle(send(client, "zymurgy.txt", data).json()["id"])
    assert client.post("/v1/search", json={"query": "zymurgy"}).json()["passages"]
    assert client.delete(f"/v1/documents/{document['id']}").status_code == 204
    assert client.get(f"/v1/documents/{document['id']}").status_code == 404
    assert client.get(f"/v1/documents/{document['id']}/content").status_code == 404
    left = client.post("/v1/search", json={"query": "zymurgy"}).json()["passages"]
    assert document["id"] not in [one["document_id"] for one in left]
    assert send(client, "zymurgy.txt", data).status_code == 202


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("scan.pdf", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, 415, "unsupported_media_type"),
        ("nothing.pdf", b"", 422, "empty"),
        ("junk.pdf", bytes(range(256)) * 8, 422, "not_a_document"),
    ],
)
def test_what_cannot_be_read_is_refused_clearly_and_kept(client, name, data, status, code):
    answer = send(client, name, data)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["code"]) == (status, code)
    assert problem["hint"]
    kept = client.get(f"/v1/documents/{problem['document_id']}").json()
    assert (kept["state"], kept["error_code"]) == ("failed", code)
    assert client.get(f"/v1/documents/{kept['id']}/content").content == data


def test_a_damaged_pdf_fails_with_its_code_and_the_rest_goes_on(client, settle):
    damaged = send(client, "damaged.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n").json()
    document = settle(damaged["id"])
    assert document["state"] == "failed"
    assert document["error_code"] == "corrupt"
    assert document["job"]["state"] == "dead"
    after = send(client, "after.txt", b"Dear Sir, the parcel arrived on Monday.").json()
    assert settle(after["id"])["state"] in ("routed", "in_review")


def test_a_document_without_text_goes_to_a_person(client, settle):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=True)
    canvas.rect(100, 100, 200, 200)
    canvas.showPage()
    canvas.save()
    document = settle(send(client, "drawing.pdf", buffer.getvalue()).json()["id"])
    assert document["state"] == "in_review"
    assert document["decision"]["review_reason"] == "no_text"
