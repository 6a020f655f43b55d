"""Facts are found where the text states them, normalised, and quoted word for word."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify import values
from classify.classification import Fact
from classify.facts import MOST_FACTS, extract, locate, merge, verify
from core.documents import Page, ParsedDocument

LABELS = ("Contracts", "Invoices", "Reports", "Correspondence", "Forms")


def document(*texts, **fields):
    pages = tuple(Page(number, text) for number, text in enumerate(texts, start=1))
    return ParsedDocument("text/plain", pages, form_fields=fields)


def found(label, *texts, **fields):
    return {fact.name: fact.value for fact in extract(document(*texts, **fields), label)}


ENGLISH_INVOICE = """\
Larkfield Tools Ltd
INVOICE
Invoice number: LT-2024/118     Invoice date: 5 March 2024
Please pay by 4 April 2024
Hammer 12.00
Subtotal 600.00
VAT 20% 120.00
Total 720.00
Amount due £720.00
"""
GERMAN_INVOICE = """\
Rechnungssteller:
Nordlicht Elektro GmbH
Rechnung
Rechnungsnummer 2024-0815 Rechnungsdatum 05.03.2024
Gesamtbetrag der Zuschläge 0,00
Rechnungssumme Netto (exkl. USt.) 1.000,00
Umsatzsteuer 19% 190,00
Rechnungsbetrag 1.190,00 EUR
Zahlbar bis 04.04.2024
IBAN: DE89 3704 0044 0532 0130 00
"""
CONTRACT = """\
SERVICE AGREEMENT

This Service Agreement is made and entered into as of January 5, 2024, by and between
Harbour Freight Lines, Inc., a Delaware corporation ("Carrier"), and Oakley
Grain LLC, an Ohio limited liability company.
1. The initial term of this Agreement shall be for a period of three (3) years.
2. This Agreement shall be governed by and construed in accordance with the laws of the State
of Ohio.
"""
GERMAN_CONTRACT = """\
Dienstleistungsvertrag
zwischen der Nordlicht Elektro GmbH, Kiel, und der Hafenbau AG, Hamburg.
Der Vertrag beginnt am 1. Februar 2024 und hat eine Laufzeit von 24 Monaten.
Es gilt deutsches Recht.
"""
FILING = """\
FORM 10-K
For the fiscal year ended December 31, 2023
Commission file number: 001-12345
QUIET HARBOR HOLDINGS, INC.
(Exact name of registrant as specified in its charter)
"""
MAIL = """\
From: Ann Lee <ann@example.com>
To: desk@example.com
Date: Thu, 22 Feb 2024 17:34:00 +0100
Subject: Broken pump

Dear Mr Okafor,
the pump of order no. 4471-B leaks.

From: somebody else
To: nobody
Kind regards,
Ann Lee
"""
LETTER = """\
Hafenbau AG
Hamburg, den 3. März 2024
Betreff: Ihre Anfrage
Aktenzeichen: HB-77/24
Sehr geehrte Frau Brandt,
vielen Dank.
Mit freundlichen Grüßen

Jens Petersen
"""
FORM = """\
Form AR-12
Application for a Street Permit
Full name: Maria Keller
Date of birth: 4 May 1990
Signature: ______
Note: Please print.
"""


@pytest.mark.parametrize(
    ("label", "text", "facts"),
    [
        (
            "Invoices",
            ENGLISH_INVOICE,
            {
                "invoice_number": "LT-2024/118",
                "total_due": "720.00 GBP",
                "due_date": "2024-04-04",
                "invoice_date": "2024-03-05",
            },
        ),
        (
            "Invoices",
            GERMAN_INVOICE,
            {
                "invoice_number": "2024-0815",
                "total_due": "1190.00 EUR",
                "due_date": "2024-04-04",
                "invoice_date": "2024-03-05",
                "seller": "Nordlicht Elektro GmbH",
            },
        ),
        (
            "Contracts",
            CONTRACT,
            {
                "agreement": "SERVICE AGREEMENT",
                "party": "Harbour Freight Lines, Inc.",
                "counterparty": "Oakley Grain LLC",
                "effective_date": "2024-01-05",
                "governing_law": "Ohio",
            },
        ),
        (
            "Contracts",
            GERMAN_CONTRACT,
            {
                "party": "Nordlicht Elektro GmbH",
                "counterparty": "Hafenbau AG",
                "effective_date": "2024-02-01",
                "governing_law": "deutsches Recht",
                "term": "24 Monaten",
            },
        ),
        (
            "Reports",
            FILING,
            {
                "report": "FORM 10-K",
                "organisation": "QUIET HARBOR HOLDINGS, INC.",
                "period_end": "2023-12-31",
                "file_number": "001-12345",
            },
        ),
        (
            "Reports",
            "Geschäftsbericht 2023\nHafenbau AG\nUmsatz und Ertrag",
            {
                "report": "Geschäftsbericht 2023",
                "organisation": "Hafenbau AG",
                "fiscal_year": "2023",
            },
        ),
        (
            "Correspondence",
            MAIL,
            {
                "from": "Ann Lee <ann@example.com>",
                "to": "desk@example.com",
                "date": "2024-02-22",
                "subject": "Broken pump",
                "reference": "4471-B",
            },
        ),
        (
            "Correspondence",
            LETTER,
            {
                "date": "2024-03-03",
                "subject": "Ihre Anfrage",
                "reference": "HB-77/24",
                "addressee": "Frau Brandt",
                "signed_by": "Jens Petersen",
            },
        ),
        (
            "Forms",
            FORM,
            {
                "form_number": "AR-12",
                "form_title": "Application for a Street Permit",
                "applicant": "Maria Keller",  # and not full_name, which says the same
                "date_of_birth": "4 May 1990",
            },
        ),
    ],
)
def test_what_a_document_states_is_found(label, text, facts):
    assert found(label, text) == facts
    for fact in extract(document(text), label):
        assert fact.quote in text


def test_other_labels_have_no_facts():
    assert extract(document(ENGLISH_INVOICE), "Recipes") == ()
    assert extract(document("", " "), "Invoices") == ()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Total due: USD 1,234.50", "1234.50 USD"),
        ("BALANCE DUE (USD) 1,234.50", "1234.50 USD"),
        ("Zahlbetrag 1.234,50 €", "1234.50 EUR"),
        ("Amount due CHF 1'234.50", "1234.50 CHF"),
        ("Total due\n$99.00", "99.00 USD"),
        ("Total (incl. VAT) 99.00", "99.00"),
        ("Amount due 99.00", "99.00"),
        ("Amount due in 30 days", None),
        ("Total VAT 19.00", None),
        ("Total net 19.00", None),
        ("Gesamtbetrag der Abschläge 0,00", None),
        ("Total 3 items", None),
        ("Subtotal 12.00", None),
        ("Total discount 5.00 EUR", None),
    ],
)
def test_only_money_that_is_due_counts_as_the_total(line, value):
    assert found("Invoices", line).get("total_due") == value


def test_the_currency_of_the_document_is_taken_where_the_total_has_none():
    assert found("Invoices", "Alle Beträge in EUR\nZahlbetrag 12,00")["total_due"] == "12.00 EUR"
    assert found("Invoices", "EUR or USD\nAmount due 12.00")["total_due"] == "12.00"


def test_the_last_plain_total_counts_but_an_explicit_one_wins():
    text = "Total 10.00\nTotal 20.00\n"
    assert found("Invoices", text)["total_due"] == "20.00"
    assert found("Invoices", "Amount due 5.00\n" + text)["total_due"] == "5.00"


def test_stacked_labels_are_not_mixed_up_with_stacked_values():
    stacked = "Invoice Date\nDue Date\n01.03.2024\n31.03.2024"
    assert "due_date" not in found("Invoices", stacked)
    single = "ACME\nDue Date\n31.03.2024\n"
    assert found("Invoices", single)["due_date"] == "2024-03-31"


def test_a_label_is_not_taken_for_a_number():
    assert "invoice_number" not in found("Invoices", "Invoice Number Date\nInvoice no. 01.02.2024")


def test_an_iban_with_wrong_check_digits_is_none():
    assert "iban" not in found("Invoices", "IBAN: DE88 3704 0044 0532 0130 00")
    right = found("Invoices", "IBAN: DE89 3704 0044 0532 0130 00")
    assert right["iban"] == "DE89370400440532013000"


def test_the_total_on_the_last_page_of_a_long_invoice_is_found():
    pages = ["Position 1"] * 30 + ["Amount due 12.00 EUR"]
    fact = extract(document(*pages), "Invoices")[0]
    assert (fact.value, fact.page) == ("12.00 EUR", 31)


def test_one_name_cannot_be_both_parties():
    text = "between Oakley Grain LLC, a company, and OAKLEY GRAIN LLC, again"
    assert "counterparty" not in found("Contracts", text)


def test_a_quoted_mail_below_does_not_fill_in_the_header():
    text = "From: a@example.com\nSubject: x\n\n---- forwarded ----\nTo: other@example.com\n"
    assert "to" not in found("Correspondence", text)


def test_filled_fields_count_where_the_page_shows_them():
    facts = found("Forms", "Permit\nName Maria Keller\n", Name="Maria Keller", City="Kiel", X="")
    assert facts == {"name": "Maria Keller"}


def test_binding_spaces_are_spaces():
    assert found("Invoices", "Invoice\xa0no.\xa0A-7")["invoice_number"] == "A-7"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-03-05", "2024-03-05"),
        ("05.03.2024", "2024-03-05"),
        ("5. 3. 24", "2024-03-05"),
        ("5. März 2024", "2024-03-05"),
        ("5th March 2024", "2024-03-05"),
        ("19 day of March, 2004", "2004-03-19"),
        ("Nov  5,  1999", "1999-11-05"),
        ("Dec. 1st 2020", "2020-12-01"),
        ("12/31/2023", "2023-12-31"),
        ("31/12/2023", "2023-12-31"),
        ("03/03/2023", "2023-03-03"),
        ("02/09/2020", "02/09/2020"),
        ("12/29/19", "2019-12-29"),
        ("01.01.99", "1999-01-01"),
        ("31.02.2024", None),
        ("13/13/2024", None),
        ("2024-13-01", None),
        ("hello", None),
    ],
)
def test_dates_are_read_as_written_or_not_at_all(text, value):
    assert values.read_date(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1 234,5", "1234.50"),
        ("-8,79", "-8.79"),
        ("720", "720.00"),
        ("1.234", "1234.00"),
        ("15387,08", "15387.08"),
        ("", None),
        ("1-2", None),
        ("abc", None),
    ],
)
def test_numbers_are_read_the_way_their_country_writes_them(text, value):
    number = values.read_number(text)
    assert (number is None) if value is None else (number == Decimal(value))


PAGES = document("Total  due\n720.00", "Invoice number: INV-7 of 5 March 2024")


@pytest.mark.parametrize(
    ("name", "value", "page", "quote", "kept"),
    [
        ("total", "720.00", 1, "Total due 720.00", ("720.00", 1, "Total  due\n720.00")),
        ("total", "720.00 GBP", 1, "Total  due\n720.00", ("720.00 GBP", 1, "Total  due\n720.00")),
        ("no", "INV-7", 1, "Invoice number: INV-7", ("INV-7", 2, "Invoice number: INV-7")),
        ("date", "2024-03-05", 2, "of 5 March 2024", ("2024-03-05", 2, "of 5 March 2024")),
        ("no", "inv-7", 2, "number: INV-7", ("inv-7", 2, "number: INV-7")),
        ("date", "2024-03-06", 2, "of 5 March 2024", None),
        ("total", "721.00", 1, "Total due 720.00", None),
        ("total", "720.00", 1, "Total due: 720.00", None),
        ("total", "", 1, "Total", None),
        ("total", "Total", 1, "", None),
        ("", "Total", 1, "Total", None),
        ("total", "Total", 99, "Total", ("Total", 1, "Total")),
        ("total", "x" * 300, 1, "Total", None),
    ],
)
def test_a_stated_fact_is_kept_only_if_the_text_carries_it(name, value, page, quote, kept):
    checked = verify([Fact(name, value, page, quote)], PAGES)
    assert [(fact.value, fact.page, fact.quote) for fact in checked] == ([kept] if kept else [])


def test_names_become_snake_case():
    assert verify([Fact(" Total Due! ", "720.00", 1, "720.00")], PAGES)[0].name == "total_due"


def test_merging_keeps_the_first_of_each_name_and_five_at_most():
    ours = [Fact("a", "1", 1, "1"), Fact("b", "2", 1, "2")]
    theirs = [Fact(name, "9", 1, "9") for name in "abcdefg"]
    merged = merge(ours, theirs)
    assert [(fact.name, fact.value) for fact in merged] == [
        ("a", "1"),
        ("b", "2"),
        ("c", "9"),
        ("d", "9"),
        ("e", "9"),
    ]


words = st.text(alphabet=st.sampled_from("ab c\n\t.:1€ÄPage"), min_size=1, max_size=60)


@given(words, words, words)
def test_a_located_quote_is_the_pages_own_words(before, quote, after):
    pages = document(before, before + quote + after)
    place = locate(quote, pages, page=2)
    if quote.strip():
        assert place is not None
        number, exact = place
        assert exact in pages.pages[number - 1].text
        assert exact.split() == quote.split()
    else:
        assert place is None


PIECES = st.sampled_from(
    [
        "Invoice number",
        "Total",
        "Due date",
        "From:",
        "between",
        " and ",
        "Acme Inc.",
        "12.00",
        "EUR",
        "2024-01-31",
        "\n",
        " ",
        ":",
        "Form 8",
        "Application",
        "term of 3 years",
        "IBAN DE89 3704 0044 0532 0130 00",
        "\xa0",
        "ß",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(LABELS))
def test_every_quote_stands_on_its_page_whatever_the_text(text, label):
    pages = document(text, text[::-1])
    facts = extract(pages, label)
    assert len(facts) <= MOST_FACTS
    assert len({fact.name for fact in facts}) == len(facts)
    for fact in facts:
        assert fact.quote in pages.pages[fact.page - 1].text
        assert fact.value.strip()


HOSTILE = {
    "capitals": "A" * 30_000,
    "names": "Aa " * 20_000,
    "between": "between Aa and " * 4000,
    "between firms": "between and Aa Bb Inc. " * 3000,
    "totals": "total " * 10_000,
    "spaces": " " * 50_000 + "x",
    "lines": "\n" * 50_000 + "x",
    "tabs": "From:\t" * 8000,
    "digits": "1" * 50_000,
    "grouped": "total 1.111" + ".111" * 10_000,
    "iban": "IBAN DE89" + " 3704" * 10_000,
    "laws": "governed by the laws of " * 4000,
    "terms": "term of the Aa shall continue " * 4000,
    "reports": "report " * 8000,
    "dates": "January " * 8000,
    "colons": "Aa: " * 12_000,
    "form": ("Form " * 200 + "\n") * 50,
    "dear": "Dear A" * 8000,
    "regards": "Regards,\n" * 5000,
    "exact name": "A\n(" * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_makes_the_search_explode(name):
    pages = document(HOSTILE[name], HOSTILE[name])
    started = time.process_time()
    for label in LABELS:
        extract(pages, label)
    assert time.process_time() - started < 2.0
