"""The labels a workspace sorts into, with the department, priority and rule each one brings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from classify.classification import Destination, Priority, PromptRef
from core.documents import ParsedDocument
from core.errors import ConfigurationError
from prompts import loader

PROMPT = "document_classification"
HEAD_CHARACTERS = 6000
"""How far into a document priority phrases count: further in, words like "urgent" are content."""


@dataclass(frozen=True, slots=True)
class LabelDefinition:
    """One label: what it means, who gets its documents, and how urgent they are by default."""

    name: str
    description: str
    department: str
    assignee: str | None = None
    priority: Priority = "Medium"
    examples: tuple[str, ...] = ()

    @property
    def destination(self) -> Destination:
        """Where documents of this label go, with the name of the rule that says so."""
        return Destination(self.department, self.assignee, f"{_slug(self.name)}-default")


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """Documents of `labels` (all, if empty) that hold one of `phrases` get `priority`."""

    name: str
    priority: Priority
    phrases: tuple[str, ...]
    labels: tuple[str, ...] = ()

    def cue(self, label: str, text: str) -> str | None:
        """Return the first phrase that stands in the text as whole words, or None."""
        if self.labels and label not in self.labels:
            return None
        return next((phrase for phrase in self.phrases if _holds(text, phrase)), None)


@dataclass(frozen=True, slots=True)
class PriorityDecision:
    """A priority, and the rule and phrase that gave it where it is not the label's default."""

    priority: Priority
    rule: str | None = None
    cue: str | None = None


@dataclass(frozen=True)
class Taxonomy:
    """The labels in use, in a fixed order, and the rules that make some documents urgent.

    `source` is the prompt file they were read from, which travels with every result.

    Raises:
        ConfigurationError: no label, a label twice, or a rule for a label that does not exist.
    """

    labels: tuple[LabelDefinition, ...]
    priority_rules: tuple[PriorityRule, ...] = ()
    source: PromptRef | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be looked up later."""
        if not self.labels:
            raise ConfigurationError("a taxonomy needs at least one label")
        if twice := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise ConfigurationError(f"labels given twice: {', '.join(twice)}")
        wanted = {label for rule in self.priority_rules for label in rule.labels}
        if unknown := sorted(wanted - set(self.names)):
            raise ConfigurationError(f"priority rules name unknown labels: {', '.join(unknown)}")

    def __iter__(self) -> Iterator[LabelDefinition]:
        return iter(self.labels)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The labels' names, in order."""
        return tuple(label.name for label in self.labels)

    @cached_property
    def _by_name(self) -> dict[str, LabelDefinition]:
        return {label.name: label for label in self.labels}

    def find(self, name: str) -> LabelDefinition | None:
        """Return the label of that name, forgiving case and spaces around it, or None."""
        folded = name.strip().casefold()
        return next((label for label in self.labels if label.name.casefold() == folded), None)

    def destination(self, name: str | None) -> Destination | None:
        """Return where documents of a label go; None for no label or an unknown one."""
        label = self._by_name.get(name) if name else None
        return label.destination if label else None

    def priority(self, name: str, document: ParsedDocument) -> PriorityDecision:
        """Return how urgent a document of a label is: the first rule that fits, else its default.

        Only the subject and the first `HEAD_CHARACTERS` are read.
        """
        text = _head(document)
        for rule in self.priority_rules:
            if cue := rule.cue(name, text):
                return PriorityDecision(rule.priority, rule.name, cue)
        label = self._by_name.get(name)
        return PriorityDecision(label.priority if label else "Medium")

    def describe(self) -> str:
        """Return the labels as a prompt shows them, one a line."""
        return "\n".join(f"- {label.name}: {label.description}" for label in self.labels)


def default_taxonomy() -> Taxonomy:
    """Return the taxonomy that ships in the classification prompt's front matter.

    Raises:
        PromptError: the prompt file breaks a rule.
    """
    return from_prompt(loader.load(PROMPT))


def from_prompt(prompt: loader.Prompt) -> Taxonomy:
    """Return the taxonomy that a prompt's front matter gives.

    Raises:
        ConfigurationError: it has no labels.
    """
    return Taxonomy(
        tuple(_label(spec) for spec in prompt.about.taxonomy),
        tuple(
            PriorityRule(rule.name, rule.priority, rule.phrases, rule.labels)
            for rule in prompt.about.priority_rules
        ),
        PromptRef(prompt.about.name, prompt.about.version, prompt.sha256),
    )


def spread(label: str, confidence: float, names: Iterable[str]) -> dict[str, float]:
    """Return a distribution with `confidence` on one label and the rest even on the others."""
    others = [name for name in names if name != label]
    if not others:
        return {label: 1.0}
    rest = (1.0 - confidence) / len(others)
    return {label: confidence, **dict.fromkeys(others, rest)}


def _label(spec: loader.LabelSpec) -> LabelDefinition:
    return LabelDefinition(
        spec.label, spec.description, spec.department, spec.assignee, spec.priority, spec.examples
    )


def _slug(name: str) -> str:
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")


def _head(document: ParsedDocument) -> str:
    parts, size = [document.metadata.get("subject", "")], 0
    for page in document.pages:
        parts.append(page.text[: HEAD_CHARACTERS - size])
        size += len(parts[-1])
        if size >= HEAD_CHARACTERS:
            break
    return " ".join(" ".join(parts).casefold().split())


def _holds(text: str, phrase: str) -> bool:
    words = " ".join(phrase.casefold().split())
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) is not None
