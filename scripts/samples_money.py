"""The arithmetic of the sample invoices: exact decimals, tax by rate, local number formats."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

CENT = Decimal("0.01")
Locale = Literal["en", "de", "ch"]
MARKS = {"en": (",", "."), "de": (".", ","), "ch": ("'", ".")}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a bill: what, how much of it, at which price and tax rate in per cent."""

    what: str
    quantity: Decimal
    unit: str
    price: Decimal
    rate: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price, rounded to the cent."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines of one currency; prices are net."""

    entries: tuple[Entry, ...]

    @property
    def net(self) -> Decimal:
        """The sum of the lines."""
        return sum((entry.amount for entry in self.entries), Decimal(0))

    @property
    def tax(self) -> dict[Decimal, Decimal]:
        """Tax by rate, each rounded once on the sum of its lines."""
        rates = sorted({entry.rate for entry in self.entries})
        return {rate: cents(self.net_at(rate) * rate / 100) for rate in rates}

    @property
    def total(self) -> Decimal:
        """Net and all tax."""
        return self.net + sum(self.tax.values(), Decimal(0))

    def net_at(self, rate: Decimal) -> Decimal:
        """The sum of the lines taxed at a rate."""
        return sum((e.amount for e in self.entries if e.rate == rate), Decimal(0))


def bill(rows: Iterable[tuple[str, str, str, str, str]]) -> Bill:
    """A bill from rows of (what, quantity, unit, price, rate in per cent)."""
    return Bill(
        tuple(Entry(what, Decimal(q), unit, Decimal(p), Decimal(r)) for what, q, unit, p, r in rows)
    )


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, halves up as a shop does."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def money(amount: Decimal, locale: Locale = "en") -> str:
    """Write an amount with two decimals and the locale's marks: 1,234.50, 1.234,50, 1'234.50."""
    thousands, point = MARKS[locale]
    whole, part = f"{cents(amount):,}".split(".")
    return whole.replace(",", thousands) + point + part


def plain(number: Decimal, locale: Locale = "en") -> str:
    """Write a number with as many decimals as it was given."""
    thousands, point = MARKS[locale]
    return f"{number:,}".replace(",", "\0").replace(".", point).replace("\0", thousands)
