"""Each format reads as a person would read it; files are made here, honest and hostile."""

import base64
import io
import zipfile
from email.message import EmailMessage
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import cast

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
)
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    NotADocument,
    TooLarge,
    UnsupportedMediaType,
)
from ingest.parsers import pdf as pdf_reader
from ingest.parsers.characters import clean, decode, tidy
from ingest.parsers.choose import choose, supported
from ingest.parsers.contract import (
    CSV,
    DOCX,
    HTML,
    MAIL,
    MARKDOWN,
    PDF,
    TEXT,
    About,
    Bounds,
    Opened,
)
from ingest.parsers.webpage import visible_text

BOUNDS = Bounds(max_pages=100, max_characters=200_000, max_expansion=200)
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@pytest.fixture
def reads(tmp_path):
    """Open bytes as a media type."""

    def open_bytes(data: bytes | str, media_type: str, bounds: Bounds = BOUNDS) -> Opened:
        path = tmp_path / "document"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return choose(media_type)(path, bounds)

    return open_bytes


# --- the contract


def test_every_media_type_has_a_reader_and_no_other_has():
    assert set(supported()) == {PDF, DOCX, MAIL, HTML, CSV, MARKDOWN, TEXT}
    with pytest.raises(UnsupportedMediaType, match="image/png"):
        choose("image/png")


@pytest.mark.parametrize("media_type", [MAIL, HTML, CSV, MARKDOWN, TEXT])
def test_what_has_no_pages_has_one(reads, media_type):
    opened = reads("From: a@example.org\n\nSome words, more words\n", media_type)

    assert opened.pages == 1
    assert "words" in opened.text(1)
    with pytest.raises(IndexError):
        opened.text(2)


@pytest.mark.parametrize("media_type", [MAIL, HTML, CSV, MARKDOWN, TEXT])
def test_too_many_characters_are_refused(reads, media_type):
    with pytest.raises(TooLarge, match="1,000"):
        reads("From: a@example.org\n\n" + "word, " * 400, media_type, Bounds(10, 1000, 200))


@pytest.mark.parametrize("media_type", [MAIL, CSV, MARKDOWN, TEXT])
def test_a_file_of_blanks_is_empty(reads, media_type):
    with pytest.raises(EmptyDocument):
        reads(" \n\t\r\n  ", media_type)


def test_what_a_file_says_of_itself_is_bounded():
    about = About({"title": "x" * 10**6}, {str(n): "v" for n in range(10**5)}, ("n",) * 10**5)

    bounded = about.bounded()

    assert len(bounded.metadata["title"]) == 2000
    assert len(bounded.form_fields) == len(bounded.attachments) == 2000


# --- characters


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus Köln, die Prüfung läuft", "utf-8"),
        ("Grüße aus Köln, die Prüfung läuft", "utf-8-sig"),
        ("Grüße aus Köln, die Prüfung läuft", "utf-16"),
        ("Grüße aus Köln, die Prüfung läuft", "utf-16-le"),
        ("Grüße aus Köln, die Prüfung läuft", "utf-16-be"),
        ("Grüße aus Köln, die Prüfung läuft", "utf-32"),
        ("Grüße aus Köln, die Prüfung läuft", "latin-1"),
        ("Señor García: la factura asciende a 720,00 € más IVA", "cp1252"),
        ("L'entreprise a été créée à l'été, très élégante", "cp1252"),
        ("He said “fine” – it’s £20.", "cp1252"),
        ("Zażółć gęślą jaźń, umowa najmu lokalu użytkowego", "cp1250"),
        ("Договор поставки товара между сторонами", "cp1251"),
        ("Договор поставки товара между сторонами заключён сегодня", "koi8-r"),
        ("合同编号:本合同由甲方与乙方签订。发票金额为一千元。", "gb18030"),
        ("契約書 本契約は甲乙間において締結される。", "shift_jis"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text, encoding):
    assert decode(text.encode(encoding)) == text


def test_a_declared_encoding_is_believed_only_where_it_fits():
    assert decode("Ödeme günü: şubat".encode("cp1254"), "cp1254") == "Ödeme günü: şubat"
    assert decode("Zürich".encode(), "no-such-charset") == "Zürich"
    assert decode("Zürich".encode("cp1252"), "utf-8") == "Zürich"


def test_broken_bytes_in_utf8_cost_themselves_only():
    text = "Grüße, Prüfung, Änderung, Überweisung — " * 20

    assert decode(text.encode() + b"\xff end") == text + "\ufffd end"


@given(st.binary(max_size=300))
def test_decoding_never_fails(data):
    assert isinstance(decode(data), str)


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_clean_text_can_be_stored_sent_and_cleaned_again(text):
    cleaned = clean(text)

    cleaned.encode("utf-8")
    assert not set(cleaned) & set("\x00\r\f\x02\ufffe\xad\u200b\u202e\ufeff")
    assert clean(cleaned) == cleaned
    assert clean(tidy(text)) == tidy(text)


def test_clean_text_keeps_what_can_be_seen():
    assert clean("a\r\nb\rc\x0cd") == "a\nb\nc\nd"
    assert clean("20\xa0000\u202f€\tof\xadfice \ufb01ne e\u0301") == "20 000 €\toffice fine é"
    assert clean("ignore\U000e0041\U000e0042 me\u202e") == "ignore me"
    assert tidy("\n\na  \n\n\n\nb\n") == "a\n\nb"


# --- PDF


def make_pdf(*pages: str, **options) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, **options)
    for text in pages:
        for place, line in enumerate(text.split("\n")):
            canvas.drawString(72, 750 - 14 * place, line)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def make_form(**values: str) -> PdfWriter:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawString(72, 700, "Name:")
    canvas.acroForm.textfield(name="full_name", x=150, y=690, width=200, value="Ada Lovelace")
    canvas.acroForm.textfield(name="untouched", x=150, y=650, width=200)
    canvas.acroForm.checkbox(name="agrees", x=150, y=600, checked=True)
    canvas.acroForm.checkbox(name="declines", x=150, y=550)
    canvas.save()
    return PdfWriter(clone_from=PdfReader(stream))


def saved(writer: PdfWriter) -> bytes:
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def test_a_pdf_reads_page_by_page_in_any_order(reads):
    opened = reads(make_pdf("first page\nsecond line", "", "third page"), PDF)

    assert opened.pages == 3
    assert opened.text(3) == "third page"
    assert opened.text(1) == "first page\nsecond line"
    assert opened.text(2) == ""


def test_a_pdf_says_its_title_and_attachments_but_not_what_programs_put_there(reads):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf("words"))))
    writer.add_metadata({"/Title": "Annual report", "/Author": "(anonymous)"})
    writer.add_attachment("invoice.xml", b"<x/>")

    about = reads(saved(writer), PDF).about()

    assert about.metadata["title"] == "Annual report"
    assert "author" not in about.metadata
    assert about.attachments == ("invoice.xml",)


def test_what_somebody_typed_into_a_form_is_in_the_text_and_in_the_fields(reads):
    opened = reads(saved(make_form()), PDF)

    assert opened.text(1).split() == ["Name:", "Ada", "Lovelace"]
    assert dict(opened.about().form_fields) == {"full_name": "Ada Lovelace", "agrees": "Yes"}


def test_a_typed_value_without_an_appearance_is_read_too(reads):
    writer = make_form()
    for note in cast("ArrayObject", writer.pages[0]["/Annots"]):
        field = cast("DictionaryObject", note.get_object())
        field.pop("/AP", None)
        if str(field["/T"]) == "full_name":
            field[NameObject("/V")] = TextStringObject("Grace Hopper")
    form = cast("DictionaryObject", writer.root_object["/AcroForm"])
    form[NameObject("/NeedAppearances")] = BooleanObject(value=True)

    opened = reads(saved(writer), PDF)

    assert "Grace Hopper" in opened.text(1)
    assert opened.about().form_fields["full_name"] == "Grace Hopper"


def test_a_pdf_behind_a_password_is_encrypted_and_one_without_opens(reads):
    closed = make_pdf("secret", encrypt=StandardEncryption("user", "owner", strength=128))
    opens = make_pdf("public", encrypt=StandardEncryption("", "owner", strength=128))

    with pytest.raises(EncryptedDocument):
        reads(closed, PDF)
    assert reads(opens, PDF).text(1) == "public"


def test_the_second_engine_opens_what_the_first_cannot(reads):
    far_header = b"junk" * 400 + make_pdf("page one", "page two")

    opened = reads(far_header, PDF)

    assert (opened.pages, opened.text(2)) == (2, "page two")
    assert "created" in opened.about().metadata


def test_the_second_engine_reads_drawn_words_that_the_first_cannot_name(reads, monkeypatch):
    monkeypatch.setattr(pdf_reader, "_visible", lambda _page: " \r\n")

    opened = reads(make_pdf("drawn words", ""), PDF)

    assert opened.text(1) == "drawn words"
    assert opened.text(2) == ""


def test_a_damaged_page_never_shows_the_words_of_another(reads):
    whole = make_pdf("first page", "second page", "third page", pageCompression=0)
    kids = whole[whole.index(b"/Kids [") :].split(b"]")[0]
    lost = kids.split(b" R ")[1].strip() + b" R"

    opened = reads(whole.replace(kids, kids.replace(lost, b"99 0 R")), PDF)

    assert opened.pages == 3
    assert [opened.text(1), opened.text(3)] == ["first page", "third page"]
    with pytest.raises(CorruptDocument):
        opened.text(2)


@pytest.mark.parametrize("size", [15, 200, 700])
def test_a_pdf_cut_short_is_corrupt(reads, size):
    with pytest.raises(CorruptDocument):
        reads(make_pdf("words")[:size], PDF)


def test_pages_are_counted_before_any_is_read(reads):
    with pytest.raises(TooLarge, match="12 pages"):
        reads(make_pdf(*["page"] * 12), PDF, Bounds(10, 1000, 200))


@pytest.mark.parametrize(
    ("extracted", "mended"),
    [
        ("a long\x02term plan", "a long-term plan"),
        ("invest\x02ments and other investments", "investments and other investments"),
        (
            "non\x02exclusive, nonexclusive, non-exclusive",
            "non-exclusive, nonexclusive, non-exclusive",
        ),
        ("COVID\x0219 and the Dodd\ufffeFrank Act", "COVID-19 and the Dodd-Frank Act"),
        ("By\xadLaws", "By-Laws"),
        ("\uf0b7 an item", "• an item"),
    ],
)
def test_a_hyphen_at_a_line_end_goes_only_where_the_page_has_the_whole_word(extracted, mended):
    assert pdf_reader.mend_hyphens(extracted) == mended


# --- Word


def make_docx(build) -> bytes:
    document = docx.Document()
    build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def repack(data: bytes, **parts: bytes) -> bytes:
    """Replace or add parts of a docx file, named by their last word."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(Path(name).stem, b"") or old.read(name))
        for name, content in parts.items():
            new.writestr(f"word/embeddings/{name}.bin", content)
    return stream.getvalue()


def test_a_docx_reads_in_the_order_of_the_page(reads):
    def build(document):
        document.add_heading("Service contract", level=1)
        document.add_paragraph("Between the parties.")
        table = document.add_table(rows=2, cols=2)
        for cell, text in zip(table._cells, ("Item", "Price", "Pen\nblue", "1.20"), strict=True):
            cell.text = text
        document.add_paragraph("Last words", style="List Bullet")
        document.sections[0].header.paragraphs[0].text = "Acme Ltd"
        document.sections[0].footer.paragraphs[0].text = "Confidential"
        document.add_section()
        document.core_properties.title = "The title"
        document.core_properties.author = "The author"

    opened = reads(make_docx(build), DOCX)

    assert opened.text(1).split("\n") == [
        "Acme Ltd",
        "",
        "Service contract",
        "",
        "Between the parties.",
        "",
        "Item | Price",
        "Pen blue | 1.20",
        "",
        "- Last words",
        "Confidential",
    ]
    assert opened.about().metadata["title"] == "The title"
    assert opened.about().metadata["author"] == "The author"


def test_words_in_links_insertions_controls_and_boxes_are_read_and_deleted_ones_are_not(reads):
    body = (
        f"<w:p {WORD}><w:r><w:t>start</w:t><w:tab/><w:t>tabbed</w:t></w:r>"
        "<w:ins><w:r><w:t> inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText> deleted</w:delText></w:r></w:del>"
        "<w:hyperlink><w:r><w:t> linked</w:t></w:r></w:hyperlink>"
        "<w:sdt><w:sdtPr><w:alias w:val='Customer'/></w:sdtPr>"
        "<w:sdtContent><w:r><w:t> Ada Ltd</w:t></w:r></w:sdtContent></w:sdt>"
        "<w:r><w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent></w:r></w:p>"
    )

    opened = reads(make_docx(lambda d: d.element.body.insert(0, parse_xml(body))), DOCX)

    assert opened.text(1) == "start\ttabbed inserted linked Ada Ltd\nboxed"
    assert opened.about().form_fields == {"Customer": "Ada Ltd"}


def test_a_table_in_a_cell_stays_in_its_cell(reads):
    def build(document):
        outer = document.add_table(rows=1, cols=2)
        inner = outer.cell(0, 0).add_table(rows=1, cols=2)
        inner.cell(0, 0).text, inner.cell(0, 1).text = "a", "b"
        outer.cell(0, 1).text = "c"

    assert reads(make_docx(build), DOCX).text(1) == "a | b | c"


def test_a_single_row_of_blocks_is_layout(reads):
    def build(document):
        table = document.add_table(rows=1, cols=2)
        table.cell(0, 0).text = "To:\nAda Ltd"
        table.cell(0, 0).add_paragraph("London")
        table.cell(0, 1).text = "No. 7"

    assert reads(make_docx(build), DOCX).text(1) == "To:\nAda Ltd\nLondon\nNo. 7"


def test_embedded_files_are_listed(reads):
    data = repack(make_docx(lambda d: d.add_paragraph("words")), budget=b"xls")

    assert reads(data, DOCX).about().attachments == ("budget.bin",)


def test_a_docx_without_properties_has_none(reads):
    data = make_docx(lambda d: d.add_paragraph("words"))
    bare = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(bare, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "_rels/.rels":
                content = content.replace(b"/metadata/core-properties", b"/metadata/other")
            new.writestr(name, content)

    assert reads(bare.getvalue(), DOCX).about().metadata == {}


BOMB = f"<w:document {WORD}><w:body>{'<w:p/>' * 4_000_000}</w:body></w:document>".encode()
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + f"]><w:document {WORD}><w:body><w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>"
).encode()
FOREIGN = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    f"<w:document {WORD}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
).encode()


@pytest.mark.parametrize(
    ("part", "reason"),
    [(BOMB, "max_expansion"), (LAUGHS, "entities"), (FOREIGN, "entities"), (b"<w:", "be read")],
    ids=["bomb", "laughs", "foreign file", "broken"],
)
def test_a_hostile_docx_is_corrupt(reads, part, reason):
    with pytest.raises(CorruptDocument, match=reason):
        reads(repack(make_docx(lambda d: d.add_paragraph("x")), document=part), DOCX)


def test_a_docx_that_is_none(reads):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("readme.txt", "hello")

    with pytest.raises(NotADocument):
        reads(archive.getvalue(), DOCX)
    with pytest.raises(CorruptDocument):
        reads(make_docx(lambda d: d.add_paragraph("x"))[:-500], DOCX)


# --- mail


def test_a_mail_reads_as_headers_then_words(reads):
    message = EmailMessage()
    message["Subject"] = "Rechnung für März"
    message["From"] = "Jürgen Groß <jg@example.org>"
    message["To"] = "office@example.com"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    message.set_content("Guten Tag,\n\nanbei die Rechnung.\n")
    message.add_alternative("<p>Other words</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="März.pdf")

    opened = reads(bytes(message), MAIL)

    assert opened.text(1) == (
        "From: Jürgen Groß <jg@example.org>\nTo: office@example.com\n"
        "Date: Mon, 02 Mar 2026 10:00:00 +0100\nSubject: Rechnung für März\n\n"
        "Guten Tag,\n\nanbei die Rechnung."
    )
    about = opened.about()
    assert about.metadata["subject"] == "Rechnung für März"
    assert about.metadata["from"] == "Jürgen Groß <jg@example.org>"
    assert "cc" not in about.metadata
    assert about.attachments == ("März.pdf",)


def test_html_is_read_where_there_is_no_plain_text(reads):
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content("  \n")
    message.add_alternative("<style>p{}</style><p>Only <b>here</b></p>", subtype="html")

    assert reads(bytes(message), MAIL).text(1) == "From: a@example.org\n\nOnly here"


def test_a_forwarded_message_is_read_with_its_headers(reads):
    inner = EmailMessage()
    inner["Subject"] = "The inner one"
    inner.set_content("inner words")
    outer = EmailMessage()
    outer["Subject"] = "Fwd"
    outer.set_content("outer words")
    outer.add_attachment(inner)

    text = reads(bytes(outer), MAIL).text(1)

    assert text == "Subject: Fwd\n\nouter words\n\nSubject: The inner one\n\ninner words"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"Subject: caf\xe9 cr\xe8me\n\nna\xefve", ["café crème", "naïve"]),
        ("Subject: Zürich\n\nGrüße".encode(), ["Zürich", "Grüße"]),
        (b"Subject: =?utf-8?B?a?=\n\nx", ["=?utf-8?B?a?="]),
        (b"Subject: =?nonsense?Q?caf=C3=A9?= yes\n\nx", ["café yes"]),
        (b"Subject: =?utf-8?Q?one_?=\n =?utf-8?Q?two?=\n\nx", ["one two"]),
        (b"Content-Type: text/plain; charset=nonsense\n\nna\xefve", ["naïve"]),
        (b"Content-Type: text/plain; charset=us-ascii\n\nna\xc3\xafve", ["naïve"]),
        (b"Content-Type: multipart/mixed\n\nno boundary", ["no boundary"]),
        (b"Content-Type: ;;;=\n\nodd type", ["odd type"]),
        (b"Content-Transfer-Encoding: base64\n\n!!!not base64", []),
        (b"From nobody Mon Jan 1\nSubject: box\n\nwords", ["box", "words"]),
        (b"From: a@b.c, <<>>@\nTo: ,,;\n\nwords", ["a@b.c", "words"]),
        ("Subject: wide\n\nwords".encode("utf-16-be"), ["wide", "words"]),
        (b"Subject: r\r\nContent-Disposition: attachment; filename*=bad'x\r\n\r\nw", ["r"]),
    ],
)
def test_a_broken_mail_costs_what_is_broken(reads, raw, words):
    text = reads(b"Message-ID: <1>\n" * (raw[:1] != b"\x00") + raw, MAIL).text(1)

    assert [word for word in words if word not in text] == []


def test_hundreds_of_parts_inside_each_other_keep_their_words(reads):
    nest = "".join(
        f"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n" for depth in range(2000)
    )

    assert "the bottom" in reads(f"Subject: deep\n{nest}\n\nthe bottom\n", MAIL).text(1)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_mail_is_worse_than_empty(data):
    message = b"Subject: s\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" + data

    with NamedTemporaryFile() as file:
        file.write(message)
        file.flush()
        assert choose(MAIL)(Path(file.name), BOUNDS).text(1).startswith("Subject: s")


# --- web pages, tables, Markdown


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<h1>Head</h1><p>One <b>two</b>\n three<br>four", "Head\n\nOne two three\nfour"),
        ("<p>a</p><script>x()</script><style>p{}</style><!-- c --><p>b", "a\n\nb"),
        ("<div style='DISPLAY : none'>no</div><p hidden>no</p>yes", "yes"),
        ("<ul><li>a<li>b</ul>after", "a\n\nb\n\nafter"),
        (
            "<table><tr><th>Item<th>Price<tr><td>Pen<br>blue<td>1.20</table>",
            "Item | Price\nPen blue | 1.20",
        ),
        ("<table><tr><td><table><tr><td>a<td>b</table><td>side</table>", "a | b\nside"),
        ("<table><tr><td>only</td></tr><tr><td>layout</td></tr></table>", "only\nlayout"),
        ("<table><tr><td>To:<br>Ada Ltd<td>No. 7</table>", "To:\nAda Ltd\nNo. 7"),
        ("<pre>one\ntwo</pre>", "one\ntwo"),
        ("&lt;tag&gt; &amp;&nbsp;&euro;5 &bogus;", "<tag> & €5 &bogus;"),
        ("<font>" * 5000 + "deep", "deep"),
        ("<table><tr><td>" * 3000 + "deep", "deep"),
        ("before\x00after", "beforeafter"),
        ("", ""),
    ],
)
def test_a_page_reads_as_it_is_seen(markup, text):
    assert visible_text(markup)[1] == text


@settings(max_examples=200)
@given(st.text(max_size=200), st.text(alphabet="<>/tabledivprshx &;=\"'!-", max_size=200))
def test_no_markup_breaks_the_reader(some, markup):
    title, text = visible_text(markup + some)

    assert clean(title + text) == title + text


def test_a_web_page_is_read_in_its_own_encoding_with_its_title(reads):
    page = "<html><head><meta charset='iso-8859-2'><title>Umowa\nnajmu</title></head><p>łódź"

    opened = reads(page.encode("iso-8859-2"), HTML)

    assert opened.text(1) == "łódź"
    assert opened.about().metadata == {"title": "Umowa najmu"}


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        (
            "Name,Total\nAda,20\n\nBob,30\n",
            ["Name | Total", "Name: Ada | Total: 20", "Name: Bob | Total: 30"],
        ),
        (
            "Name;Total\nAda;1,50\nBob;2,50\n",
            ["Name | Total", "Name: Ada | Total: 1,50", "Name: Bob | Total: 2,50"],
        ),
        ('A\tB\n"x\ny"\t\nz\tw', ["A | B", "A: x y", "A: z | B: w"]),
        ("Ada,20\nBob,30\n", ["Ada | 20", "Bob | 30"]),
        ("one column\nsecond row", ["one column", "second row"]),
        ("A,B\n1,2,3\n", ["A | B", "A: 1 | B: 2 | 3"]),
    ],
)
def test_a_row_names_its_columns(reads, table, lines):
    assert reads(table, CSV).text(1).split("\n") == lines


def test_markdown_is_kept_and_titled_by_its_first_heading(reads):
    text = "```\n# not this\n```\n\n## The *title* ##\n\nwords\n"

    opened = reads(text, MARKDOWN)

    assert opened.text(1) == text
    assert opened.about().metadata == {"title": "The *title*"}
    assert reads("Underlined\n======\nwords", MARKDOWN).about().metadata == {"title": "Underlined"}
    assert reads("no heading", MARKDOWN).about().metadata == {}


def test_base64_in_a_mail_is_decoded(reads):
    body = base64.encodebytes("Grüße\x00".encode("cp1252")).decode()
    headers = "Content-Type: text/plain; charset=cp1252\nContent-Transfer-Encoding: base64"

    assert reads(f"Subject: s\n{headers}\n\n{body}", MAIL).text(1) == "Subject: s\n\nGrüße"


def test_what_is_filled_into_a_web_form_is_read_and_what_is_hidden_is_not(reads):
    form = (
        b"<p>Name <input value='Ada'> <input type=hidden value=token> "
        b"<input type=checkbox checked> yes <input type=checkbox> no"
    )
    assert " ".join(reads(form, HTML).text(1).split()) == "Name Ada [x] yes [ ] no"
