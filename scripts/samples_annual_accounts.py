"""The accounts of the invented water company: computed, so that every sum and balance holds.

Amounts are tenths of a million pounds; a row is (what, this year, last year).
"""

from scripts.samples_annual_districts import DISTRICTS

Row = tuple[str, int, int]

COSTS: tuple[Row, ...] = (
    ("Wages and salaries", -964, -930),
    ("Energy", -417, -462),
    ("Materials and chemicals", -283, -271),
    ("Contractors", -528, -509),
    ("Depreciation", -745, -718),
    ("Other operating costs", -316, -304),
)
OTHER_INCOME: Row = ("Other income", 39, 36)
INTEREST: Row = ("Net finance costs", -339, -327)
TAX: Row = ("Taxation", -126, -102)
STAFF: tuple[Row, ...] = (
    ("Salaries", 761, 736),
    ("Social security", 82, 78),
    ("Pensions", 121, 116),
)
OTHER_COSTS: tuple[Row, ...] = (
    ("Information technology", 112, 109),
    ("Insurance", 69, 61),
    ("Fees of regulators", 53, 52),
    ("Vehicles", 48, 49),
    ("Sundry", 34, 33),
)
BORROWINGS: tuple[Row, ...] = (
    ("Bond 4.35% due 2034", 3500, 3500),
    ("Index-linked bond 1.90% due 2041", 2870, 2870),
    ("Development loan 3.10%, repaid in instalments", 1600, 2050),
    ("Revolving credit facility", 600, 0),
)
# What, opening value, additions, depreciation, disposals.
PLANT = (
    ("Land, dams and tunnels", 3184, 63, -32, 0),
    ("Mains and sewers", 7029, 514, -216, 0),
    ("Buildings", 2046, 141, -98, -4),
    ("Machinery and vehicles", 1867, 364, -399, -8),
)
INVENTORIES: Row = ("Inventories", 88, 92)
RECEIVABLES: Row = ("Trade and other receivables", 719, 684)
PAYABLES: Row = ("Trade and other payables", 915, 879)
PENSION: Row = ("Pension obligation", 414, 462)
TAX_PAID = 119
TAX_OWED_BEFORE = 51
DIVIDENDS = 215
CASH_BEFORE = 413


def add(name: str, *rows: Row) -> Row:
    """A row that is the sum of others."""
    return name, sum(row[1] for row in rows), sum(row[2] for row in rows)


def over_districts(field: str) -> tuple[int, int]:
    """The sum of a figure over all districts, this year and last."""
    pairs = [getattr(district, field) for district in DISTRICTS]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


REVENUE: Row = ("Revenue", *over_districts("revenue"))
OPERATING = add("Operating profit", REVENUE, OTHER_INCOME, *COSTS)
BEFORE_TAX = add("Profit before tax", OPERATING, INTEREST)
PROFIT = add("Profit for the year", BEFORE_TAX, TAX)
FIXED: Row = (
    "Property, plant and equipment",
    sum(sum(row[1:]) for row in PLANT),
    sum(row[1] for row in PLANT),
)
DEBT = add("Borrowings", *BORROWINGS)
TAX_OWED: Row = ("Tax payable", TAX_OWED_BEFORE - TAX[1] - TAX_PAID, TAX_OWED_BEFORE)

FROM_OPERATIONS: tuple[tuple[str, int], ...] = (
    ("Operating profit", OPERATING[1]),
    ("Depreciation", -COSTS[4][1]),
    ("Decrease in inventories", INVENTORIES[2] - INVENTORIES[1]),
    ("Increase in receivables", RECEIVABLES[2] - RECEIVABLES[1]),
    ("Increase in payables", PAYABLES[1] - PAYABLES[2]),
    ("Pension contributions above cost", PENSION[1] - PENSION[2]),
    ("Tax paid", -TAX_PAID),
)
FROM_INVESTING: tuple[tuple[str, int], ...] = (
    ("Purchase of property, plant and equipment", -sum(row[2] for row in PLANT)),
    ("Proceeds of disposals, at book value", -sum(row[4] for row in PLANT)),
)
FROM_FINANCING: tuple[tuple[str, int], ...] = (
    ("Interest paid", INTEREST[1]),
    ("Drawn from revolving facility", BORROWINGS[3][1] - BORROWINGS[3][2]),
    ("Repayment of development loan", BORROWINGS[2][1] - BORROWINGS[2][2]),
    ("Dividends paid", -DIVIDENDS),
)
FLOW = sum(amount for _, amount in FROM_OPERATIONS + FROM_INVESTING + FROM_FINANCING)
CASH: Row = ("Cash", CASH_BEFORE + FLOW, CASH_BEFORE)
ASSETS = add("Total assets", FIXED, INVENTORIES, RECEIVABLES, CASH)
LIABILITIES = add("Total liabilities", DEBT, PAYABLES, TAX_OWED, PENSION)
EQUITY_BEFORE = ASSETS[2] - LIABILITIES[2]
EQUITY: Row = ("Equity", EQUITY_BEFORE + PROFIT[1] - DIVIDENDS, EQUITY_BEFORE)
"""Rolled forward, not balanced: that it closes the sheet proves the cash flow."""


def millions(tenths: int) -> str:
    """Write an amount in millions: 1,445.1, negative ones in brackets."""
    text = f"{abs(tenths) / 10:,.1f}"
    return f"({text})" if tenths < 0 else text
