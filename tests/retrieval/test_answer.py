"""Answers with checked quotes, or refusals."""

import threading
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import settings
from core.db import reading, transaction
from core.embedding import HashingEmbedder
from core.errors import EngineUnavailable, IndexUnavailable, InvalidModelOutput
from core.llm import LanguageModel, Reply
from core.tables import PageRow, Workspace
from retrieval.answer import Answerer, StatedAnswer, gate
from retrieval.extraction import Window
from retrieval.index import VectorIndex
from retrieval.keywords import build_keywords
from retrieval.search import Passage, Searcher
from retrieval.vectors import MemoryStore
from tests.retrieval import shelf
from tests.retrieval.shelf import Shelf
from tests.scripted_llm import ScriptedLlm

LEASE = (
    "Lease of the lighthouse\nThe tenant pays a monthly rent of 720.00 GBP for the lighthouse.\n"
    "The tenant keeps a dog."
)
REPORT = (
    "Annual report on the kiln\n\nThe kiln burnt out on 19 August 2025, when Ada Coyle had left."
    " Nobody was hurt.\n\nThe new kiln costs 1,250.00 GBP."
)


@pytest.fixture
def library(sessions, scope, dialect):
    embedder = HashingEmbedder()
    index = VectorIndex(MemoryStore(), sessions, embedder.name)
    return Shelf(sessions, scope, build_keywords(dialect), index, embedder)


@pytest.fixture
def searcher(library):
    return Searcher(library.index, library.keywords, library.embedder, settings.Search())


@pytest.fixture
def ask(sessions, scope, searcher):
    def asked(question, model=None, within=scope, document_ids=None):
        with reading(sessions) as session:
            return Answerer(searcher, model).ask(session, within, question, document_ids)

    return asked


class Model:
    """Says what it was told to say, through the same validation as a real one."""

    name = "told"

    def __init__(self, answer="", citations=(), *, refused=False):
        self.says = {
            "refused": refused,
            "answer": answer,
            "citations": [{"n": n, "quote": quote} for n, quote in citations],
        }
        self.messages: list[tuple[str, str]] = []

    def ask(self, messages, _schema, parse, _repair):
        self.messages = list(messages)
        return Reply(parse(self.says), self.name, 1, 1, repaired=False)


def test_an_extractive_answer_quotes_the_sentence_at_its_place(library, ask, sessions):
    lease = library.put("lease.txt", "Nothing here.", LEASE, title="Lease")
    library.put("report.txt", REPORT)
    answer = ask("How much rent does the tenant of the lighthouse pay?")
    assert (answer.mode, answer.refused, answer.refusal_reason) == ("extractive", False, None)
    citation = answer.citations[0]
    assert (citation.n, citation.document_id, citation.title) == (1, lease, "Lease")
    assert (citation.page, citation.verified) == (2, True)
    assert "720.00 GBP" in citation.quote
    assert "720.00 GBP" in answer.answer
    assert "[1]" in answer.answer
    with reading(sessions) as session:
        page = session.scalars(select(PageRow.text).where(PageRow.number == 2)).one()
    assert page[citation.start : citation.end] == citation.quote


def test_a_question_that_the_documents_do_not_answer_is_refused(library, ask):
    library.put("lease.txt", LEASE)
    library.put("report.txt", REPORT)
    answer = ask("Which airline flew the ambassador to Montevideo?")
    assert (answer.refused, answer.refusal_reason) == (True, "not_supported")
    assert (answer.answer, answer.citations) == ("", ())
    assert answer.confidence_score < 0.3


def test_with_no_documents_there_are_no_passages(ask):
    answer = ask("How much rent?")
    assert (answer.refused, answer.refusal_reason) == (True, "no_passages")
    assert answer.confidence_score == 0


def test_the_better_supported_answer_is_the_surer_one(library, ask):
    library.put("lease.txt", LEASE)
    right = ask("How much is the monthly rent of the lighthouse?")
    wrong = ask("How much is the monthly wage of the gardener?")
    assert right.confidence_score > wrong.confidence_score


def test_an_answer_comes_from_the_given_documents_and_workspace_alone(library, ask, sessions):
    neighbour = replace(library, scope=shelf.another_workspace(sessions))
    lease = library.put("lease.txt", LEASE)
    library.put("report.txt", REPORT)
    neighbour.put("theirs.txt", "The monthly rent of the lighthouse is 999.00 GBP.")
    question = "How much is the monthly rent of the lighthouse?"
    answer = ask(question)
    assert {each.document_id for each in answer.citations} == {lease}
    assert "999" not in answer.answer
    assert ask(question, document_ids=[]).refusal_reason == "no_passages"


def test_quotes_come_in_the_order_of_their_document(library, ask):
    library.put(
        "kilns.txt",
        "The first kiln was built in 1911.\nThe second kiln was built in 1923.\n"
        "The third kiln was built in 1954.",
    )
    answer = ask("When was the kiln built?")
    starts = [each.start for each in answer.citations]
    assert len(starts) > 1
    assert starts == sorted(starts)
    assert [each.n for each in answer.citations] == list(range(1, len(starts) + 1))


def test_running_heads_do_not_answer(library, ask):
    head = "Kiln Works plc Annual Report"
    page = f"{head}\nPage {{}}\n\nThe chief scientist of the works is Ada Coyle.\n"
    library.put("report.txt", *(page.format(n) for n in range(1, 4)), title=head)
    answer = ask("Who is the chief scientist of Kiln Works?")
    assert not answer.refused
    assert all("Page" not in each.quote for each in answer.citations)


def test_without_vectors_an_answer_still_comes_and_says_so(library, sessions, scope):
    class Down(MemoryStore):
        def query(self, *_args, **_fields):
            raise IndexUnavailable("down")

    library.put("lease.txt", LEASE)
    index = VectorIndex(Down(), sessions, library.embedder.name)
    searcher = Searcher(index, library.keywords, library.embedder, settings.Search())
    with reading(sessions) as session:
        answer = Answerer(searcher).ask(session, scope, "How much is the rent of the lighthouse?")
    assert answer.degraded == "index_unavailable"
    assert not answer.refused


def test_what_a_model_states_with_a_true_quote_goes_through(library, ask):
    lease = library.put("lease.txt", LEASE)
    model = Model("The rent is 720.00 GBP [1].", [(1, "a monthly rent of\n 720.00 gbp")])
    answer = ask("How much is the rent of the lighthouse?", model)
    assert (answer.mode, answer.refused) == ("generative", False)
    assert answer.answer == "The rent is 720.00 GBP [1]."
    [citation] = answer.citations
    assert (citation.document_id, citation.quote) == (lease, "a monthly rent of 720.00 GBP")
    assert LEASE[citation.start : citation.end] == citation.quote
    assert citation.verified


def test_the_model_sees_the_passages_fenced_and_numbered(library, ask):
    library.put("lease.txt", LEASE)
    model = Model(refused=True)
    ask("How much is the rent?", model)
    shown = "\n".join(text for _, text in model.messages)
    assert "[1] lease.txt, page 1\nLease of the lighthouse" in shown
    assert "<<<UNTRUSTED passages" in shown


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("The rent is 720.00 GBP [1].", "a monthly rent of 730.00 GBP"),
        ("The rent is 730.00 GBP [1].", "a monthly rent of 720.00 GBP"),
        ("The rent is 720.00 GBP.", "a monthly rent of 720.00 GBP"),
        ("The rent is 720.00 GBP [2].", "a monthly rent of 720.00 GBP"),
        ("The rent goes to Ada Coyle [1].", "a monthly rent of 720.00 GBP"),
        ("The rent is high [1].", "rent"),
        ("The rent is high [1].", ""),
    ],
)
def test_a_statement_that_its_quote_does_not_carry_is_dropped(library, ask, statement, quote):
    library.put("lease.txt", LEASE)
    answer = ask("How much is the rent of the lighthouse?", Model(statement, [(1, quote)]))
    assert (answer.refused, answer.refusal_reason) == (True, "not_supported")
    assert answer.citations == ()


def test_of_several_statements_only_the_carried_ones_stay_and_quotes_are_renumbered(library, ask):
    library.put("lease.txt", LEASE)
    library.put("report.txt", REPORT)
    quotes = [(1, "keeps a dog"), (2, "The new kiln costs 1,250.00 GBP"), (2, "Nobody was hurt")]
    told = "A cat lives there [7]. The kiln costs 1,250.00 GBP. [2] The tenant keeps a dog [1]!"
    answer = ask("What does the kiln cost, and what does the tenant keep?", Model(told, quotes))
    full = ask(
        "What does the kiln cost, and what does the tenant keep?", Model("", [])
    ).confidence_score
    assert answer.answer == "The kiln costs 1,250.00 GBP [1][2]. The tenant keeps a dog [3]!"
    assert [each.n for each in answer.citations] == [1, 2, 3]
    assert [each.quote for each in answer.citations][2] == "keeps a dog"
    assert all(each.verified for each in answer.citations)
    assert answer.confidence_score == pytest.approx(full * 2 / 3, abs=1e-3)


def test_a_quote_from_another_passage_is_shown_where_it_stands(library, ask):
    lease = library.put("lease.txt", LEASE)
    report = library.put("report.txt", REPORT)
    question = "What does the kiln cost and the rent of the lighthouse?"
    probe = Model(refused=True)
    ask(question, probe)
    first = "lease" if "[1] lease.txt" in probe.messages[-1][1] else "report"
    quote = "The new kiln costs 1,250.00 GBP" if first == "lease" else "keeps a dog"
    answer = ask(question, Model("So it is said [1].", [(1, quote)]))
    assert answer.citations[0].document_id == (report if first == "lease" else lease)
    assert answer.citations[0].verified


def test_a_german_answer_may_use_nouns_that_its_quote_lacks(library, ask):
    library.put("miete.txt", "Der Mieter zahlt monatlich 720,00 EUR für den Leuchtturm.")
    told = "Die Höhe der Miete für den Turm beträgt 720,00 EUR [1]."
    answer = ask("Wie hoch ist die Miete?", Model(told, [(1, "zahlt monatlich 720,00 EUR")]))
    assert answer.answer == told


def test_a_model_that_refuses_is_believed(library, ask):
    library.put("lease.txt", LEASE)
    answer = ask("How much is the rent of the lighthouse?", Model(refused=True))
    assert (answer.mode, answer.refused) == ("generative", True)


def test_a_model_behind_a_real_server_answers_with_its_quote(library, ask):
    library.put("lease.txt", LEASE)
    with ScriptedLlm() as server:
        model = LanguageModel(settings.Llm(model="scripted", base_url=server.base_url))
        answer = ask("Which monthly rent does the tenant pay for the lighthouse?", model)
        model.close()
    assert (answer.mode, answer.refused, answer.degraded) == ("generative", False, None)
    assert "720.00 GBP" in answer.answer
    assert answer.citations[0].verified


@pytest.mark.parametrize("error", [EngineUnavailable("late"), InvalidModelOutput("prose")])
def test_when_the_model_fails_the_answer_is_quoted(library, ask, error):
    class Failing(Model):
        def ask(self, *_args):
            raise error

    library.put("lease.txt", LEASE)
    answer = ask("How much is the monthly rent of the lighthouse?", Failing())
    assert (answer.mode, answer.refused, answer.degraded) == ("extractive", False, error.code)
    assert "720.00 GBP" in answer.answer


def test_while_a_model_thinks_others_can_write(library, ask, sessions):
    class Slow(Model):
        def ask(self, messages, schema, parse, repair):
            writer = threading.Thread(target=write)
            writer.start()
            writer.join(5)
            assert written.is_set()
            return super().ask(messages, schema, parse, repair)

    def write():
        with transaction(sessions) as session:
            session.add(Workspace(name="meanwhile"))
        written.set()

    written = threading.Event()
    library.put("lease.txt", LEASE)
    ask("How much is the rent of the lighthouse?", Slow(refused=True))
    assert written.is_set()


@given(
    answer=st.text(alphabet="ab1. [](),\n", max_size=80),
    quotes=st.lists(
        st.tuples(st.integers(-2, 12), st.text(alphabet="ab 1.", max_size=12)), max_size=5
    ),
)
def test_whatever_a_model_says_only_checked_quotes_come_out(answer, quotes):
    text = "a1 b. ab ab1 11 b"
    passage = Passage(UUID(int=1), "t", "t", 0, 1, 5, 5 + len(text), text, 1, None, None, ())
    window = Window(passage, "xxxx " + text, 0, whole_start=True, whole_end=True)
    stated = StatedAnswer.model_validate(Model(answer, quotes).says)
    given_out = gate("a question", [window], stated, 0.0)
    assert given_out.refused == (not given_out.citations)
    for citation in given_out.citations:
        assert citation.verified
        assert ("xxxx " + text)[citation.start : citation.end] == citation.quote
        assert f"[{citation.n}]" in given_out.answer
