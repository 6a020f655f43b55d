"""The engine that asks a language model: prompt, structured answer, validated, facts checked."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from classify import facts
from classify.classification import Context, Fact, Opinion, Priority, PromptRef
from classify.taxonomy import PROMPT, Taxonomy, spread
from core.documents import Page, ParsedDocument
from core.llm import Parse, Reply, validate
from prompts import loader

T = TypeVar("T")
HEAD_SHARE = 0.75
"""How much of what a model is shown comes from the start of a document; the rest is its end."""
CUT = "\n[… {count} characters left out …]\n"


class Asked(Protocol):
    """What this engine needs of a language model; `core.llm.LanguageModel` has it."""

    name: str

    def ask(
        self,
        messages: Sequence[tuple[str, str]],
        schema: Mapping[str, Any],
        parse: Parse[T],
        repair: Any,
    ) -> Reply[T]:
        """Return a valid answer or raise EngineUnavailable or InvalidModelOutput."""
        ...


class StatedFact(BaseModel):
    """A fact as the model states it, not yet checked."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    value: str
    page: int = 1
    quote: str


class Answer(BaseModel):
    """The model's answer, as the prompt's output schema asks for it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    primary_classification: str
    confidence_score: float = Field(ge=0.0, le=1.0)
    key_information: tuple[StatedFact, ...] = Field(max_length=20)
    priority_level: Priority
    reasoning: str = Field(max_length=4000)


class LlmEngine:
    """Asks a language model with the classification prompt; at most `max_characters` of text."""

    name = "llm"

    def __init__(
        self, model: Asked, prompt: loader.Prompt, taxonomy: Taxonomy, max_characters: int
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._taxonomy = taxonomy
        self._max_characters = max_characters
        self._ref = PromptRef(prompt.about.name, prompt.about.version, prompt.sha256)

    def opine(self, document: ParsedDocument, context: Context) -> Opinion:
        """Return the model's opinion, its facts checked against the pages.

        The distribution has the stated confidence on the label and the rest evenly on the others:
        the model says no more than that. A model less sure than chance still prefers its label.

        Raises:
            EngineUnavailable: the model does not answer.
            InvalidModelOutput: it answers something else, also when shown its error.
        """
        messages = self._prompt.render(
            {
                "document_type": context.document_type,
                "document_source": context.document_source,
                "business_unit": context.business_unit,
                "document_content": shown(document.pages, self._max_characters),
            },
            taxonomy=self._taxonomy.describe(),
        )
        reply = self._model.ask(
            messages, self._prompt.about.output_schema, self._parse, self._prompt.repair
        )
        return self._opinion(document, reply)

    def _parse(self, answer: Mapping[str, Any]) -> Answer:
        """Validate an answer; its label becomes the taxonomy's own spelling."""
        parsed = validate(Answer, answer)
        label = self._taxonomy.find(parsed.primary_classification)
        if label is None:
            raise ValueError(
                f"primary_classification must be one of {', '.join(self._taxonomy.names)}"
            )
        return parsed.model_copy(update={"primary_classification": label.name})

    def _opinion(self, document: ParsedDocument, reply: Reply[Answer]) -> Opinion:
        answer = reply.value
        label, stated = answer.primary_classification, answer.confidence_score
        share = max(stated, 1.0 / len(self._taxonomy.names))
        told = [Fact(f.name, f.value, f.page, f.quote) for f in answer.key_information]
        return Opinion(
            engine=self.name,
            model=reply.model,
            version=self._ref.version,
            label=label,
            confidence=share,
            distribution=spread(label, share, self._taxonomy.names),
            stated_confidence=stated,
            reasoning=answer.reasoning,
            facts=facts.verify(told, document),
            priority=answer.priority_level,
            prompt=self._ref,
        )


def build_engine(model: Asked, taxonomy: Taxonomy, max_characters: int) -> LlmEngine:
    """Return the engine with the shipped prompt.

    Raises:
        PromptError: the prompt file breaks a rule.
    """
    return LlmEngine(model, loader.load(PROMPT), taxonomy, max_characters)


def shown(pages: Sequence[Page], most: int) -> str:
    """Return pages with their numbers, cut in the middle where they exceed `most` characters."""
    whole = "\n\n".join(f"[page {page.number}]\n{page.text}" for page in pages)
    if len(whole) <= most:
        return whole
    head = int(most * HEAD_SHARE)
    tail = most - head
    return whole[:head] + CUT.format(count=len(whole) - most) + whole[len(whole) - tail :]
