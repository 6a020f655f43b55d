"""All settings: one closed, typed tree from `MAILROOM_*` variables and `mailroom.toml`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.errors import ConfigurationError

Share = Annotated[float, Field(ge=0.0, le=1.0)]
PREFIX = "MAILROOM_"


class Section(BaseModel):
    """A closed group of settings: an unknown name is an error, not a silent no-op."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Section):
    """Where rows live. Empty means SQLite inside the data folder."""

    url: str = ""


class Storage(Section):
    """Where originals live."""

    kind: Literal["local", "memory"] = "local"
    max_upload_mb: int = Field(default=100, ge=1)


class Reading(Section):
    """What the reading child may use before it is stopped."""

    memory_mb: int = Field(default=1536, ge=64)
    cpu_seconds: int = Field(default=60, ge=1)
    wall_seconds: int = Field(default=90, ge=1)
    max_pages: int = Field(default=5000, ge=1)
    max_characters: int = Field(default=20_000_000, ge=1000)
    max_expansion: int = Field(default=200, ge=1)
    """How many times its own size a zipped format may unfold to."""
    max_pixels: int = Field(default=100_000_000, ge=10_000)
    """How many pixels a picture may have before it is refused unopened."""
    max_parts: int = Field(default=1000, ge=1)
    """How many files one mail, mailbox or archive may bring along."""
    max_depth: int = Field(default=3, ge=0)
    """How deep files may be packed into each other."""


class Ocr(Section):
    """How pictures of text are read."""

    enabled: bool = True
    """If not, a page without text of its own stays empty and a person decides."""
    processes: int = Field(default=0, ge=0)
    """How many pages are read at once, one processor core each; 0 takes what the machine has."""
    languages: tuple[str, ...] = ("en", "de")
    """What the texts are written in (ISO 639-1): guides which recognition model is used."""
    dpi: int = Field(default=200, ge=72, le=600)
    """Dots per inch at which a PDF page is drawn to be read."""
    page_seconds: float = Field(default=60.0, gt=0)
    """How long one page may take before it is given up."""
    memory_mb: int = Field(default=3072, ge=512)
    """What one reading process may take."""
    idle_seconds: float = Field(default=60.0, gt=0)
    """After so long without work the processes end, and their memory is free again."""


class Splitting(Section):
    """How pages are cut into chunks, in characters."""

    size: int = Field(default=1000, ge=50)
    overlap: int = Field(default=200, ge=0)

    @model_validator(mode="after")
    def _overlap_fits(self) -> Self:
        if self.overlap >= self.size:
            raise ValueError(f"overlap {self.overlap} must be smaller than size {self.size}")
        return self


class Embedding(Section):
    """Which model turns text into vectors, and how it is served."""

    kind: Literal["onnx", "openai"] = "onnx"
    model: str = "all-MiniLM-L6-v2"
    base_url: str | None = None
    api_key: SecretStr | None = None
    threads: int = Field(default=2, ge=1)
    batch: int = Field(default=32, ge=1)
    timeout_seconds: float = Field(default=30.0, gt=0)


class Index(Section):
    """Where vectors live: embedded Chroma in the data folder, or a Chroma server."""

    host: str | None = None
    port: int = 8000
    lock_seconds: float = Field(default=5.0, gt=0)
    verify_seconds: float = Field(default=60.0, gt=0)
    """How often the index is compared with SQL; what is missing is put back."""


class Search(Section):
    """How the two indexes are fused."""

    weight: Share = 0.5
    """Share of meaning in the fused score; the rest is words."""
    depth: int = Field(default=100, ge=1)
    """How many candidates each index gives."""


class Llm(Section):
    """The language model, if there is one. Without a model the local engine works alone."""

    model: str = ""
    """Name as LangChain's `init_chat_model` takes it, such as `gpt-5-mini`."""
    provider: str = "openai"
    base_url: str | None = None
    api_key: SecretStr | None = None
    timeout_seconds: float = Field(default=30.0, gt=0)
    retries: int = Field(default=3, ge=0)
    max_characters: int = Field(default=24_000, ge=500)
    """How much of a document is shown to the model."""
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds: float = Field(default=60.0, gt=0)
    breaker_trials: int = Field(default=3, ge=1)


class Policy(Section):
    """When a decision may go out without a person."""

    threshold: Share = 0.9
    target_error: Share = 0.01
    min_reading: Share = 0.7
    """A document with a page read less surely than this goes to a person."""


class Jobs(Section):
    """How work is handed to workers. The broker only carries messages; SQL is the truth."""

    broker: str = "memory://"
    concurrency: int = Field(default=1, ge=1)
    attempts: int = Field(default=3, ge=1)
    lease_seconds: float = Field(default=60.0, gt=0)
    sweep_seconds: float = Field(default=5.0, gt=0)
    backoff_seconds: float = Field(default=2.0, gt=0)
    outage_pause_seconds: float = Field(default=60.0, gt=0)
    """The longest pause between two looks whether an outage is over."""
    patience_seconds: float = Field(default=86_400.0, gt=0)
    """How long a job waits for an outage to pass before it is given up."""
    stall_seconds: float = Field(default=600.0, gt=0)
    """A running job without progress for so long is shown as stalled; nothing kills it for that."""
    grace_seconds: float = Field(default=20.0, ge=0)
    """How long a worker that is told to stop may finish what it has; the rest is handed back."""
    slow_megabytes: float = Field(default=8.0, gt=0)
    """A file of at least this size is read on the queue for slow reading, `ocr`."""
    hard_seconds: int = Field(default=1800, ge=1)
    """After this a worker's child is killed, or the work interrupted where it runs on a thread."""
    tasks_per_child: int = Field(default=200, ge=1)
    child_memory_mb: int = Field(default=2048, ge=256)

    @property
    def embedded(self) -> bool:
        """Whether the broker is this process's memory, so that the API works on jobs itself."""
        return self.broker.startswith("memory:")


class Outside(Section):
    """How long an outside service may take, and when it is left alone for a while.

    For the embedding endpoint, the Chroma server and webhook receivers; the language model has
    the same of its own.
    """

    timeout_seconds: float = Field(default=30.0, gt=0)
    query_seconds: float = Field(default=5.0, gt=0)
    """The same where somebody waits for an answer; search then goes on by words alone."""
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds: float = Field(default=60.0, gt=0)
    breaker_trials: int = Field(default=3, ge=1)


class Webhooks(Section):
    """How events go out to those who asked for them."""

    allow_private: bool = False
    """Whether receivers may stand on private addresses and be spoken to without TLS."""
    longest_pause_seconds: float = Field(default=3600.0, gt=0)
    """The longest pause between two attempts; the first is `jobs.backoff_seconds`, and after
    `jobs.patience_seconds` a delivery is given up."""


class Server(Section):
    """Where the HTTP door stands."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Settings(BaseSettings):
    """Everything that can be set; read once at the door and passed down."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        toml_file="mailroom.toml",
        extra="forbid",
        frozen=True,
    )

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("mailroom"))
    models_dir: Path = Field(
        default_factory=lambda: Path(sys.prefix) / "share" / "mailroom" / "models"
    )
    """Where prepared embedding models live: beside the installation, shared by all data folders."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    server: Server = Server()
    database: Database = Database()
    storage: Storage = Storage()
    reading: Reading = Reading()
    ocr: Ocr = Ocr()
    splitting: Splitting = Splitting()
    embedding: Embedding = Embedding()
    index: Index = Index()
    search: Search = Search()
    llm: Llm = Llm()
    policy: Policy = Policy()
    jobs: Jobs = Jobs()
    outside: Outside = Outside()
    webhooks: Webhooks = Webhooks()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the library's signature)
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over variables, variables over the file."""
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, toml, file_secret_settings

    @property
    def database_url(self) -> str:
        """The database to use: the one set, else SQLite inside the data folder."""
        return self.database.url or f"sqlite:///{self.data_dir / 'mailroom.sqlite3'}"


def load(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings, refusing unknown names and unsafe production values.

    Raises:
        ConfigurationError: naming the setting that is wrong and why.
    """
    _refuse_unknown(os.environ if environ is None else environ)
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
        raise ConfigurationError(problems) from error
    _refuse_unsafe(settings)
    return settings


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A mistyped variable would otherwise be ignored without a word."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environ:
        if name.startswith(PREFIX) and name.split("__")[0] not in known:
            raise ConfigurationError(f"unknown setting {name}")


def _refuse_unsafe(settings: Settings) -> None:
    if settings.environment != "production":
        return
    if settings.storage.kind == "memory":
        raise ConfigurationError("storage.kind=memory loses every original at restart")
    if settings.jobs.broker.startswith("memory:") and settings.database.url.startswith("postgres"):
        raise ConfigurationError("jobs.broker=memory:// cannot reach workers in other processes")
