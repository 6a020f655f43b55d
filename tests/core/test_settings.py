"""Settings are one closed tree: typos and unsafe values do not start."""

import pytest

from core import settings
from core.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_nested_variables_are_read(monkeypatch):
    monkeypatch.setenv("MAILROOM_POLICY__THRESHOLD", "0.95")
    assert settings.load().policy.threshold == 0.95


def test_a_file_is_read_and_a_variable_wins(tmp_path, monkeypatch):
    (tmp_path / "mailroom.toml").write_text("[search]\nweight = 0.3\ndepth = 7\n")
    monkeypatch.setenv("MAILROOM_SEARCH__DEPTH", "9")
    read = settings.load()
    assert (read.search.weight, read.search.depth) == (0.3, 9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAILROOM_TRESHOLD", "0.9"),
        ("MAILROOM_POLICY__TRESHOLD", "0.9"),
        ("MAILROOM_POLICY__THRESHOLD", "1.5"),
        ("MAILROOM_SPLITTING__OVERLAP", "1000"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=r"(?i)treshold|threshold|overlap"):
        settings.load()


def test_an_unknown_line_of_the_file_is_refused(tmp_path):
    (tmp_path / "mailroom.toml").write_text("treshold = 1\n")
    with pytest.raises(ConfigurationError, match="treshold"):
        settings.load()


def test_production_refuses_to_lose_originals(monkeypatch):
    monkeypatch.setenv("MAILROOM_ENVIRONMENT", "production")
    monkeypatch.setenv("MAILROOM_STORAGE__KIND", "memory")
    with pytest.raises(ConfigurationError, match="storage"):
        settings.load()


def test_secrets_are_not_shown(monkeypatch):
    monkeypatch.setenv("MAILROOM_LLM__API_KEY", "sk-very-secret")
    assert "sk-very-secret" not in repr(settings.load())
