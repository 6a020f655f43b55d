"""The house rules that matter are executable."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
ROOMS = ("core", "prompts", "classify", "retrieval", "ingest", "api")
FILES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
WRAPPERS = {
    # The probe opens Chroma in a process of its own, for a broken folder crashes it.
    "chromadb": {"retrieval/index.py", "retrieval/probe.py"},
    "langchain_chroma": {"retrieval/index.py"},
    "langchain": {"core/llm.py"},
    "celery": {"core/jobs.py"},
    "onnxruntime": {"core/embedding.py", "core/model_export.py"},
    "torch": {"core/model_export.py"},
    "sentence_transformers": {"core/model_export.py"},
}


def imported(file: Path) -> set[str]:
    """Return the top-level packages that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_imports_run_down_only(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize("package", sorted(WRAPPERS))
def test_a_library_is_imported_only_by_the_file_that_wraps_it(package):
    users = {str(f.relative_to(ROOT)) for f in FILES if package in imported(f)}
    assert users <= WRAPPERS[package]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_says_in_its_first_line_what_it_is_for(file):
    first = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").splitlines()
    assert first
    assert len(first[0]) > 10


def test_nobody_commits_below_the_door():
    committing = {
        str(file.relative_to(ROOT)) for file in FILES if ".commit()" in file.read_text("utf-8")
    }
    assert committing == set()
