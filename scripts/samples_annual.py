"""The sixty-page annual report of an invented water company, from its words and accounts."""

from scripts import samples_annual_accounts as accounts
from scripts import samples_annual_words as words
from scripts import samples_pdf
from scripts.samples_annual_accounts import Row, millions, over_districts
from scripts.samples_annual_districts import DISTRICTS, District
from scripts.samples_blocks import (
    Bars,
    Block,
    Blocks,
    Break,
    Gap,
    Grid,
    Heading,
    Lines,
    Prose,
    prose,
)
from scripts.samples_pdf import Letterhead, Theme

TITLE = "Annual Report and Accounts 2025"
COMPANY = "Hallam Reach Water plc"
THREE = (0.64, 0.18, 0.18)
YEARS = ("£ million", "2025", "2024")


def make() -> bytes:
    """The report as a PDF of sixty pages."""
    pages = _pages()
    pages[1] = _contents(pages)
    blocks: list[Block] = []
    for page in pages:
        blocks += [*page, Break()]
    theme = Theme(
        paper="B5",
        size=11.2,
        leading=1.45,
        color="#0f5c66",
        margin=21,
        head=Letterhead(COMPANY, ("for the year ended 31 March 2025",), "cover"),
        head_height=0,
        running=f"{COMPANY}  |  {TITLE}",
        title_size=19,
    )
    return samples_pdf.render(tuple(blocks[:-1]), theme, TITLE, COMPANY)


def _pages() -> list[Blocks]:
    return [
        _cover(),
        (),  # the contents, which need all other pages first
        _glance(),
        *_told(words.FRONT),
        _indicators(),
        _commitments(),
        *map(_district, DISTRICTS),
        *_told(words.MIDDLE),
        *_told(words.RISKS),
        *_told(words.GOVERNANCE),
        _income(),
        _balance(),
        _cash_flow(),
        *_told(words.POLICIES),
        _by_district(),
        _cost_notes(),
        _asset_notes(),
        _record(),
        _calendar(),
    ]


def _told(script: str) -> list[Blocks]:
    """The pages of a script, its figures filled in, with the tables that belong to them."""
    parts = script.format(**_figures()).split("====\n")
    pages = [prose(part) for part in parts]
    return [(*page, *TABLES.get(_title(page), ())) for page in pages]


def _figures() -> dict[str, str]:
    """What the words take from the accounts."""
    leaked, leaked_before = over_districts("leaked")
    contacts, contacts_before = over_districts("contacts")
    revenue = accounts.REVENUE
    return {
        "properties": f"{over_districts('properties')[0]:,}",
        "revenue": millions(revenue[1]),
        "growth": _change(revenue[1], revenue[2]),
        "operating": millions(accounts.OPERATING[1]),
        "profit": millions(accounts.PROFIT[1]),
        "cash": millions(accounts.CASH[1]),
        "invested": millions(over_districts("invested")[0]),
        "mains": f"{over_districts('mains')[0]:,}",
        "leaked": str(leaked),
        "leaked_before": str(leaked_before),
        "contacts": f"{contacts:,}",
        "fewer_contacts": _change(contacts, contacts_before),
    }


def _change(now: int, before: int) -> str:
    """By how many per cent a figure rose or fell, without a sign."""
    return f"{abs(now / before - 1) * 100:.1f}"


def _title(page: Blocks) -> str:
    """The first heading of a page."""
    return next((block.text for block in page if isinstance(block, Heading)), "")


def _cover() -> Blocks:
    return (
        Gap(100),
        Heading(TITLE, 1),
        Gap(66),
        Lines(
            (
                "Clear to the sea",
                (
                    "Registered office: Weir House, Carrow Bridge, Carrowdale. Company number"
                    " 00000112."
                ),
            ),
            small=True,
        ),
    )


def _contents(pages: list[Blocks]) -> Blocks:
    """The sections and where they begin, set in two columns."""
    starts: dict[str, str] = {}
    for number, page in enumerate(pages, start=1):
        if number > 2:
            starts.setdefault(_chapter(_title(page)), str(number))
    entries = list(starts.items())
    half = (len(entries) + 1) // 2
    entries += [("", "")] * (2 * half - len(entries))
    rows = [(*left, *right) for left, right in zip(entries[:half], entries[half:], strict=True)]
    header = ("Section", "Page", "Section", "Page")
    return (Heading("Contents", 1), Grid((header, *rows), (0.37, 0.1, 0.43, 0.1)))


def _chapter(title: str) -> str:
    """The entry of the contents that a page belongs to."""
    if title.startswith("Note"):
        return "Notes to the accounts"
    return "District reviews" if title.endswith(" district") else title.partition(":")[0]


def _glance() -> Blocks:
    fields = (
        ("Properties served, thousand", "properties"),
        ("Water supplied, megalitres a day", "supplied"),
        ("Leakage, megalitres a day", "leaked"),
        ("Length of mains, kilometres", "mains"),
        ("Bursts", "bursts"),
        ("Customer contacts about supply", "contacts"),
    )
    rows = [(name, *(f"{n:,}" for n in over_districts(field))) for name, field in fields]
    money = [_line(row) for row in (accounts.REVENUE, accounts.OPERATING, accounts.PROFIT)]
    return (
        Heading("The year at a glance", 1),
        Grid((("Service", "2025", "2024"), *rows), THREE, 2, look="band"),
        Grid((YEARS, *money), THREE, 2, look="band"),
        *prose("""
Hallam Reach Water supplies drinking water and takes away waste water in eighteen districts
between the moors of the Scar and the coast at Netherby Sands. The company was founded in 1913
as the Hallam Reach Joint Waterworks Board and has been listed since 1996.

## Milestones of the year

- 9 May 2024: one millionth digital bill sent.
- 12 August 2024: Pedlar's Hill reservoir filled for the first time.
- 1 November 2024: Storm Gudrun, the highest surge since 1953.
- 20 February 2025: the last lead pipe leaves the sea front of Eskerby.
"""),
    )


def _line(row: Row) -> tuple[str, str, str]:
    return row[0], millions(row[1]), millions(row[2])


def _indicators() -> Blocks:
    rows = (
        ("Indicator", "2025", "2024", "Goal 2030"),
        ("Customers satisfied, %", "79", "77", "88"),
        ("Interruptions, minutes a property", "6.4", "7.9", "4.0"),
        ("Contacts solved at the first call, %", "73", "69", "90"),
        ("Leakage, megalitres a day", *map(str, over_districts("leaked")), "60"),
        ("Bathing places good or better", "5", "4", "9"),
        ("Emissions against 2020, %", "-29", "-24", "-50"),
        ("Lost-time injury rate", "0.29", "0.35", "0.00"),
        ("Women among senior managers, %", "41", "38", "50"),
        ("Gearing, %", "57", "58", "55"),
    )
    return (
        Heading("Key performance indicators", 1),
        Prose(
            "The board follows nine indicators every month. Seven of them decide about a part of"
            " the executives' bonus. All were checked by the engineers of Lovelock Assurance, who"
            " found one mistake: interruptions in May had been counted twice."
        ),
        Grid(rows, (0.52, 0.16, 0.16, 0.16), 3, look="rules"),
        Prose(
            "Interruptions are measured from three hours on. The figure excludes the burst on"
            " Station Parade in Aldermoor, which alone would have added 58 seconds."
        ),
        Prose(
            "The method for emissions was changed in 2023; the values of earlier years have been"
            " restated."
        ),
    )


def _commitments() -> Blocks:
    rows = (
        ("Commitment to the regulator", "Limit", "Result", "£ million"),
        ("Water quality index, at most", "2.00", "1.61", "0.4"),
        ("Interruptions, minutes", "6.5", "6.4", "0.0"),
        ("Leakage, megalitres a day", "101", str(over_districts("leaked")[0]), "1.2"),
        ("Use per head, litres", "136", "134", "0.3"),
        ("Bursts per 1,000 km", "180", _per_thousand(), "0.1"),
        ("Unplanned outage, %", "2.4", "1.9", "0.0"),
        ("Sewer collapses", "96", "81", "0.2"),
        ("Sewer flooding inside homes", "70", "74", "-0.8"),
        ("Storm overflow discharges", "1,700", "1,906", "-2.1"),
        ("Pollution incidents", "18", "16", "0.0"),
        ("Works within permit, %", "98.5", "98.6", "0.0"),
        ("Complaints answered in time, %", "95", "88", "-0.6"),
        ("Priority register, households", "90,000", "96,400", "0.0"),
        ("Carbon, kilotonnes", "88", "85", "0.3"),
        ("Net penalty", "", "", "-1.0"),
    )
    return (
        Heading("Performance commitments", 1),
        Prose(
            "The regulator set fourteen commitments for the year. Eleven were met. Rewards and"
            " penalties are settled through customers' bills two years later, so that the net"
            " penalty of 1.0 million pounds will lower the average bill of 2027 by 74 pence."
        ),
        Grid(rows, (0.49, 0.17, 0.17, 0.17), 3, 1, "grid"),
        Prose("A negative amount is a penalty and is returned to customers."),
    )


def _per_thousand() -> str:
    return f"{1000 * over_districts('bursts')[0] / over_districts('mains')[0]:.0f}"


FIGURES = (
    ("Properties served, thousand", "properties"),
    ("Water supplied, megalitres a day", "supplied"),
    ("Leakage, megalitres a day", "leaked"),
    ("Mains, kilometres", "mains"),
    ("Bursts", "bursts"),
    ("Customer contacts", "contacts"),
)


def _district(district: District) -> Blocks:
    rows = [(name, *(f"{n:,}" for n in getattr(district, field))) for name, field in FIGURES]
    rows.append(("Revenue, £ million", *map(millions, district.revenue)))
    rows.append(("Investment, £ million", *map(millions, district.invested)))
    rows.append(("Leakage as a share of supply, %", *_shares(district)))
    return (
        Heading(f"{district.name} district", 1),
        Grid((("Figures", "2025", "2024"), *rows), THREE, 2, look="band"),
        *prose(district.story),
        Bars(
            f"{district.name}: bursts in the year",
            (("2024", district.bursts[1]), ("2025", district.bursts[0])),
        ),
    )


def _shares(district: District) -> tuple[str, ...]:
    pairs = zip(district.leaked, district.supplied, strict=True)
    return tuple(f"{100 * leaked / supplied:.1f}" for leaked, supplied in pairs)


LEAKAGE = (
    Bars(
        "Leakage of the group, megalitres a day",
        (("2021", 124), ("2022", 121), ("2023", 113), ("2024", 107), ("2025", 97)),
    ),
)
CARBON = (
    Grid(
        (
            ("Kilotonnes of carbon dioxide equivalent", "2025", "2024"),
            ("Electricity", "31", "34"),
            ("Process gases", "38", "39"),
            ("Fuel for vehicles and boilers", "11", "13"),
            ("Sludge transport by others", "5", "5"),
            ("Total", "85", "91"),
        ),
        THREE,
        2,
        1,
        "grid",
    ),
)
HEADCOUNT = (
    Grid(
        (
            ("Employees at 31 March", "2025", "2024"),
            ("Water networks and treatment", "702", "689"),
            ("Waste water", "518", "497"),
            ("Customers", "341", "338"),
            ("Engineering and investment", "196", "171"),
            ("Finance, people and others", "139", "136"),
            ("Total", "1,896", "1,831"),
        ),
        THREE,
        2,
        1,
        "rules",
    ),
)
REGISTER = (
    Grid(
        (
            ("Risk", "What we do about it", "Likely", "Grave"),
            ("Contaminated water", "Barriers at every works, 214,600 tests; Dr Coyle", "1", "5"),
            (
                "Failure of a dam",
                "Yearly inspection, grout curtain at Whin Hill; Mr Farquhar",
                "1",
                "5",
            ),
            (
                "Serious pollution",
                "Weekly visits to screens, monitors on 318 overflows; Ms Abernethy",
                "3",
                "4",
            ),
            ("Drought", "Ring main, second borehole at Dunmere; Mr Farquhar", "2", "4"),
            ("Cyber attack", "Separate control network, two exercises a year; Mr Pym", "4", "4"),
            (
                "Price of chemicals",
                "Stocks for forty days, disinfectant from salt; Ms Vantongeren",
                "4",
                "2",
            ),
            ("Price of electricity", "80 per cent bought until 2027; Ms Vantongeren", "2", "3"),
            ("Loss of skilled staff", "79 apprentices, pay settlement; Mrs Tolliver", "3", "3"),
            (
                "Delay of the ring main",
                "Three contractors, 6 per cent reserve; Mr Farquhar",
                "3",
                "3",
            ),
            (
                "Change of regulation",
                "Monthly talks, modelling of five outcomes; Mr Achterlonie",
                "3",
                "3",
            ),
        ),
        (0.22, 0.54, 0.12, 0.12),
        2,
        look="grid",
    ),
    Prose(
        "A risk is red when the product of the two marks is twelve or more. Two risks are red"
        " today: serious pollution and cyber attack. In October intruders reached the mailbox of a"
        " supplier and sent us a forged change of bank details for £186,000; a clerk, Mabel Quist,"
        " rang back and stopped it."
    ),
)
PAY = (
    Grid(
        (
            ("£ thousand", "Salary", "Bonus", "Shares", "Pension", "Total"),
            ("B. Achterlonie", "395", "172", "88", "40", "695"),
            ("P. Vantongeren", "288", "139", "104", "29", "560"),
            ("G. Farquhar", "231", "111", "76", "23", "441"),
            ("Total", "914", "422", "268", "92", "1,696"),
        ),
        (0.3, 0.14, 0.14, 0.14, 0.14, 0.14),
        5,
        1,
        "band",
    ),
    Prose("Fees: the chair received £210,000, each independent director £58,000."),
)
TABLES: dict[str, Blocks] = {
    "Leakage and demand": LEAKAGE,
    "Energy and carbon": CARBON,
    "People": HEADCOUNT,
    "Risk register": REGISTER,
    "Remuneration report": PAY,
}


def _statement(*rows: Row, totals: int = 1) -> Grid:
    return Grid((YEARS, *map(_line, rows)), THREE, 2, totals)


def _income() -> Blocks:
    a = accounts
    return (
        Heading("Consolidated income statement", 1),
        Lines(("Year ended 31 March",), small=True),
        _statement(a.REVENUE, a.OTHER_INCOME, *a.COSTS, a.OPERATING),
        _statement(a.OPERATING, a.INTEREST, a.BEFORE_TAX),
        _statement(a.BEFORE_TAX, a.TAX, a.PROFIT),
        Prose(
            "Earnings per share were 25.1 pence (2024: 20.3 pence), on 148.3 million shares in"
            " issue."
        ),
        Prose(
            "Energy cost less because 61 per cent of the year's electricity had been bought in the"
            " spring of 2023. Contractors were paid 1.4 million pounds for work after Storm Gudrun."
        ),
    )


def _balance() -> Blocks:
    a = accounts
    closing = a.add("Total equity and liabilities", a.LIABILITIES, a.EQUITY)
    return (
        Heading("Consolidated balance sheet", 1),
        Lines(("At 31 March",), small=True),
        _statement(a.FIXED, a.INVENTORIES, a.RECEIVABLES, a.CASH, a.ASSETS),
        _statement(a.DEBT, a.PAYABLES, a.TAX_OWED, a.PENSION, a.LIABILITIES),
        _statement(a.LIABILITIES, a.EQUITY, closing),
        Prose(
            "The accounts were approved by the board on 28 May 2025 and signed by Philomena"
            " Vantongeren, Finance Director."
        ),
    )


def _flows(title: str, rows: tuple[tuple[str, int], ...], total: str) -> Grid:
    lines = [(name, millions(amount)) for name, amount in rows]
    lines.append((total, millions(sum(amount for _, amount in rows))))
    return Grid(((title, "2025"), *lines), (0.78, 0.22), 1, 1)


def _cash_flow() -> Blocks:
    a = accounts
    ends = (("Cash at 1 April 2024", a.CASH_BEFORE), ("Change in the year", a.FLOW))
    return (
        Heading("Consolidated cash flows", 1),
        _flows("Operations, £ million", a.FROM_OPERATIONS, "Net cash from operations"),
        _flows("Investment, £ million", a.FROM_INVESTING, "Net cash used in investment"),
        _flows("Financing, £ million", a.FROM_FINANCING, "Net cash used in financing"),
        _flows("Cash, £ million", ends, "Cash at 31 March 2025"),
    )


def _by_district() -> Blocks:
    rows = [(d.name, *map(millions, (*d.revenue, *d.invested))) for d in DISTRICTS]
    total = ("Group", *map(millions, (*over_districts("revenue"), *over_districts("invested"))))
    header = ("£ million", "Revenue 2025", "2024", "Investment 2025", "2024")
    return (
        Heading("Note 2: Revenue and investment by district", 1),
        Grid((header, *rows, total), (0.32, 0.18, 0.15, 0.2, 0.15), 4, 1, "band"),
        Prose(
            "No customer accounts for more than two per cent of revenue. Revenue from the ten"
            " largest, among them the brewery at Kiln Green, was 19.6 million pounds."
        ),
    )


def _cost_notes() -> Blocks:
    a = accounts
    staff = a.add("Wages and salaries", *a.STAFF)
    return (
        Heading("Notes 3 and 4: Staff and other costs", 1),
        Heading("Note 3: Staff costs"),
        _statement(*a.STAFF, staff),
        Prose(
            "On average 1,874 people were employed. Salaries of 9.7 million pounds for staff who"
            " build assets are part of the cost of these assets and not included above."
        ),
        Heading("Note 4: Other operating costs"),
        _statement(*a.OTHER_COSTS, a.add("Other operating costs", *a.OTHER_COSTS)),
        Prose(
            "The premium for insurance rose after two claims. The excess for flood was doubled to"
            " 500,000 pounds on 1 January 2025."
        ),
    )


def _asset_notes() -> Blocks:
    a = accounts
    rows = [(r[0], *map(millions, (*r[1:], sum(r[1:])))) for r in a.PLANT]
    sums = [sum(column) for column in zip(*(row[1:] for row in a.PLANT), strict=True)]
    total = ("Total", *map(millions, (*sums, sum(sums))))
    header = ("£ million", "Opening", "Additions", "Depreciation", "Disposals", "Closing")
    return (
        Heading("Notes 5 and 6: Assets and borrowings", 1),
        Heading("Note 5: Property, plant and equipment"),
        Grid((header, *rows, total), (0.27, 0.14, 0.14, 0.17, 0.14, 0.14), 5, 1),
        Prose(
            "Additions include interest of 2.3 million pounds. Orders placed but not yet delivered"
            " came to 77.5 million pounds."
        ),
        Heading("Note 6: Borrowings"),
        _statement(*a.BORROWINGS, a.DEBT),
        Prose(
            "The development loan is repaid at 45.0 million pounds a year, the next instalment"
            " being due on 30 June 2025. The rating agency Cawdor confirmed the grade of A minus"
            " with stable outlook in February."
        ),
    )


def _record() -> Blocks:
    rows = (
        ("", "2025", "2024", "2023", "2022", "2021"),
        (
            "Revenue, £ million",
            millions(accounts.REVENUE[1]),
            millions(accounts.REVENUE[2]),
            "371.4",
            "356.9",
            "349.2",
        ),
        (
            "Investment, £ million",
            *map(millions, over_districts("invested")),
            "91.8",
            "88.3",
            "85.6",
        ),
        ("Leakage, megalitres a day", *map(str, over_districts("leaked")), "113", "121", "124"),
        ("Bursts", *(f"{n:,}" for n in over_districts("bursts")), "2,702", "2,418", "2,655"),
        ("Employees, average", "1,874", "1,813", "1,790", "1,768", "1,749"),
        ("Dividend, pence", "14.5", "13.6", "13.1", "12.7", "12.7"),
    )
    return (
        Heading("Five-year record and glossary", 1),
        Grid(rows, (0.3, 0.14, 0.14, 0.14, 0.14, 0.14), 5, look="band"),
        *prose("""
## Glossary

Megalitre: one million litres, about two fifths of an Olympic swimming pool.

Gearing: net debt as a share of the value of assets that the regulator recognises.

Storm overflow: an opening through which a sewer mixed with rain may run into a river when it
would otherwise flood houses.

Service reservoir: a covered tank of treated water, usually on a hill, that evens out the day.

Trunk main: a pipe of more than 300 millimetres that no house is connected to.

Priority register: the list of households that need help when water fails, for instance because
of dialysis or a new baby.

Rising main: a sewer through which waste water is pumped uphill.
"""),
    )


def _calendar() -> Blocks:
    rows = (
        ("Event", "Date"),
        ("Annual general meeting, Guildhall, Carrowdale, 11:00", "17 July 2025"),
        ("Shares quoted without final dividend", "24 July 2025"),
        ("Final dividend paid", "22 August 2025"),
        ("Half-year results", "27 November 2025"),
        ("Interim dividend paid", "12 December 2025"),
    )
    return (
        Heading("Financial calendar and contacts", 1),
        Grid(rows, (0.7, 0.3), 1),
        *prose("""
## Questions about shares

The register is kept by Tallow & Quill Registrars, Ropery House, Netherby Sands. Shareholders
who still hold certificates of the Joint Waterworks Board can exchange them until 31 December
2027; about 2,300 shares have never been claimed.

## Questions about this report

Please write to Cressida Mountjoy, Company Secretary, at secretary@hallamreach.example. The
report is also available in large print, in Braille and as a recording read by the Inglebeck
Players.

## Emergencies

Report a leak or a flood on 01632 960112, at any hour. The number has not changed since 1961,
apart from its first five digits.
"""),
        Lines(
            (
                (
                    "Printed on paper made from the straw of our own sludge fields. Designed by"
                    " Kestrelmoor Design Studio."
                ),
            ),
            small=True,
        ),
    )
