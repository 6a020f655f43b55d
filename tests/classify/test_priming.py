"""The primer makes the same invented texts everywhere and leaves no slot open."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from classify import priming


def test_every_label_of_the_default_taxonomy_and_the_foreign_are_primed():
    labels = {template.label for template in priming.templates()}
    assert labels == {
        "Contracts",
        "Invoices",
        "Reports",
        "Correspondence",
        "Forms",
        priming.OTHER,
    }


@given(st.integers(0, 10_000))
def test_no_choice_or_slot_is_left_open(seed):
    rng = random.Random(seed)  # noqa: S311 (no secret)
    template = rng.choice(list(priming.templates()))
    text = priming.fill(template.text, rng)
    assert not re.search(r"<(?:date|amount|person|company|int|firma|name)>|\{[^{}]*\|", text)
    assert len(text) > 60


def test_the_same_seed_gives_the_same_texts():
    assert priming.prime(2, seed=3) == priming.prime(2, seed=3)
    assert priming.prime(1, seed=3) != priming.prime(1, seed=4)


def test_choices_nest_and_braces_can_be_written():
    rng = random.Random(0)  # noqa: S311 (no secret)
    assert priming.fill(r"{a|{a|a}} \{<letter>\}", rng)[:3] == "a {"


def test_invented_names_are_known_and_common_words_are_not_among_them():
    assert {"okafor", "springfield", "schneider"} <= priming.invented()
    assert not {"inc", "gmbh", "the"} & priming.invented()
