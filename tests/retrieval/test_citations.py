"""The quote gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import Span
from retrieval.citations import Verdict, check, locate, names, numbers, unsupported, verify

PAGE = (
    "The fee is 720.00 GBP, not 20.00 GBP. The “Supplier” may raise it by 5 %\n"
    "once a year. The infor-\nmation is con\u00adfidential; the low-cost offer ends on 3 May.\n"
    "Account 12,345.60 was ﬁnally settled at −5 degrees; see note 10² and 1,234² below."
)


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("The fee is 720.00 GBP", "The fee is 720.00 GBP"),
        ("  the FEE   is\n720.00 GBP ", "The fee is 720.00 GBP"),
        ('The "Supplier" may raise it by 5 % once a year', None),
        ("The information is confidential", "The infor-\nmation is con\u00adfidential"),
        ("the low-cost offer", "the low-cost offer"),
        ("was finally settled", "was ﬁnally settled"),
        ("20.00 GBP", "20.00 GBP"),
        ("1,234", "1,234"),
    ],
)
def test_a_quote_is_found_at_its_exact_place(quote, words):
    place = locate(quote, PAGE)
    assert place is not None
    start, end = place
    assert verify(quote, PAGE, start, end)
    assert words is None or PAGE[start:end] == words


@pytest.mark.parametrize(
    "quote",
    [
        "The fee is 730.00 GBP",
        "The fee is 720.00 EUR",
        "The fee is 72",
        "0.00 GBP, not 20.00",
        "345.60",
        "5 degrees",
        "note 102",
        "upplier",
        "The fee is GBP",
        "The Supplier may not raise it",
        "",
        "   ",
        "\u00ad",
    ],
)
def test_a_quote_with_another_number_name_or_torn_word_is_not_found(quote):
    assert locate(quote, PAGE) is None


def test_of_several_places_the_nearest_is_taken():
    page = "kiln one, kiln two, kiln three"
    assert locate("kiln", page, near=0) == (0, 4)
    assert locate("kiln", page, near=12) == (10, 14)
    assert locate("kiln", page, near=99) == (20, 24)


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 2), (0, 10_000)])
def test_a_place_outside_the_page_verifies_nothing(start, end):
    assert not verify("The", PAGE, start, end)


def test_verdicts_tell_apart_what_is_wrong():
    pages = {1: "The lease ends in May. The rent is 100.", 2: "The kiln is fired at nine by Ada."}
    assert check("The rent is 100", pages, 1).span == Span(1, 23, 38)
    assert check("The rent is 100", pages, 1).verdict is Verdict.FOUND
    elsewhere = check("The kiln is fired", pages, 1)
    assert elsewhere.verdict is Verdict.MISATTRIBUTED
    assert elsewhere.span == Span(2, 0, 17)
    assert check("The rent is 200", pages, 1).verdict is Verdict.NOT_FOUND
    assert check("anything at all", {}, 1).verdict is Verdict.NOT_FOUND


@pytest.mark.parametrize(
    "quote",
    [
        "The lease ends in May … fired at nine by Ada",
        "The lease ends in [...] nine by Ada",
        "The rent is fired at nine",
    ],
)
def test_pieces_that_stand_apart_are_stitched(quote):
    pages = {1: "The lease ends in May. The rent is 100.", 2: "The kiln is fired at nine by Ada."}
    assert check(quote, pages, 1).verdict is Verdict.STITCHED
    assert check(quote, pages, 1).span is None


@pytest.mark.parametrize(
    "quote", ["The lease of 100", "May Ada", "The lease … a barn … by Ada now"]
)
def test_scraps_of_words_are_not_even_stitched(quote):
    pages = {1: "The lease ends in May. The rent is 100.", 2: "The kiln is fired at nine by Ada."}
    assert check(quote, pages, 1).verdict is Verdict.NOT_FOUND


def test_numbers_and_names_of_a_statement_are_held_against_its_evidence():
    statement = "The fee that Ada Coyle agreed with Tidewell on 3 May 2025 is 1,250.00 GBP."
    assert numbers(statement) == ["3", "2025", "1,250.00"]
    assert names(statement) == ["Ada", "Coyle", "Tidewell", "May", "GBP"]
    evidence = "On 3 May 2025 Ada Coyle agreed 1,250.00 GBP"
    assert unsupported(numbers(statement), evidence) == []
    assert unsupported(names(statement), evidence) == ["Tidewell"]
    assert unsupported(["250.00"], evidence) == ["250.00"]


WORDS = st.lists(st.text(alphabet="abcdeXYZ", min_size=1, max_size=6), min_size=1, max_size=25)


@given(words=WORDS, data=st.data())
def test_any_run_of_whole_words_is_found_however_it_is_spaced(words, data):
    gaps = data.draw(
        st.lists(st.sampled_from([" ", "\n", "  ", "\t"]), min_size=len(words), max_size=len(words))
    )
    page = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = "\n ".join(words[first : last + 1])
    place = locate(quote, page)
    assert place is not None
    assert page[slice(*place)].casefold().split() == quote.casefold().split()
    assert verify(quote, page, *place)


@given(before=st.text(max_size=80), after=st.text(max_size=80), near=st.integers(0, 200))
def test_words_are_found_in_the_page_amid_anything(before, after, near):
    page = f"{before} Kiln 12\u00a0b {after}"
    place = locate("kiln 12 B", page, near)
    assert place is not None
    assert 0 <= place[0] < place[1] <= len(page)
    assert verify("kiln 12 b", page, *place)


@given(number=st.integers(0, 99_999), other=st.integers(0, 99_999))
def test_a_number_is_only_found_where_it_stands_whole(number, other):
    assert (locate(str(number), f"a total of {other}, paid") is not None) == (number == other)
