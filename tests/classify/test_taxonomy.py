"""A taxonomy says where documents go and how urgent they are, from data alone."""

import pytest

from classify.classification import Destination
from classify.taxonomy import (
    HEAD_CHARACTERS,
    LabelDefinition,
    PriorityRule,
    Taxonomy,
    default_taxonomy,
    spread,
)
from core.documents import Page, ParsedDocument
from core.errors import ConfigurationError
from prompts import loader


def document(*texts, **metadata):
    pages = tuple(Page(number, text) for number, text in enumerate(texts, start=1))
    return ParsedDocument("text/plain", pages, metadata)


def test_the_default_labels_have_departments_and_rules():
    taxonomy = default_taxonomy()
    departments = {label.name: label.department for label in taxonomy}
    assert departments == {
        "Contracts": "Legal",
        "Invoices": "Accounts Payable",
        "Reports": "Finance & Compliance",
        "Correspondence": "Customer Service",
        "Forms": "Operations",
    }
    assert taxonomy.destination("Invoices") == Destination(
        "Accounts Payable", None, "invoices-default"
    )


def test_the_default_taxonomy_names_the_prompt_it_came_from():
    source = default_taxonomy().source
    assert source is not None
    assert source.sha256 == loader.load("document_classification").sha256


@pytest.mark.parametrize("name", [None, "", "Recipes", "invoices"])
def test_an_unknown_label_goes_nowhere(name):
    assert default_taxonomy().destination(name) is None


@pytest.mark.parametrize("name", ["Invoices", "invoices", " INVOICES "])
def test_find_forgives_case_and_spaces(name):
    found = default_taxonomy().find(name)
    assert found is not None
    assert found.name == "Invoices"


def test_find_knows_no_other_label():
    assert default_taxonomy().find("Invoice") is None


@pytest.mark.parametrize(
    ("label", "text", "priority", "rule"),
    [
        ("Invoices", "FINAL\n  NOTICE: please pay", "High", "payment-overdue"),
        ("Invoices", "Letzte Mahnung vor Inkasso", "High", "payment-overdue"),
        ("Invoices", "Total due 720.00", "Medium", None),
        ("Correspondence", "This is urgent.", "High", "urgent"),
        ("Correspondence", "Bitte dringend prüfen", "High", "urgent"),
        ("Correspondence", "He is an insurgent.", "Medium", None),
        ("Correspondence", "To unsubscribe, click here", "Low", "newsletter"),
        ("Correspondence", "Urgent! Or unsubscribe.", "High", "urgent"),
        ("Reports", "The matter is urgent.", "Low", None),
        ("Contracts", "a notice of termination may be given", "Medium", None),
    ],
)
def test_priority_follows_the_rules(label, text, priority, rule):
    decision = default_taxonomy().priority(label, document(text))
    assert (decision.priority, decision.rule) == (priority, rule)


def test_the_subject_counts_for_priority():
    letter = document("See below.", subject="URGENT: water damage")
    assert default_taxonomy().priority("Correspondence", letter).cue == "urgent"


def test_words_deep_inside_a_document_do_not_make_it_urgent():
    deep = document("x " * (HEAD_CHARACTERS // 2), "urgent")
    assert default_taxonomy().priority("Correspondence", deep).priority == "Medium"


def test_a_rule_without_labels_is_for_all():
    label = LabelDefinition("Claims", "claims", "Claims Desk", priority="Low")
    taxonomy = Taxonomy((label,), (PriorityRule("injury", "High", ("injured",)),))
    assert taxonomy.priority("Claims", document("She was injured.")).rule == "injury"
    assert taxonomy.priority("Claims", document("A dent.")).priority == "Low"


def test_rule_names_are_plain():
    label = LabelDefinition("HR / Bewerbungen", "x", "HR", assignee="Mia")
    assert label.destination == Destination("HR", "Mia", "hr-bewerbungen-default")


@pytest.mark.parametrize(
    ("labels", "rules", "problem"),
    [
        ((), (), "at least one label"),
        ((LabelDefinition("A", "a", "X"),) * 2, (), "given twice: A"),
        (
            (LabelDefinition("A", "a", "X"),),
            (PriorityRule("r", "High", ("now",), ("B",)),),
            "unknown labels: B",
        ),
    ],
)
def test_a_taxonomy_that_cannot_work_is_refused(labels, rules, problem):
    with pytest.raises(ConfigurationError, match=problem):
        Taxonomy(labels, rules)


def test_describe_gives_one_line_a_label():
    lines = default_taxonomy().describe().splitlines()
    assert len(lines) == 5
    assert lines[1] == "- Invoices: Bills, receipts, payment requests and credit notes."


@pytest.mark.parametrize("names", [("A",), ("A", "B"), ("A", "B", "C", "D")])
def test_spread_sums_to_one(names):
    shares = spread("A", 0.7, names)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert set(shares) == set(names)
    assert shares["A"] == (1.0 if names == ("A",) else 0.7)
