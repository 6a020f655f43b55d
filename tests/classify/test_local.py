"""The local engine: shares sum to one, foreign text is unfamiliar, and files run nothing."""

import pickle
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classify import priming, training
from classify.calibration import Calibrator
from classify.classification import Context
from classify.head import Head
from classify.opinions.local import LocalEngine
from classify.training import LabelledDocument
from core.documents import Page, ParsedDocument
from core.embedding import HashingEmbedder
from core.errors import ConfigurationError

EMBEDDER = HashingEmbedder(16)
INVOICE = """Hollow Mill Bakery Ltd
INVOICE
Invoice number: 5512   Invoice date: 3 May 2025
Bill to: Tern Cafe
Qty Description Unit price Amount
40 Rye loaf 2.10 84.00
VAT 20% 16.80
Total due 100.80
Please pay within 30 days to sort code 10-20-30"""
POEM = """The heron stands where waters bend
and dreams of neither start nor end
the reeds bow low the evening sings
of silver fish and folded wings
o river carry down to sea
what once was mine and thine to be"""


def plain(text: str) -> ParsedDocument:
    return ParsedDocument("text/plain", (Page(1, text),))


@pytest.fixture(scope="module")
def trained() -> training.Trained:
    own = [
        LabelledDocument(f"{place}.txt", text.label, plain(text.text), source=text.kind)
        for place, text in enumerate(priming.prime(1, 5))
        if text.label != priming.OTHER
    ]
    return training.train(own, EMBEDDER, variants=2)


@pytest.fixture(scope="module")
def engine(trained) -> LocalEngine:
    return LocalEngine(trained.heads[0], EMBEDDER)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(text=st.text(max_size=3000))
def test_shares_sum_to_one_for_any_text(engine, trained, text):
    opinion = engine.opine(plain(text), Context())
    assert sum(opinion.distribution.values()) == pytest.approx(1)
    assert set(opinion.distribution) == set(trained.heads[0].labels)
    assert opinion.confidence == max(opinion.distribution.values())
    assert opinion.familiarity is not None
    assert 0 <= opinion.familiarity <= 1
    assert 0 <= trained.calibrator.confidence([opinion]) <= 1


def test_an_invoice_is_known_and_the_reasons_are_words_of_it(engine, trained):
    opinion = engine.opine(plain(INVOICE), Context())
    assert opinion.label == "Invoices"
    assert trained.calibrator.familiar([opinion])
    assert opinion.reasoning.startswith("Reads like Invoices: words such as “")
    quoted = opinion.reasoning.split("“")[1].split("”")[0]
    assert all(word in INVOICE.casefold() for word in quoted.split())


@pytest.mark.parametrize("text", [POEM, "zxq wvu jkk qqj " * 60, "ok", "Invoice"])
def test_foreign_and_scant_text_is_unfamiliar(engine, trained, text):
    opinion = engine.opine(plain(text), Context())
    assert not trained.calibrator.familiar([opinion])
    assert trained.calibrator.confidence([opinion]) < 0.9


def test_what_a_sender_claims_changes_nothing(engine):
    claim = Context(document_type="Contracts", document_source="legal", business_unit="legal")
    assert engine.opine(plain(INVOICE), claim) == engine.opine(plain(INVOICE), Context())


def test_vectors_of_another_model_are_never_compared(tmp_path, trained):
    trained.save(tmp_path)
    assert LocalEngine.load(tmp_path, EMBEDDER).head.name == "document-head"
    other = LocalEngine.load(tmp_path, HashingEmbedder(32))
    assert other.head.name == "document-head-words"
    assert other.embedder is None
    assert other.opine(plain(INVOICE), Context()).label == "Invoices"


def test_the_shipped_head_knows_an_invoice_and_a_poem():
    engine, calibrator = LocalEngine.load(None, EMBEDDER), Calibrator.load(None)
    invoice, poem = (engine.opine(plain(text), Context()) for text in (INVOICE, POEM))
    assert invoice.label == "Invoices"
    assert calibrator.familiar([invoice])
    assert calibrator.confidence([invoice]) > 0.5
    assert not calibrator.familiar([poem])


def test_serving_imports_neither_scikit_learn_nor_torch():
    assert not {"sklearn", "torch"} & {name.partition(".")[0] for name in sys.modules}


class Trap:
    """Would create a file if it were ever unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickle_in_the_head_is_refused_and_not_run(tmp_path, trained):
    trained.save(tmp_path)
    sprung = tmp_path / "sprung"
    (tmp_path / "document-head-words.npz").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(ConfigurationError):
        Head.load(tmp_path, "document-head-words")
    traps = np.array([Trap(sprung)], dtype=object)
    np.savez(tmp_path / "document-head.npz", allow_pickle=True, idf=traps, weights=traps)
    with pytest.raises(ConfigurationError):
        Head.load(tmp_path, "document-head")
    assert not sprung.exists()


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"format": 2}', '{"format": 1}'])
def test_a_damaged_description_is_refused(tmp_path, trained, text):
    trained.save(tmp_path)
    (tmp_path / "document-head.json").write_text(text)
    with pytest.raises(ConfigurationError):
        Head.load(tmp_path, "document-head")


def test_parts_that_do_not_fit_together_are_refused(tmp_path, trained):
    trained.save(tmp_path)
    words = (tmp_path / "document-head-words.npz").read_bytes()
    (tmp_path / "document-head.npz").write_bytes(words)
    with pytest.raises(ConfigurationError):
        Head.load(tmp_path, "document-head")


def test_a_missing_head_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError):
        LocalEngine.load(tmp_path, EMBEDDER)
