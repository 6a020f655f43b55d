"""Answer a question from the documents, every statement with a checked quote, or refuse."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import pause
from core.documents import Scope
from core.errors import EngineUnavailable, InvalidModelOutput
from core.llm import Parse, Reply, validate
from core.tables import Document, PageRow
from prompts import loader
from retrieval import analysis, citations, extraction
from retrieval.extraction import Reader, Scored, Sentence, Window
from retrieval.search import Passage, Searcher
from retrieval.sentences import sentences

PASSAGES = 8
"""Passages read for an answer."""
MARKS = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
"""Numbers of passages behind a statement: [1], [2][3], [2, 3]."""
LATE_MARKS = re.compile(r"([.!?…][\"'”’»)]*)((?:\s*\[[\d\s,]+\])+)")
"""Numbers that follow the full stop of the sentence they belong to."""
REFUSE_BELOW = -2.55
"""Log-odds of the best sentence below which an extractive answer is refused. On the samples this
refuses 23 of 24 questions whose answer is not there and answers 17 of the 20 others."""

T = TypeVar("T")
Mode = Literal["extractive", "generative"]
Refusal = Literal["no_passages", "not_supported"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and where it stands: characters `start` to `end` of the text of page `page`."""

    n: int
    document_id: UUID
    title: str
    page: int
    start: int
    end: int
    quote: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its quotes, or a refusal with its reason.

    In `answer` each statement carries the numbers of its citations, such as [1]; it is empty
    where `refused`. `confidence_score` in 0..1 is how likely the quotes answer the question.
    `refusal_reason`: no_passages (nothing like it is there) or not_supported (what was found does
    not carry an answer). `degraded` is the code of what failed meanwhile: the answer came from
    words alone, or without the language model.
    """

    question: str
    answer: str
    mode: Mode
    refused: bool
    refusal_reason: Refusal | None
    confidence_score: float
    citations: tuple[Citation, ...]
    degraded: str | None = None


class Asked(Protocol):
    """What an answer needs of a language model; `core.llm.LanguageModel` has it."""

    name: str

    def ask(
        self,
        messages: Sequence[tuple[str, str]],
        schema: Mapping[str, Any],
        parse: Parse[T],
        repair: Callable[[str], str],
    ) -> Reply[T]:
        """Return a valid answer or raise EngineUnavailable or InvalidModelOutput."""
        ...


class StatedCitation(BaseModel):
    """A quote as the model states it, not yet checked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    n: int
    quote: str = Field(max_length=4_000)


class StatedAnswer(BaseModel):
    """The model's answer, as the prompt's output schema asks for it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    refused: bool
    answer: str = Field(max_length=8_000)
    citations: tuple[StatedCitation, ...] = Field(max_length=50)


class Answerer:
    """Answers from what search finds: with a language model if there is one, else by quoting."""

    def __init__(self, searcher: Searcher, model: Asked | None = None) -> None:
        self._searcher = searcher
        self._reader = Reader(searcher.embedder, searcher.keywords)
        self._model = model
        self._prompt = loader.load("answer")

    def ask(
        self,
        session: Session,
        scope: Scope,
        question: str,
        document_ids: Sequence[UUID] | None = None,
    ) -> Answer:
        """Answer a question from the workspace's documents, or from the given ones alone.

        A reading session lets go of the database before any model is asked.

        Where the vector index or a model does not answer, what is left decides and the answer
        says so.
        """
        found = self._searcher.search(session, scope, question, PASSAGES, document_ids)
        windows = _windows(session, scope, found.passages)
        rarity = self._reader.rarity(session, question)
        pause(session)
        scored, degraded = self._score(question, rarity, windows, found.degraded)
        answer = self._compose(question, windows, scored)
        return replace(answer, degraded=answer.degraded or degraded)

    def _score(
        self,
        question: str,
        rarity: Mapping[str, float],
        windows: Sequence[Window],
        degraded: str | None,
    ) -> tuple[list[Scored], str | None]:
        """Return the best sentences, and the code of what kept meaning out, if anything did."""
        sentences = extraction.candidates(windows)
        # What search has just asked in vain is not asked again: somebody waits.
        if degraded != EngineUnavailable.code:
            try:
                return self._reader.read(question, rarity, sentences), degraded
            except EngineUnavailable as error:
                degraded = error.code
        return self._reader.read_words(question, rarity, sentences), degraded

    def _compose(
        self, question: str, windows: Sequence[Window], scored: Sequence[Scored]
    ) -> Answer:
        if not scored:
            return _refusal(question, "extractive", "no_passages", 0.0)
        if self._model is None:
            return extract(question, windows, scored)
        try:
            stated = self._state(self._model, question, windows)
        except (EngineUnavailable, InvalidModelOutput) as error:
            structlog.get_logger().warning("answer.model_failed", code=error.code)
            return replace(extract(question, windows, scored), degraded=error.code)
        return gate(question, windows, stated, scored[0].logit)

    def _state(self, model: Asked, question: str, windows: Sequence[Window]) -> StatedAnswer:
        values = {"question": question, "passages": _numbered(windows)}
        messages = [(each.role, each.text) for each in self._prompt.render(values)]
        schema = self._prompt.about.output_schema
        parse: Parse[StatedAnswer] = partial(validate, StatedAnswer)
        return model.ask(messages, schema, parse, self._prompt.repair).value


def extract(question: str, windows: Sequence[Window], scored: Sequence[Scored]) -> Answer:
    """Answer with the best sentences as they stand, in the order of their documents."""
    confidence = extraction.probability(scored[0].logit)
    if scored[0].logit < REFUSE_BELOW:
        return _refusal(question, "extractive", "not_supported", confidence)
    best = [each.sentence for each in extraction.chosen(scored)]
    rank = {each.passage.document_id: at for at, each in reversed(list(enumerate(best)))}
    ordered = sorted(
        best, key=lambda each: (rank[each.passage.document_id], each.passage.page, each.start)
    )
    cited = [_citation(n, each, windows) for n, each in enumerate(ordered, start=1)]
    told = " ".join(f"{' '.join(each.quote.split())} [{each.n}]" for each in cited)
    return _answer(question, told, "extractive", confidence, cited)


def gate(
    question: str, windows: Sequence[Window], stated: StatedAnswer, best_logit: float
) -> Answer:
    """Let through what a model stated with a quote that stands in a passage; drop the rest.

    A sentence stays if it carries the number of a quote that was found, and every number and
    name in it stands in its quotes or in the question. The confidence is that of the best
    sentence found without the model, times the share of the model's sentences that stayed: what a
    model says of its own certainty is not asked.
    """
    likely = extraction.probability(best_logit)
    if stated.refused:
        return _refusal(question, "generative", "not_supported", likely)
    found = _located(stated, windows)
    told = _statements(stated.answer)
    kept = [each for each in told if _carried(each, found, question)]
    if not kept:
        return _refusal(question, "generative", "not_supported", likely)
    text, cited = _renumbered(" ".join(kept), found)
    confidence = likely * len(kept) / len(told)
    return _answer(question, text, "generative", confidence, cited)


Located = Mapping[int, Sequence[Citation]]
"""By the number that the model used: the quotes that were found, each at its place."""


def _located(stated: StatedAnswer, windows: Sequence[Window]) -> Located:
    located: dict[int, list[Citation]] = {}
    for each in stated.citations:
        citation = _found(each, windows)
        if citation is not None:
            located.setdefault(each.n, []).append(citation)
    return located


def _found(stated: StatedCitation, windows: Sequence[Window]) -> Citation | None:
    """Return a stated quote at the place where it stands: in its passage, else in another one."""
    if not _says_something(stated.quote):
        return None
    own = windows[stated.n - 1 : stated.n] if stated.n > 0 else []
    for window in [*own, *windows]:
        passage = window.passage
        if place := citations.locate(stated.quote, passage.text):
            start, end = passage.start + place[0], passage.start + place[1]
            sentence = Sentence(passage, start, end, passage.text[place[0] : place[1]])
            return _citation(stated.n, sentence, windows)
    return None


def _says_something(quote: str) -> bool:
    # A single common word stands in every passage and carries nothing.
    return len(quote.split()) > 1 or any(map(str.isdigit, quote))


def _statements(text: str) -> list[str]:
    """Cut an answer into sentences, each with the numbers behind it."""
    settled = LATE_MARKS.sub(lambda match: match[2] + match[1], text)
    return [settled[first:last] for first, last in sentences(settled)]


def _carried(statement: str, located: Located, question: str) -> bool:
    cited = [citation for n in _numbers(statement) for citation in located.get(n, ())]
    if not cited:
        return False
    plain = MARKS.sub("", statement)
    quotes = "\n".join([question, *(each.quote for each in cited)])
    if citations.unsupported(citations.numbers(plain), quotes):
        return False
    # German writes every noun like a name.
    if analysis.guess_language(plain) == "de":
        return True
    return not citations.unsupported(citations.names(plain), quotes)


def _numbers(statement: str) -> list[int]:
    return [int(n) for match in MARKS.finditer(statement) for n in match[1].split(",")]


def _renumbered(text: str, located: Located) -> tuple[str, tuple[Citation, ...]]:
    """Number the quotes in the order in which the text uses them, from 1."""
    numbers: dict[Citation, int] = {}

    def renumber(match: re.Match[str]) -> str:
        cited = [each for n in _numbers(match.group()) for each in located.get(n, ())]
        return "".join(
            f"[{numbers.setdefault(replace(each, n=0), len(numbers) + 1)}]" for each in cited
        )

    told = MARKS.sub(renumber, text)
    return told, tuple(replace(each, n=n) for each, n in numbers.items())


def _citation(n: int, sentence: Sentence, windows: Sequence[Window]) -> Citation:
    """Cite a sentence, checked against the page's stored text."""
    passage = sentence.passage
    return Citation(
        n=n,
        document_id=passage.document_id,
        title=passage.title,
        page=passage.page,
        start=sentence.start,
        end=sentence.end,
        quote=sentence.text,
        verified=any(_stands(sentence, window) for window in windows),
    )


def _stands(sentence: Sentence, window: Window) -> bool:
    start, end = sentence.start - window.start, sentence.end - window.start
    return sentence.passage is window.passage and citations.verify(
        sentence.text, window.text, start, end
    )


def _numbered(windows: Sequence[Window]) -> str:
    return "\n\n".join(
        f"[{n}] {window.passage.title}, page {window.passage.page}\n{window.passage.text}"
        for n, window in enumerate(windows, start=1)
    )


def _refusal(question: str, mode: Mode, reason: Refusal, confidence: float) -> Answer:
    return Answer(
        question=question,
        answer="",
        mode=mode,
        refused=True,
        refusal_reason=reason,
        confidence_score=round(confidence, 4),
        citations=(),
    )


def _answer(
    question: str, told: str, mode: Mode, confidence: float, cited: Sequence[Citation]
) -> Answer:
    return Answer(
        question=question,
        answer=told,
        mode=mode,
        refused=False,
        refusal_reason=None,
        confidence_score=round(confidence, 4),
        citations=tuple(cited),
    )


def _windows(session: Session, scope: Scope, passages: Sequence[Passage]) -> list[Window]:
    """Read what stands around each passage; an erased document has nothing to read any more."""
    found = [_window(session, scope, passage) for passage in passages]
    return [window for window in found if window is not None]


def _window(session: Session, scope: Scope, passage: Passage) -> Window | None:
    # A format without pages may have one of many million characters: fetch no more than is read.
    low, high = max(0, passage.start - extraction.MARGIN), passage.end + extraction.MARGIN
    page = (
        select(func.substr(PageRow.text, low + 1, high - low), func.length(PageRow.text))
        .join(Document, Document.id == PageRow.document_id)
        .where(
            Document.workspace_id == scope.workspace_id,
            Document.id == passage.document_id,
            PageRow.number == passage.page,
        )
    )
    row = session.execute(page).one_or_none()
    if row is None:
        return None
    text, length = row
    return Window(passage, text, low, whole_start=low == 0, whole_end=high >= length)
