"""The page in a real browser: open it with the key, upload, watch, resolve, ask."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

SAMPLES = Path(__file__).parents[2] / "samples"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 30_000

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have chromium")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser, service, complaints) -> Iterator[Page]:
    """The page, opened with the key; whatever the console says against it is collected."""

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(service.base)
    opened.get_by_role("textbox", name="Key").fill(service.key)
    opened.get_by_role("button", name="Open").click()
    yield opened
    opened.close()


def upload(page: Page, *files: Path) -> None:
    page.locator("#files").set_input_files(list(files))


def test_an_upload_is_watched_until_it_stands_still(page, complaints):
    upload(page, SAMPLES / "memo-core-hours.docx", SAMPLES / "invoice-BW-2025-0417.pdf")
    row = page.get_by_role("row").filter(has_text="invoice-BW-2025-0417.pdf")
    expect(row).to_contain_text("Invoices", timeout=PATIENCE_MS)
    expect(row).to_contain_text("%")
    assert complaints == []


def test_a_question_is_answered_with_a_quote_and_its_place(page, complaints):
    upload(page, SAMPLES / "invoice-BW-2025-0417.pdf")
    row = page.get_by_role("row").filter(has_text="invoice-BW-2025-0417.pdf")
    expect(row).to_contain_text("Invoices", timeout=PATIENCE_MS)
    page.get_by_role("searchbox", name="Question").fill(
        "When is the stationery invoice BW-2025-0417 due?"
    )
    page.get_by_role("button", name="Ask").click()
    answer = page.locator("#answer")
    expect(answer.locator("blockquote").first).to_contain_text("13 April 2025", timeout=PATIENCE_MS)
    expect(answer).to_contain_text("page 1")
    page.screenshot(path=os.environ.get("PAGE_SCREENSHOT") or None, full_page=True)
    assert complaints == []


def test_a_person_decides_with_one_click(page, complaints):
    upload(page, SAMPLES / "doubtful" / "plum-dumplings.txt")
    item = page.locator("#reviews li").filter(has_text="plum-dumplings")
    expect(item).to_be_visible(timeout=PATIENCE_MS)
    item.get_by_role("button", name="Correspondence").click()
    expect(item).to_have_count(0, timeout=PATIENCE_MS)
    row = page.get_by_role("row").filter(has_text="plum-dumplings.txt")
    expect(row).to_contain_text("routed")
    assert complaints == []


def test_a_dead_document_says_what_to_do_and_is_done_again(page, tmp_path, complaints):
    damaged = tmp_path / f"damaged-{uuid4()}.pdf"
    damaged.write_bytes(f"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n% {damaged.name}".encode())
    upload(page, damaged)
    item = (
        page.get_by_role("list", name="Dead").get_by_role("listitem").filter(has_text=damaged.name)
    )
    expect(item).to_contain_text("corrupt", timeout=PATIENCE_MS)
    expect(item).to_contain_text("Ask the sender for the file again")
    row = page.get_by_role("row").filter(has_text=damaged.name)
    expect(row).to_contain_text("failed")
    item.get_by_role("button", name=f"Replay {damaged.name}").click()
    expect(page.locator("#steered")).to_have_text(f"Done again: {damaged.name}.")
    expect(page.get_by_role("heading", name="Work")).to_be_focused()
    expect(item).to_be_visible(timeout=PATIENCE_MS)
    assert complaints == []


def test_long_work_moves_before_your_eyes_and_can_be_stopped(page, tmp_path, complaints):
    report = tmp_path / f"report-{uuid4()}.txt"
    lines = (f"Shelf {n} of {report.name} holds {n * 7} screws.\n" for n in range(4_000))
    report.write_text("".join(lines))
    upload(page, report)
    row = page.get_by_role("row").filter(has_text=report.name)
    expect(row).to_contain_text(re.compile(r"[1-9]\d* of \d+ passages"), timeout=3 * PATIENCE_MS)
    expect(row.get_by_role("progressbar")).not_to_have_js_property("value", 0)
    page.get_by_role("button", name=f"Cancel {report.name}").click()
    expect(row.get_by_role("progressbar")).to_have_count(0, timeout=PATIENCE_MS)
    page.get_by_text("Cancelled (").click()
    replay = page.get_by_role("list", name="Cancelled").get_by_role("button")
    expect(replay.and_(page.get_by_label(f"Replay {report.name}"))).to_be_visible()
    assert complaints == []


def test_a_file_that_is_not_read_says_what_to_do(page, tmp_path):
    picture = tmp_path / "holiday.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(65))
    upload(page, picture)
    expect(page.locator("#refused")).to_contain_text("holiday.png")
    expect(page.locator("#refused")).to_contain_text("PDF, docx")


def test_text_of_a_stranger_is_never_markup(page, tmp_path, complaints):
    trap = tmp_path / "<img src=x onerror=alert(1)>.html"
    trap.write_text("<title><script>alert(1)</script></title><p>Dear Sir, the parcel is lost.</p>")
    upload(page, trap)
    expect(page.get_by_role("row").filter(has_text="onerror")).to_be_visible(timeout=PATIENCE_MS)
    assert complaints == []


def test_a_wrong_key_is_told_and_leads_back(page, service):
    page.get_by_role("button", name="Forget the key").click()
    page.get_by_role("textbox", name="Key").fill("mr_wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#status")).to_contain_text("not known")
    expect(page.get_by_role("textbox", name="Key")).to_be_visible()


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
