"""Training gives the same files twice, leaves groups out exactly, refuses what is no use."""

import csv

import numpy as np
import pytest

from classify import priming, training
from classify.calibration import Calibrator
from classify.head import Head
from classify.training import LabelledDocument
from core.documents import Page, ParsedDocument
from core.embedding import HashingEmbedder
from core.errors import CorruptDocument, InvalidInput

EMBEDDER = HashingEmbedder(16)
LABELS = ("Contracts", "Invoices", "Correspondence")


def corpus(seed: int = 5, variants: int = 1) -> list[LabelledDocument]:
    """Documents of our own, drawn from templates with another seed than training uses."""
    return [
        LabelledDocument(f"{place}.txt", text.label, plain(text.text), source=text.kind)
        for place, text in enumerate(priming.prime(variants, seed))
        if text.label in LABELS
    ]


def plain(text: str) -> ParsedDocument:
    return ParsedDocument("text/plain", (Page(1, text),))


@pytest.fixture(scope="module")
def trained() -> training.Trained:
    return training.train(corpus(), EMBEDDER, variants=1)


def test_two_trainings_give_identical_files(tmp_path, trained):
    trained.save(tmp_path / "one")
    training.train(corpus(), EMBEDDER, variants=1).save(tmp_path / "two")
    one, two = ({f.name: f.read_bytes() for f in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    assert set(one) == {
        "calibration.json",
        "document-head.json",
        "document-head.npz",
        "document-head-words.json",
        "document-head-words.npz",
    }


def test_there_is_a_head_with_embeddings_and_one_without(trained):
    with_meaning, plain_head = trained.heads
    assert with_meaning.embedder == EMBEDDER.name
    assert plain_head.embedder is None
    assert with_meaning.space.size == plain_head.space.size + 2 * EMBEDDER.dimension
    assert with_meaning.labels == tuple(sorted(LABELS))


def test_a_head_and_its_calibration_survive_being_kept(tmp_path, trained):
    trained.save(tmp_path)
    assert Calibrator.load(tmp_path) == trained.calibrator
    for head in trained.heads:
        kept = Head.load(tmp_path, head.name)
        assert kept.labels == head.labels
        assert np.allclose(kept.weights, head.weights, atol=1e-5)


def test_leaving_a_group_out_equals_training_without_it():
    given = training.examples(corpus(), EMBEDDER)
    task = training._Task.of(given, sorted(LABELS), with_meaning=True)
    without = task.scores_without(task.kinds)
    group = task.kinds[3]
    rest = np.setdiff1d(np.arange(len(given)), group)
    gram = task.rows[rest] @ task.rows[rest].T + np.diag(training.RIDGE / task.weights[rest])
    weights = task.rows[rest].T @ np.linalg.solve(gram, task.targets[rest])
    assert np.allclose(task.rows[group] @ weights, without[group], atol=1e-8)


def test_every_example_is_left_out_with_its_whole_kind():
    given = training.examples(corpus(variants=2), EMBEDDER)
    task = training._Task.of(given, sorted(LABELS), with_meaning=False)
    for groups in (task.kinds, task.folds):
        assert sorted(np.concatenate(groups).tolist()) == list(range(len(given)))
    kinds = [{given[place].kind for place in group} for group in task.kinds]
    assert all(len(kind) == 1 for kind in kinds)


def test_names_that_were_invented_are_no_words_of_a_head(trained):
    words = {word for entry in trained.heads[0].space.vocabulary for word in entry.split()}
    assert "agreement" in words
    assert not words & {"okafor", "springfield", "schneider"}


def test_documents_without_a_source_are_grouped_by_how_they_read():
    bare = [LabelledDocument(d.path, d.label, d.document) for d in corpus(variants=2)]
    kinds = {example.kind for example in training.examples(bare, EMBEDDER)}
    assert all(sum(kind.startswith(f"{label}/#") for kind in kinds) >= 2 for label in LABELS)


def test_foreign_rows_teach_what_belongs_to_no_label():
    odd = LabelledDocument("odd.txt", "AMBIGUOUS", plain("a letter and a bill"))
    assert training.examples([odd], EMBEDDER)[0].label == priming.OTHER
    assert training.labels_of([odd, *corpus()]) == tuple(sorted(LABELS))


def test_labels_of_ones_own_need_no_primer():
    words = {"Claims": "claim damage accident policy", "Praise": "thank wonderful kind visit"}
    own = [
        LabelledDocument(f"{label}{n}", label, plain(f"{text} number {n} again {text}"))
        for label, text in words.items()
        for n in range(12)
    ]
    head, _ = training.train(own, EMBEDDER, variants=1).heads
    assert head.labels == ("Claims", "Praise")


def test_one_label_is_not_enough():
    with pytest.raises(InvalidInput):
        training.train([corpus()[0]], EMBEDDER, variants=1)


def write(folder, rows):
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])


def read(path):
    if not path.is_file():
        raise CorruptDocument
    return plain(path.read_text("utf-8"))


def test_a_folder_is_trained_on_and_failures_are_named(tmp_path):
    rows = []
    for document in corpus():
        (tmp_path / document.path).write_text(document.document.text, "utf-8")
        rows.append((document.path, document.label))
    (tmp_path / "blank.txt").write_text(" ", "utf-8")
    write(tmp_path, [*rows, ("gone.pdf", "Invoices"), ("blank.txt", "Invoices")])
    told: list[str] = []
    report = training.train_folder(tmp_path, tmp_path / "out", read, EMBEDDER, told.append)
    assert report["n"] == len(rows)
    assert report["failures"] == [
        {"path": "gone.pdf", "code": "corrupt"},
        {"path": "blank.txt", "code": "no_text"},
    ]
    assert set(report["files"]) == {file.name for file in (tmp_path / "out").iterdir()}
    assert told


@pytest.mark.parametrize("text", [None, "", "path,label\n", "file,kind\na.txt,Invoices\n"])
def test_a_folder_without_usable_labels_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(InvalidInput):
        training.read_rows(tmp_path / "labels.csv")
