"""Loads prompts strictly, fills in their variables and fences off what nobody may trust."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from core.errors import PromptError

Role = Literal["system", "user"]
Section = Literal["System", "User", "Repair"]
SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?"
NAME = r"[a-z][a-z0-9_]*"
BUILT_IN = ("taxonomy", "output_schema", "mark")
"""What System and User may use beside the variables; the loader fills these in itself."""
REPAIR = {"problem", "output_schema"}
"""What Repair may use: the words that show a model what was wrong with its answer."""
SECTIONS: tuple[Section, ...] = ("System", "User", "Repair")
LINE_LIMIT = 200

_FRONT_MATTER = re.compile(r"\A---\n(?P<head>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{\s*(?P<name>[^{}]*?)\s*\}\}")
_SECTION = re.compile(r"^# (System|User|Repair)$", re.MULTILINE)


class _Closed(BaseModel):
    """A closed piece of front matter: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(_Closed):
    """What a caller fills in: a `line` is kept to one short line, `untrusted` text is fenced."""

    description: str
    kind: Literal["line", "untrusted"]


class LabelSpec(_Closed):
    """One class of the taxonomy, in the words a model and a person read."""

    label: str = Field(min_length=1)
    description: str = Field(min_length=1)
    examples: tuple[str, ...] = ()
    department: str = Field(min_length=1)
    assignee: str | None = None
    priority: Literal["Low", "Medium", "High"] = "Medium"


class PriorityRule(_Closed):
    """Gives a priority to documents of some labels that hold one of some phrases."""

    name: str = Field(min_length=1)
    priority: Literal["Low", "Medium", "High"]
    labels: tuple[str, ...] = ()
    phrases: tuple[str, ...] = Field(min_length=1)


class FrontMatter(_Closed):
    """What a prompt file says of itself, above its words."""

    name: str = Field(pattern=f"^{NAME}$")
    version: str = Field(pattern=f"^{SEMVER}$")
    description: str = Field(min_length=1)
    variables: dict[str, Variable]
    taxonomy: tuple[LabelSpec, ...] = ()
    priority_rules: tuple[PriorityRule, ...] = ()
    output_schema: dict[str, JsonValue]


class Message(NamedTuple):
    """One message to a chat model."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as loaded: its front matter, its words, and the hash of the whole file."""

    about: FrontMatter
    sections: Mapping[Section, str]
    sha256: str

    def render(
        self,
        values: Mapping[str, str],
        *,
        taxonomy: str | None = None,
        mark: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> tuple[Message, ...]:
        """Fill the variables in and return the messages to send.

        Each untrusted value stands between two lines that carry `mark()`, drawn again until it
        occurs in no value, so that no text can close its own fence. `taxonomy` replaces the list
        of labels that the front matter gives.

        Raises:
            PromptError: a variable is missing or unknown.
        """
        self._check_names(values)
        fence = _unused(mark, values.values())
        filled = {name: self._shown(name, text, fence) for name, text in values.items()}
        filled["taxonomy"] = _describe(self.about.taxonomy) if taxonomy is None else taxonomy
        filled["output_schema"] = json.dumps(self.about.output_schema, indent=2)
        filled["mark"] = fence
        return (
            Message("system", _fill(self.sections["System"], filled)),
            Message("user", _fill(self.sections["User"], filled)),
        )

    def repair(self, problem: str) -> str:
        """Return the words that show a model what was wrong with its answer."""
        schema = json.dumps(self.about.output_schema, indent=2)
        return _fill(self.sections["Repair"], {"problem": problem, "output_schema": schema})

    def _check_names(self, values: Mapping[str, str]) -> None:
        wanted = set(self.about.variables)
        if missing := sorted(wanted - set(values)):
            raise PromptError(f"prompt {self.about.name} misses {', '.join(missing)}")
        if unknown := sorted(set(values) - wanted):
            raise PromptError(f"prompt {self.about.name} knows no variable {', '.join(unknown)}")

    def _shown(self, name: str, text: str, fence: str) -> str:
        if self.about.variables[name].kind == "untrusted":
            return f"<<<UNTRUSTED {name} {fence}>>>\n{text}\n<<<END {name} {fence}>>>"
        # One line: what a sender says of a document cannot start a section of its own.
        return " ".join(text.split())[:LINE_LIMIT] or "unknown"


def load(name: str, folder: Path | None = None) -> Prompt:
    """Return the prompt of that name: the one in `folder` if it is there, else the shipped one.

    Raises:
        PromptError: there is no such prompt, or its file breaks a rule.
    """
    if not re.fullmatch(NAME, name):
        raise PromptError(f"{name!r} is no name of a prompt")
    own = folder / f"{name}.md" if folder else None
    source = own if own and own.is_file() else resources.files("prompts") / f"{name}.md"
    if not source.is_file():
        raise PromptError(f"there is no prompt {name!r}")
    prompt = parse(source.read_text(encoding="utf-8"))
    if prompt.about.name != name:
        raise PromptError(f"the file {name}.md calls itself {prompt.about.name!r}")
    return prompt


def load_folder(folder: Path) -> dict[str, Prompt]:
    """Return every prompt in a folder by its name.

    Raises:
        PromptError: a file breaks a rule, or two files give the same name.
    """
    found: dict[str, Prompt] = {}
    for path in sorted(folder.glob("*.md")):
        prompt = parse(path.read_text(encoding="utf-8"))
        if prompt.about.name in found:
            raise PromptError(f"two prompts are called {prompt.about.name!r}, one in {path.name}")
        found[prompt.about.name] = prompt
    return found


def parse(source: str) -> Prompt:
    """Read a prompt from the text of its file.

    Raises:
        PromptError: the front matter is missing or wrong, or the body uses what it does not name.
    """
    source = source.replace("\r\n", "\n")
    match = _FRONT_MATTER.match(source)
    if not match:
        raise PromptError("a prompt starts with front matter between two lines of ---")
    about = _front_matter(match["head"])
    sections = _sections(match["body"])
    _check_body(about, sections)
    return Prompt(about, sections, hashlib.sha256(source.encode()).hexdigest())


def _front_matter(head: str) -> FrontMatter:
    try:
        data = yaml.load(head, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader underneath)
        about = FrontMatter.model_validate(data)
    except yaml.YAMLError as error:
        raise PromptError(f"the front matter is not YAML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
        raise PromptError(f"the front matter is wrong: {problems}") from error
    _check_front_matter(about)
    return about


def _check_front_matter(about: FrontMatter) -> None:
    for name in about.variables:
        if not re.fullmatch(NAME, name) or name in BUILT_IN:
            raise PromptError(f"{name!r} cannot be the name of a variable")
    labels = [spec.label for spec in about.taxonomy]
    _refuse_twice("label", labels)
    _refuse_twice("priority rule", [rule.name for rule in about.priority_rules])
    for rule in about.priority_rules:
        if unknown := sorted(set(rule.labels) - set(labels)):
            raise PromptError(f"priority rule {rule.name!r} names no label: {', '.join(unknown)}")


def _refuse_twice(kind: str, names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PromptError(f"{kind} given twice: {', '.join(twice)}")


def _sections(body: str) -> dict[Section, str]:
    before, *parts = _SECTION.split(body)
    heads, texts = parts[0::2], [text.strip() for text in parts[1::2]]
    if before.strip() or sorted(heads) != sorted(SECTIONS):
        raise PromptError(f"a prompt's body is made of one section each of {', '.join(SECTIONS)}")
    found = dict(zip(heads, texts, strict=True))
    return {section: found[section] for section in SECTIONS}


def _check_body(about: FrontMatter, sections: Mapping[Section, str]) -> None:
    used = {section: set(_PLACEHOLDER.findall(text)) for section, text in sections.items()}
    for section, names in used.items():
        known = REPAIR if section == "Repair" else {*about.variables, *BUILT_IN}
        if unknown := sorted(names - known):
            raise PromptError(f"section {section} uses what it does not know: {unknown}")
    if unused := sorted(set(about.variables) - used["System"] - used["User"]):
        raise PromptError(f"the body never uses {', '.join(unused)}")
    fenced = {name for name, each in about.variables.items() if each.kind == "untrusted"}
    if misplaced := sorted(fenced & used["System"]):
        raise PromptError(f"untrusted text may not stand in a system message: {misplaced}")


def _unused(mark: Callable[[], str], values: Iterable[str]) -> str:
    texts = list(values)
    while any((candidate := mark()) in text for text in texts):
        pass
    return candidate


def _fill(text: str, filled: Mapping[str, str]) -> str:
    # One pass over the prompt's own words: braces inside a document stay what they are.
    return _PLACEHOLDER.sub(lambda match: filled[match["name"]], text)


def _describe(taxonomy: tuple[LabelSpec, ...]) -> str:
    return "\n".join(f"- {spec.label}: {spec.description}" for spec in taxonomy)


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key given twice is an error instead of a silent last one wins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (the library's signature)
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"given twice: {', '.join(sorted(twice))}")
        return super().construct_mapping(node, deep)
