"""The containers are what docs/deployment.md says; no engine is needed to tell."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from api import alive
from core import settings
from core.jobs import QUEUES
from core.settings import Jobs

ROOT = Path(__file__).parent.parent
CLUSTER, EMBEDDED = "docker-compose.yml", "docker-compose.embedded.yml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
OURS = f"mailroom:{PROJECT['project']['version']}"
OWN = {"api", "worker", "beat"}
STORES = {"chroma", "postgres", "redis"}
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


def parsed(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


SERVICES = {
    f"{file}: {name}": service
    for file in (CLUSTER, EMBEDDED)
    for name, service in parsed(file)["services"].items()
}
EACH = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def cluster(name):
    return SERVICES[f"{CLUSTER}: {name}"]


def seconds(text):
    return int(text.removesuffix("s"))


def examples():
    """Return every line of the example, those that are commented out too."""
    return dict(re.findall(r"^#?([A-Z_0-9]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_all_parts_of_the_cluster_are_there():
    assert set(parsed(CLUSTER)["services"]) == OWN | STORES


@EACH
def test_every_service_is_watched_limited_and_started_again(service):
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["restart"] == "unless-stopped"
    assert seconds(service["stop_grace_period"]) > 0


@EACH
def test_every_service_is_confined(service):
    assert int(service["user"].split(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@EACH
def test_only_the_api_is_published_and_only_to_this_machine(service):
    published = service.get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert bool(published) == (service.get("command") == ["serve"])


@EACH
def test_images_are_pinned_by_version(service):
    image = VARIABLE.sub(lambda match: match[2] or "", service["image"])
    assert image == OURS or re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z]+", image)


def test_stores_stand_on_a_network_that_leads_nowhere():
    networks = parsed(CLUSTER)["networks"]
    assert networks["private"] == {"internal": True}
    for name in STORES:
        assert cluster(name)["networks"] == ["private"]
    for name in OWN:
        assert "private" in cluster(name)["networks"]


def test_what_is_ours_waits_until_the_stores_are_healthy():
    for name in OWN:
        waits = cluster(name)["depends_on"]
        assert {store: rule["condition"] for store, rule in waits.items()} == dict.fromkeys(
            STORES, "service_healthy"
        )


def test_what_is_ours_has_the_same_settings():
    assert cluster("api")["environment"] == cluster("worker")["environment"]
    assert cluster("api")["environment"] == cluster("beat")["environment"]


def test_a_worker_hands_back_its_leases_before_it_is_killed():
    for name in OWN:
        assert seconds(cluster(name)["stop_grace_period"]) > 2 * Jobs().grace_seconds
    alone = SERVICES[f"{EMBEDDED}: mailroom"]
    assert seconds(alone["stop_grace_period"]) > 2 * Jobs().grace_seconds


def test_workers_read_the_originals_that_the_api_keeps():
    assert "data:/data" in cluster("api")["volumes"]
    assert "data:/data" in cluster("worker")["volumes"]
    assert cluster("worker")["environment"]["MAILROOM_DATA_DIR"] == "/data"


def test_the_chroma_server_is_of_the_release_that_the_client_is_locked_to():
    chroma = cluster("chroma")
    assert (chroma["image"], chroma["entrypoint"]) == (OURS, ["chroma"])
    assert chroma["image"] == cluster("worker")["image"]
    port = chroma["command"][-1]
    assert cluster("api")["environment"]["MAILROOM_INDEX__PORT"] == port
    assert f":{port}/" in chroma["healthcheck"]["test"][-1]


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_workers_and_the_beat_are_asked_whether_they_live(kind):
    service = cluster(kind)
    assert service["command"] == [kind]
    assert service["healthcheck"]["test"] == ["CMD", "python", "-m", alive.__name__, kind]


def accept(monkeypatch, variables):
    """Load the settings from these variables alone."""
    for name, value in variables.items():
        if name.startswith(settings.PREFIX):
            monkeypatch.setenv(name, value)
    return settings.load()


@pytest.mark.parametrize("file", [CLUSTER, EMBEDDED])
def test_every_setting_of_a_compose_file_is_one(monkeypatch, file):
    for service in parsed(file)["services"].values():
        values = service.get("environment", {})
        plain = {name: VARIABLE.sub("secret", value) for name, value in values.items()}
        if any(name.startswith(settings.PREFIX) for name in plain):
            loaded = accept(monkeypatch, plain)
            assert loaded.jobs.embedded == (file == EMBEDDED)
            assert loaded.environment == "production"


def test_every_setting_of_the_example_is_one(monkeypatch):
    assert accept(monkeypatch, {name: value or "x" for name, value in examples().items()})


def test_every_setting_of_the_guide_is_one(monkeypatch):
    guide = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    for name in set(re.findall(r"MAILROOM_[A-Z_]+[A-Z]", guide)):
        section, *inner = name.removeprefix(settings.PREFIX).lower().split("__")
        field = settings.Settings.model_fields[section]
        assert not inner or inner[0] in getattr(field.annotation, "model_fields", {}), name


def test_every_variable_that_a_compose_file_asks_for_is_in_the_example():
    asked = {
        match[1]
        for file in (CLUSTER, EMBEDDED)
        for match in VARIABLE.finditer((ROOT / file).read_text("utf-8"))
    }
    assert asked <= set(examples())


def test_the_password_has_no_default_and_the_example_gives_none():
    assert "POSTGRES_PASSWORD:-" not in (ROOT / CLUSTER).read_text("utf-8")
    assert examples()["POSTGRES_PASSWORD"] == ""
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_the_guide_names_the_queues_that_there_are():
    guide = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    named = {
        name for part in re.findall(r'--queues, "([\w,]+)"', guide) for name in part.split(",")
    }
    assert named == set(QUEUES)


def test_what_serves_is_locked_with_its_drivers_and_without_torch():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    names = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    assert {"psycopg", "psycopg-binary", "redis", "celery", "chromadb"} <= names
    assert not {"torch", "sentence-transformers", "onnx", "triton"} & names
    assert not [name for name in names if name.startswith("nvidia-")]


def stages():
    return re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]


def test_the_last_stage_installs_nothing_and_is_not_root():
    last = stages()[-1]
    assert "pip install" not in last
    assert "apt-get" not in last
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == [cluster("api")["user"]]
    assert "HEALTHCHECK" in last
    assert re.search(r"^ENTRYPOINT \[\"mailroom\"\]", last, re.MULTILINE)


def test_every_package_is_installed_by_hash_and_the_base_is_pinned():
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-[a-z]+$", DOCKERFILE, re.MULTILINE)
    assert all(stage.startswith("${PYTHON_IMAGE}") for stage in stages())
    installs = re.findall(r"^.*pip.* install .*$", DOCKERFILE, re.MULTILINE)
    assert len(installs) == 4
    for line in installs:
        assert "--no-deps" in line
        assert "--require-hashes" in line or "/wheel/*.whl" in line


def test_what_the_build_copies_is_let_in_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert all((ROOT / name).exists() for name in allowed)
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)) - {"."}
    rooms = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert copied | rooms | {PROJECT["project"]["readme"], "LICENSE", "pyproject.toml"} == allowed
