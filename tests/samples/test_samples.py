"""The sample documents are what they claim: complete, adding up, answerable and reproducible."""

import csv
import email
import email.policy
import html
import json
import re
import shutil
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from itertools import takewhile
from pathlib import Path

import docx
import pypdf
import pypdfium2
import pytest

from scripts import make_samples

FOLDER = Path(__file__).resolve().parents[2] / "samples"
REPORT = "hallam-reach-2025.pdf"
CLASSES = {"Contracts", "Invoices", "Reports", "Correspondence", "Forms"}
# Published in the IBAN registry, its documentation or by banks as examples; nobody's account.
EXAMPLE_IBANS = {
    "GB82WEST12345698765432",
    "NL91ABNA0417164300",
    "CH9300762011623852957",
    "DE02120300000000202051",
    "DE89370400440532013000",
}


def listing():
    with (FOLDER / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def questions():
    lines = (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def pdf_pages(path):
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    finally:
        document.close()


def docx_pages(path):
    document = docx.Document(str(path))
    lines = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        lines += [" ".join(cell.text for cell in row.cells) for row in table.rows]
    return ["\n".join(lines)]


def mail_pages(path):
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return [f"{message['subject']}\n{body.get_content()}"]


def html_pages(path):
    rows = re.sub(r"</t[dh]>\s*<t[dh][^>]*>", " ", path.read_text(encoding="utf-8"))
    return [html.unescape(re.sub(r"<[^>]+>", "", rows))]


READERS = {".pdf": pdf_pages, ".docx": docx_pages, ".eml": mail_pages, ".html": html_pages}


def pages(name):
    path = FOLDER / name
    reader = READERS.get(path.suffix)
    return reader(path) if reader else [path.read_text(encoding="utf-8")]


def amount(text):
    """A number as people write it: 1,234.50 or 1.234,50 or 1'234.50, (1.0) being negative."""
    sign = -1 if text.startswith("(") else 1
    digits = text.strip("()").replace("'", "")
    if re.search(r",\d{1,2}$", digits):
        digits = digits.replace(".", "").replace(",", ".")
    return sign * Decimal(digits.replace(",", ""))


def cents(value):
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_the_listing_names_exactly_the_files():
    found = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()}
    listed = {row["path"] for row in listing()}
    doubtful = {name for name in found if name.startswith("doubtful/")}

    assert len(doubtful) == 2
    assert found == listed | doubtful | {"labels.csv", "questions.jsonl"}
    assert len(listed) == len(listing())


def test_the_five_classes_are_about_even():
    counts = Counter(row["label"] for row in listing())

    assert set(counts) == CLASSES
    assert sum(counts.values()) >= 36
    assert max(counts.values()) - min(counts.values()) <= 2


def test_about_a_third_is_german_in_every_class():
    german = Counter(row["label"] for row in listing() if row["language"] == "de")

    assert {row["language"] for row in listing()} == {"en", "de"}
    assert 0.3 <= german.total() / len(listing()) <= 0.4
    assert set(german) == CLASSES


def test_the_formats_are_covered():
    found = {Path(row["path"]).suffix for row in listing()}

    assert found == {".pdf", ".docx", ".eml", ".html", ".txt", ".csv", ".md"}


def test_the_collection_is_small():
    assert sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()) < 2_000_000


@pytest.mark.parametrize("name", [row["path"] for row in listing()])
def test_every_document_has_words_enough_to_read(name):
    assert len(re.findall(r"\w{2,}", " ".join(pages(name)))) >= 60


def test_the_long_report_has_sixty_pages_that_all_say_something_else():
    texts = pdf_pages(FOLDER / REPORT)
    sentences: Counter[str] = Counter()
    for text in texts:
        sentences.update(set(re.findall(r"[A-Z][^.]{60,}\.", text.replace("\n", " "))))

    assert len(texts) == 60
    assert all(len(text) > 600 for text in texts[1:])
    assert texts[0].startswith("Hallam Reach Water plc")
    assert len(sentences) > 300
    assert max(sentences.values()) == 1


def test_the_contents_of_the_long_report_name_the_right_pages():
    texts = pdf_pages(FOLDER / REPORT)
    listed = texts[1].partition("Hallam Reach")[0]
    entries = re.findall(r"([A-Z][A-Za-z',\- ]+?) (\d+)\b", listed)
    begins = {title: texts[int(page) - 1].splitlines()[0] for title, page in entries}

    assert len(begins) == 35
    # Two entries stand for several pages each, of which the first has a title of its own.
    assert begins.pop("District reviews") == "Aldermoor district"
    assert begins.pop("Notes to the accounts") == "Note 1: Accounting policies"
    assert all(first.startswith(title) for title, first in begins.items())


ITEM = re.compile(r"([\d.,']+) [^\W\d][\w.]* ([\d.,']+) (\d[\d.,]*) ?% ([\d.,']+)$", re.MULTILINE)
INVOICES = {
    "invoice-BW-2025-0417.pdf": ("Subtotal GBP", "Total due GBP"),
    "copperline-20388.pdf": ("Subtotal", "TOTAL (USD)"),
    "hosting-2025-03.html": ("Total excl. VAT", "Total to be paid (EUR)"),
    "AG-0712-3.docx": ("Fee excluding VAT", "Amount payable CHF"),
    "rechnung-2025-1183.pdf": ("Nettobetrag", "Rechnungsbetrag EUR"),
    "rechnung-catering-0098.docx": ("Summe netto", "Gesamtbetrag €"),
}


def stated(text, words):
    """The amount at the end of the line that begins with these words."""
    match = re.search(rf"^\s*{re.escape(words)}\s+([\d.,']+)$", text, re.MULTILINE)
    assert match, words
    return amount(match[1])


@pytest.mark.parametrize(("name", "words"), INVOICES.items())
def test_an_invoice_adds_up(name, words):
    text = pages(name)[0]
    items = [tuple(map(amount, found)) for found in ITEM.findall(text)]
    taxed = text[text.index(words[0]) : text.index(words[1])]
    taxes = re.findall(r"(\d[\d.,]*) ?%[^%\n]*? ([\d.,']+)$", taxed, re.MULTILINE)

    assert len(items) >= 4
    assert all(cents(n * price) == total for n, price, _, total in items)
    net = sum(item[3] for item in items)
    assert net == stated(text, words[0])
    for rate, tax in taxes:
        base = sum(item[3] for item in items if item[2] == amount(rate))
        assert cents(base * amount(rate) / 100) == amount(tax)
    assert {amount(rate) for rate, _ in taxes} == {item[2] for item in items} - {Decimal(0)}
    assert net + sum(amount(tax) for _, tax in taxes) == stated(text, words[1])


def test_the_listed_invoices_are_all_checked():
    receipts = {"cafe-lanterna.txt", "kassenbon-7714.txt"}

    assert {r["path"] for r in listing() if r["label"] == "Invoices"} == set(INVOICES) | receipts


@pytest.mark.parametrize(
    ("name", "total", "tax", "net", "rate"),
    [
        ("cafe-lanterna.txt", "TOTAL EUR", "VAT 13.5% included", "Net", "13.5"),
        ("kassenbon-7714.txt", "SUMME EUR", "MwSt 19,0 % enthalten", "Nettobetrag", "19"),
    ],
)
def test_a_receipt_adds_up(name, total, tax, net, rate):
    text = pages(name)[0]
    goods = re.split(r"-{20,}\n", text)[1]
    prices = [amount(line.split()[-1]) for line in goods.splitlines()]

    assert sum(prices) == stated(text, total)
    inside = stated(text, total) * Decimal(rate) / (100 + Decimal(rate))
    assert stated(text, tax) == cents(inside)
    assert stated(text, tax) + stated(text, net) == stated(text, total)


def statement(text, first, last):
    """This year's amounts of the lines from one to another, the last being the sum."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if re.match(rf"{first} \(?\d", line))
    found = [*takewhile(lambda line: not line.startswith(f"{last} "), lines[start:])]
    total = lines[start + len(found)]
    return [numbers(line)[0] for line in found], numbers(total)[0]


def numbers(line):
    return [amount(n) for n in re.findall(r"(?<= )\(?-?[\d,]*\.?\d+\)?(?= |$)", line)]


@pytest.mark.parametrize(
    ("page", "first", "last"),
    [
        (52, "Revenue", "Operating profit"),
        (53, "Property, plant and equipment", "Total assets"),
        (53, "Borrowings", "Total liabilities"),
        (54, "Operating profit", "Net cash from operations"),
        (54, "Purchase of property, plant and equipment", "Net cash used in investment"),
        (54, "Interest paid", "Net cash used in financing"),
        (57, "Salaries", "Wages and salaries"),
        (57, "Information technology", "Other operating costs"),
    ],
)
def test_the_accounts_of_the_long_report_add_up(page, first, last):
    parts, total = statement(pdf_pages(FOLDER / REPORT)[page - 1], first, last)

    assert len(parts) >= 2
    assert sum(parts) == total


def test_the_balance_sheet_balances_and_the_cash_agrees():
    texts = pdf_pages(FOLDER / REPORT)
    sheet, flow = texts[52], texts[53]

    assert line_numbers(sheet, "Total assets") == line_numbers(
        sheet, "Total equity and liabilities"
    )
    assert line_numbers(flow, "Cash at 31 March 2025")[-1] == line_numbers(sheet, "Cash")[0]


def line_numbers(text, words):
    return next(numbers(line) for line in text.splitlines() if line.startswith(f"{words} "))


def test_the_districts_sum_to_the_group():
    lines = pdf_pages(FOLDER / REPORT)[55].splitlines()
    rows = [numbers(line) for line in lines if len(numbers(line)) == 4]

    assert len(rows) == 19
    assert [sum(column) for column in zip(*rows[:-1], strict=True)] == rows[-1]


def test_the_half_year_report_balances():
    text = pages("marnock-h1-2025.pdf")[0]
    lines = {line.rsplit(" ", 2)[0]: line.rsplit(" ", 2)[1:] for line in text.splitlines()}
    assets, claims = lines["Total assets"], lines["Total equity and liabilities"]

    assert assets == claims
    parts, total = statement(text, "Revenue", "Operating profit")
    assert sum(parts) == total


def test_twenty_questions_have_an_answer_and_four_have_none():
    asked = questions()
    unanswerable = [q for q in asked if q["path"] is None]

    assert len(asked) - len(unanswerable) == 20
    assert len(unanswerable) == 4
    assert all(q["page"] is None and q["answer"] is None for q in unanswerable)
    assert len({q["question"] for q in asked}) == 24


@pytest.mark.parametrize(
    "asked", [q for q in questions() if q["path"]], ids=lambda q: f"{q['path']}-{q['answer']}"
)
def test_an_answer_stands_word_for_word_on_its_page(asked):
    texts = pages(asked["path"])

    assert asked["path"] in {row["path"] for row in listing()}
    assert re.search(rf"(?<!\w){re.escape(asked['answer'])}(?!\w)", texts[asked["page"] - 1])


def test_the_form_has_real_fields_that_are_filled_in():
    fields = pypdf.PdfReader(FOLDER / "supplier-registration.pdf").get_fields()

    assert fields is not None
    assert len(fields) >= 20
    assert {field["/FT"] for field in fields.values()} == {"/Tx", "/Btn", "/Ch"}
    assert fields["legal_name"].value == "Snapdragon Signage Ltd"
    assert fields["goods"].value == "/Yes"
    assert fields["works"].value == "/Off"


def test_a_report_is_set_in_two_columns():
    document = pypdfium2.PdfDocument(FOLDER / "safety-q3-2025.pdf")
    try:
        page = document[0]
        middle = page.get_width() / 2
        text = page.get_textpage()
        boxes = [text.get_rect(i) for i in range(text.count_rects())]
    finally:
        document.close()

    left = [box for box in boxes if box[2] < middle]
    right = [box for box in boxes if box[0] > middle]
    assert len(left) > 20
    assert len(right) > 20
    assert len(left) + len(right) == len(boxes)


def mail(name):
    return email.message_from_bytes((FOLDER / name).read_bytes(), policy=email.policy.default)


def test_the_mails_are_of_three_kinds():
    alternative, attached, latin = map(
        mail, ("harbour-survey.eml", "oak-samples.eml", "ortstermin.eml")
    )

    assert alternative.get_content_type() == "multipart/alternative"
    assert [part.get_filename() for part in attached.iter_attachments()] == ["oak-samples.pdf"]
    assert latin.get_content_charset() == "iso-8859-1"
    assert "Frau Öztürk".encode("latin-1") in (FOLDER / "ortstermin.eml").read_bytes()


def everything():
    names = [row["path"] for row in listing()]
    names += [f"doubtful/{path.name}" for path in (FOLDER / "doubtful").iterdir()]
    heads = [path.read_text(encoding="latin-1") for path in FOLDER.glob("*.eml")]
    return "\n".join(heads + [text for name in names for text in pages(name)])


def test_no_address_on_the_internet_can_belong_to_anybody():
    hosts = re.findall(r"[\w.+-]+@([\w.-]+\w)|(?:www\.)([\w.-]+\w)", everything())

    assert len(hosts) > 15
    assert {(a or b).rsplit(".", 1)[-1] for a, b in hosts} == {"example"}


def test_every_bank_account_is_a_published_example():
    found = re.findall(r"\b[A-Z]{2}\d{2}\s(?:[A-Z\d]{2,4}\s){3,7}[A-Z\d]{1,4}\b", everything())

    assert found
    assert {re.sub(r"\s", "", iban) for iban in found} <= EXAMPLE_IBANS


def test_making_them_again_gives_the_same():
    assert make_samples.check(FOLDER) == []


@pytest.mark.parametrize(
    "name", ["supplier-registration.pdf", "AG-0712-3.docx", "oak-samples.eml", "safety-q3-2025.pdf"]
)
def test_making_twice_gives_the_same_bytes(name):
    sample = next(sample for sample in make_samples.SAMPLES if sample.path == name)

    assert sample.make() == sample.make()


def test_the_check_tells_what_differs(tmp_path):
    folder = tmp_path / "samples"
    shutil.copytree(FOLDER, folder)
    (folder / "labels.csv").write_text("path,label\n", encoding="utf-8")
    (folder / "extra.txt").write_text("not ours", encoding="utf-8")
    (folder / REPORT).unlink()
    shutil.copy(folder / "kuendigungsschreiben.pdf", folder / "safety-q3-2025.pdf")

    assert make_samples.check(folder) == [
        "extra.txt: not made by this script",
        f"{REPORT}: missing",
        "labels.csv: differs",
        "safety-q3-2025.pdf: differs",
    ]


def test_other_packing_of_the_same_words_is_the_same():
    data = (FOLDER / "doubtful/unit-1187.pdf").read_bytes()

    assert make_samples.same("a.pdf", data, data + b"\n%repacked\n")
    assert not make_samples.same("a.txt", data, data + b"\n")
