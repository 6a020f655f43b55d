"""The sample invoices and receipts: eight bills in four currencies, all invented."""

from datetime import UTC, datetime
from decimal import Decimal

from scripts import samples_docx, samples_markup, samples_pdf
from scripts.samples_blocks import Blocks, Facts, Gap, Grid, Heading, Lines, Pair, Prose, Sample
from scripts.samples_money import Bill, Locale, bill, cents, money, plain
from scripts.samples_pdf import Letterhead, Theme

STATIONERY = bill(
    (
        ("Copier paper A4 80 g, box of 2,500 sheets", "24", "box", "18.95", "20"),
        ("Height-adjustable desk, oak, 160 cm", "3", "pcs", "412.00", "20"),
        ("Task chair Ambleside with headrest", "3", "pcs", "189.50", "20"),
        ("Toner cartridge 410X black", "8", "pcs", "74.25", "20"),
        ("Veterinary formulary, 12th edition (printed book)", "2", "pcs", "68.00", "0"),
        ("Delivery and assembly, second floor", "1", "flat", "95.00", "20"),
    )
)
ROOFING = bill(
    (
        ("Standing-seam steel panels, 24 ga, matte black", "46", "sq", "318.00", "6"),
        ("High-temperature underlayment", "46", "sq", "61.50", "6"),
        ("Copper flashing and ridge cap", "212", "lf", "14.75", "6"),
        ("Tear-off and disposal, two layers", "46", "sq", "85.00", "0"),
        ("Installation crew, four men", "136", "hr", "58.00", "0"),
        ("City building permit BP-25-00731, at cost", "1", "ea", "412.50", "0"),
    )
)
HOSTING = bill(
    (
        ("Managed Kubernetes cluster, 3 nodes", "1", "month", "417.00", "21"),
        ("Object storage, 4.2 TB", "4.2", "TB", "19.90", "21"),
        ("Outbound traffic above 10 TB", "3.75", "TB", "8.40", "21"),
        ("Wildcard certificate *.fennimore.example", "1", "year", "149.00", "21"),
        ("Support desk, out of hours", "2.5", "hour", "96.00", "21"),
    )
)
ARCHITECTS = bill(
    (
        ("Phase 41: tender documents, timber frame", "1", "flat", "18450.00", "8.1"),
        ("Phase 51: execution drawings, 62 hours", "62", "h", "165.00", "8.1"),
        ("Phase 52: site supervision, 38.5 hours", "38.5", "h", "148.00", "8.1"),
        ("Model 1:50 for the planning committee", "1", "flat", "1280.00", "8.1"),
    )
)
ELECTRIC = bill(
    (
        ("Zählerschrank 1100 mm, 3-feldig, liefern und setzen", "1", "Stk", "1486.00", "19"),
        ("Wallbox 11 kW mit Lastmanagement", "4", "Stk", "879.00", "19"),
        ("NYY-J 5 x 10 mm², verlegt in Kabelrinne", "138", "m", "17.40", "19"),
        ("FI-Schutzschalter Typ B 40/0,03 A", "4", "Stk", "214.50", "19"),
        ("Elektromeister, Montage", "31.5", "Std", "72.00", "19"),
        ("Auszubildender, 2. Lehrjahr", "24", "Std", "34.00", "19"),
        ("Anfahrt Zone 2", "5", "Fahrt", "28.00", "19"),
    )
)
CATERING = bill(
    (
        ("Kaltes Buffet „Hafenrundfahrt“", "85", "Pers.", "24.80", "7"),
        ("Suppe im Glas, vegan", "85", "Stk", "4.20", "7"),
        ("Blechkuchen, 4 Sorten", "12", "Blech", "38.50", "7"),
        ("Alkoholfreie Getränke, Pauschale", "85", "Pers.", "6.90", "19"),
        ("Geschirr und Gläser, Leihe mit Reinigung", "1", "psch.", "312.00", "19"),
        ("Servicekräfte, 3 Personen je 6 Stunden", "18", "Std.", "29.50", "19"),
    )
)


def _rows(
    entries: Bill, header: tuple[str, ...], locale: Locale, percent: str
) -> list[tuple[str, ...]]:
    """Item rows: position, what, quantity with unit, price, tax rate, amount."""
    rows = [header]
    for position, entry in enumerate(entries.entries, start=1):
        quantity = f"{plain(entry.quantity, locale)} {entry.unit}"
        rate = plain(entry.rate, locale) + percent
        price, amount = money(entry.price, locale), money(entry.amount, locale)
        rows.append((str(position), entry.what, quantity, price, rate, amount))
    return rows


def _table(
    entries: Bill, header: tuple[str, ...], words: tuple[str, str, str], locale: Locale
) -> Grid:
    """The items and their sums; `words` name net, tax (with a place for its rate) and total."""
    net, tax, total = words
    rows = _rows(entries, header, locale, " %" if locale == "de" else "%")
    sums = [(net, entries.net)]
    sums += [(tax.format(plain(r, locale)), t) for r, t in entries.tax.items() if r]
    sums.append((total, entries.total))
    rows += [("", name, "", "", "", money(amount, locale)) for name, amount in sums]
    return Grid(tuple(rows), (0.06, 0.42, 0.14, 0.13, 0.09, 0.16), 4, len(sums), "band")


def _stationery() -> bytes:
    head = Letterhead(
        "Brindlewick Office Supplies Ltd",
        (
            "Unit 7, Saddler's Yard, Leeds LS9 8QQ",
            "Tel 0113 496 0127",
            "accounts@brindlewick.example",
        ),
        "band",
    )
    foot = (
        "Registered in England no. 00000417\nVAT GB 999 4170 00",
        "Returns within 30 days,\nunopened goods only",
    )
    header = ("#", "Description", "Quantity", "Unit price", "VAT", "Amount")
    words = ("Subtotal GBP", "VAT {}% GBP", "Total due GBP")
    blocks: Blocks = (
        Heading("INVOICE", 1),
        Pair(
            (
                "Invoice to",
                "Thistledown Veterinary Group",
                "Attn. Accounts Payable",
                "14 Mill Race Lane",
                "Harrogate HG1 4ZX",
            ),
            (
                "Invoice number: BW-2025-0417",
                "Invoice date: 14 March 2025",
                "Due date: 13 April 2025",
                "Purchase order: TVG-88213",
                "Customer no.: 30562",
            ),
        ),
        _table(STATIONERY, header, words, "en"),
        Prose("Goods delivered on 11 March 2025, delivery note DN-66104, signed for by R. Okonjo."),
        Heading("Payment", 3),
        Facts(
            (
                ("Account name", "Brindlewick Office Supplies Ltd"),
                ("IBAN", "GB82 WEST 1234 5698 7654 32"),
                ("Reference", "BW-2025-0417"),
                (
                    "Terms",
                    "30 days net. Interest of 8% above base rate is charged on overdue sums.",
                ),
            )
        ),
    )
    theme = Theme(color="#205072", head=head, foot=foot, head_height=20, title_size=22)
    return samples_pdf.render(blocks, theme, "Invoice BW-2025-0417", head.name)


def _roofing() -> bytes:
    head = Letterhead(
        "COPPERLINE ROOFING & SHEET METAL LLC",
        (
            "4410 Sagebrush Parkway, Boise, ID 83709",
            "(208) 555-0148  |  billing@copperline.example  |  RCE-00000",
        ),
        "center",
    )
    rows = _rows(ROOFING, ("No.", "Description", "Qty", "Rate", "Tax", "Amount"), "en", "%")
    sums = (
        ("Subtotal", ROOFING.net),
        ("Idaho sales tax 6% on materials", ROOFING.tax[Decimal(6)]),
        ("TOTAL (USD)", ROOFING.total),
        ("Less deposit received 02/03/2025", Decimal("-8000.00")),
        ("BALANCE DUE (USD)", ROOFING.total - 8000),
    )
    rows += [("", name, "", "", "", money(amount)) for name, amount in sums]
    blocks: Blocks = (
        Heading("Invoice 20388", 1),
        Pair(
            (
                "BILL TO",
                "Juniper Flats Homeowners Association",
                "c/o Marla Whitcombe, Treasurer",
                "905 Juniper Flats Drive",
                "Meridian, ID 83646",
            ),
            (
                "Date: 03/28/2025",
                "Terms: Net 15",
                "Due: 04/12/2025",
                "Job: Clubhouse re-roof",
                "Project manager: Dale Ostrander",
            ),
        ),
        Grid(tuple(rows), (0.07, 0.43, 0.13, 0.13, 0.08, 0.16), 4, len(sums), "grid"),
        Prose(
            "Work was completed on March 21, 2025. The workmanship warranty runs for ten years from"
            " that date; the panel finish is warranted by its maker for 35 years."
        ),
        Prose(
            "Make checks payable to Copperline Roofing & Sheet Metal LLC, or pay by ACH: routing "
            "000000000, account 7782-0391 (fictitious). A finance charge of 1.5% per month applies "
            "to balances over 30 days."
        ),
        Gap(6),
        Lines(("Thank you for your business!",), "center"),
    )
    theme = Theme(paper="LETTER", color="#7a3b12", head=head, head_height=26, margin=20)
    return samples_pdf.render(blocks, theme, "Invoice 20388", "Copperline Roofing")


def _hosting() -> bytes:
    header = ("#", "Service", "Quantity", "Price", "BTW", "Amount")
    words = ("Total excl. VAT", "VAT {}%", "Total to be paid (EUR)")
    blocks: Blocks = (
        Heading("Poldernet Hosting B.V.", 1),
        Lines(("Kanaalkade 211, 3542 XX Utrecht, The Netherlands", "invoices@poldernet.example")),
        Heading("Invoice PN-25-03-7719"),
        Pair(
            (
                "Fennimore Cartography Ltd",
                "Ms Adaeze Lindqvist",
                "9 Compass Row",
                "Galway H91 XXXX, Ireland",
            ),
            (
                "Invoice date: 31 March 2025",
                "Billing period: 1 to 31 March 2025",
                "Due: 14 April 2025",
                "Contract: HC-5520",
            ),
        ),
        _table(HOSTING, header, words, "en"),
        Prose(
            "The amount will be collected by direct debit on 14 April 2025, mandate PN-M-004182, "
            "from the account ending in 3456. If you would rather transfer it, use IBAN "
            "NL91 ABNA 0417 1643 00 and quote the invoice number."
        ),
        Prose(
            "Your cluster was unavailable for 19 minutes on 8 March 2025; a service credit of "
            "EUR 12.50 will appear on the next invoice."
        ),
    )
    return samples_markup.html(blocks, "Invoice PN-25-03-7719", "en")


def _architects() -> bytes:
    header = ("Pos.", "Service", "Quantity", "Rate", "VAT", "CHF")
    words = ("Fee excluding VAT", "VAT {}%", "Amount payable CHF")
    blocks: Blocks = (
        Heading("Interim payment request no. 3", 1),
        Lines(
            (
                "Atelier Grünhag & Partner AG",
                "Lindenhofweg 5, 8400 Winterthur",
                "MWST CHE-000.000.000",
            )
        ),
        Pair(
            (
                "Client",
                "Foundation Haus am Rebberg",
                "Mrs Verena Stucki",
                "Rebbergstrasse 40, 8408 Winterthur",
            ),
            (
                "Date: 12 May 2025",
                "Request no.: AG-0712-3",
                "Project: 0712 Day-care centre",
                "Payable by: 11 June 2025",
            ),
        ),
        Prose(
            "In accordance with clause 6 of the architect's agreement of 4 September 2024 we ask"
            " for payment of the following services, rendered from 1 February to 30 April 2025."
        ),
        _table(ARCHITECTS, header, words, "ch"),
        Prose("Payments received so far: CHF 27'900.00 (requests 1 and 2). Retention: none."),
        Prose(
            "Please pay to IBAN CH93 0076 2011 6238 5295 7, Atelier Grünhag & Partner AG, quoting"
            " AG-0712-3."
        ),
        Prose("With kind regards, Silvan Grünhag, dipl. Arch. ETH"),
    )
    return samples_docx.render(
        blocks,
        "Interim payment request AG-0712-3",
        "Silvan Grünhag",
        datetime(2025, 5, 12, 9, tzinfo=UTC),
    )


def _electric() -> bytes:
    head = Letterhead(
        "Sonnleitner & Quast Elektrotechnik GmbH",
        (
            "Gewerbering 18 · 38104 Braunschweig",
            "Telefon (0)30 23125 418",
            "rechnung@sonnleitner-quast.example",
        ),
    )
    foot = (
        "Sonnleitner & Quast Elektrotechnik GmbH\nAmtsgericht Braunschweig, HRB 000000",
        "Geschäftsführerin: Ilka Quast\nUSt-IdNr. DE999999418",
        "IBAN DE02 1203 0000 0000 2020 51\nSteuernummer 14/000/00000",
    )
    header = ("Pos.", "Bezeichnung", "Menge", "Einzelpreis", "USt", "Gesamt EUR")
    words = ("Nettobetrag", "zzgl. Umsatzsteuer {} %", "Rechnungsbetrag EUR")
    early = cents(ELECTRIC.total * Decimal("0.98"))
    blocks: Blocks = (
        Lines(("Sonnleitner & Quast · Gewerbering 18 · 38104 Braunschweig",), small=True),
        Pair(
            (
                "Wohnungsgenossenschaft Okerblick eG",
                "Frau Tomke Harders",
                "Uferstraße 77",
                "38106 Braunschweig",
            ),
            (
                "Rechnungsnummer: 2025-1183",
                "Rechnungsdatum: 22.05.2025",
                "Kundennummer: 41077",
                "Auftrag vom: 03.03.2025",
                "Leistungszeitraum: 05.05.–16.05.2025",
            ),
        ),
        Gap(6),
        Heading("Rechnung 2025-1183", 1),
        Prose("Bauvorhaben: Tiefgarage Uferstraße 77, Ladeinfrastruktur für vier Stellplätze"),
        Prose("Sehr geehrte Frau Harders, für die ausgeführten Arbeiten berechnen wir Ihnen:"),
        _table(ELECTRIC, header, words, "de"),
        Prose(
            "Zahlbar bis 21.06.2025 ohne Abzug. Bei Zahlung bis 01.06.2025 gewähren wir 2 %"
            f" Skonto; der Zahlbetrag ist dann {money(early, 'de')} EUR."
        ),
        Prose(
            "Bitte überweisen Sie unter Angabe der Rechnungsnummer auf das Konto mit der IBAN DE02"
            " 1203 0000 0000 2020 51. Die Gewährleistung beträgt vier Jahre ab Abnahme am"
            " 16.05.2025."
        ),
        Prose("Mit freundlichen Grüßen, Ilka Quast"),
    )
    theme = Theme(color="#9a6700", head=head, foot=foot, page_word="Seite", size=9.6)
    return samples_pdf.render(blocks, theme, "Rechnung 2025-1183", head.name, "de-DE")


def _catering() -> bytes:
    header = ("Pos.", "Leistung", "Menge", "Preis", "USt", "Betrag €")
    words = ("Summe netto", "Umsatzsteuer {} %", "Gesamtbetrag €")
    blocks: Blocks = (
        Heading("Rechnung Nr. MB-0098/25", 1),
        Lines(
            (
                "Möwenbrise Catering, Inh. Levke Tönnsen",
                "Deichweg 3, 25980 Westerhusen",
                "St.-Nr. 00/000/00098",
            )
        ),
        Pair(
            (
                "Seglerverein Hörnhafen e. V.",
                "z. Hd. Herrn Piet Carstensen",
                "Am Yachthafen 1",
                "25899 Hörnhafen",
            ),
            (
                "Rechnungsdatum: 30. Juni 2025",
                "Veranstaltung: 28. Juni 2025",
                "Anlass: 75 Jahre Seglerverein",
                "Zahlungsziel: 14 Tage",
            ),
        ),
        _table(CATERING, header, words, "de"),
        Prose(
            "Die Anzahlung von 500,00 € vom 2. Juni 2025 ist noch nicht abgezogen und wird mit der"
            " Pfandabrechnung verrechnet. Zwei Warmhaltebehälter (Nr. 14 und 15) fehlen bei der"
            " Rückgabe."
        ),
        Prose("Bankverbindung: IBAN DE89 3704 0044 0532 0130 00, Verwendungszweck MB-0098/25."),
        Prose("Herzlichen Dank für Ihren Auftrag! Levke Tönnsen"),
    )
    return samples_docx.render(
        blocks,
        "Rechnung MB-0098/25",
        "Levke Tönnsen",
        datetime(2025, 6, 30, 16, tzinfo=UTC),
        "Cambria",
    )


CAFE = (
    ("2 Flat white", "8.40"),
    ("1 Pot of tea, Assam", "3.60"),
    ("1 Seafood chowder", "12.95"),
    ("1 Halloumi wrap", "11.50"),
    ("1 Lemon polenta cake", "5.25"),
)
HARDWARE = (
    ("Holzschrauben 5x80 200St", "16.99"),
    ("2x Acrylfarbe weiss 2,5l", "45.98"),
    ("Malerkrepp 50m", "4.49"),
    ("Pinselset 5tlg", "12.95"),
    ("Abdeckfolie 4x5m", "3.79"),
)


def _inclusive(total: Decimal, rate: Decimal) -> Decimal:
    """The tax inside a price that includes it."""
    return cents(total * rate / (100 + rate))


def _slip(rows: tuple[tuple[str, str], ...], locale: Locale) -> tuple[str, Decimal]:
    """The printed lines of a till receipt and their sum."""
    lines = [f"{what:<28}{money(Decimal(price), locale):>10}" for what, price in rows]
    return "\n".join(lines), sum((Decimal(price) for _, price in rows), Decimal(0))


def _cafe() -> bytes:
    lines, total = _slip(CAFE, "en")
    vat = _inclusive(total, Decimal("13.5"))
    return f"""          CAFE LANTERNA
     Quay House, Wherry Street
             Galway
      VAT No IE 0000000LA

Receipt 0047-21865
17/05/2025 13:42     Table 9
Served by: Niamh
--------------------------------------
{lines}
--------------------------------------
{"TOTAL EUR":<28}{money(total):>10}
{"Cash":<28}{"50.00":>10}
{"Change":<28}{money(50 - total):>10}

{"VAT 13.5% included":<28}{money(vat):>10}
{"Net":<28}{money(total - vat):>10}

Service is not included.
Wifi: lanterna-guest / chowder47
       Thank you, call again!
""".encode()


def _hardware() -> bytes:
    lines, total = _slip(HARDWARE, "de")
    tax = _inclusive(total, Decimal(19))
    return f"""     BAUFUCHS HEIMWERKERMARKT
   Industriestraße 60, 37079 Göttingen
      Telefon (0)89 99998 212

KASSENBON / QUITTUNG
Bon-Nr. 7714   Kasse 3   Bediener 118
Datum 09.04.2025        Uhrzeit 17:26
--------------------------------------
{lines}
--------------------------------------
{"SUMME EUR":<28}{money(total, "de"):>10}
{"Gegeben EC-Karte":<28}{money(total, "de"):>10}

{"MwSt 19,0 % enthalten":<28}{money(tax, "de"):>10}
{"Nettobetrag":<28}{money(total - tax, "de"):>10}

Terminal-ID 00000212  Beleg 003361
Umtausch innerhalb von 28 Tagen
nur gegen Vorlage dieses Bons.
  Vielen Dank für Ihren Einkauf!
""".encode()


SAMPLES = (
    Sample("invoice-BW-2025-0417.pdf", "Invoices", "en", "Invoice BW-2025-0417", _stationery),
    Sample("copperline-20388.pdf", "Invoices", "en", "Invoice 20388", _roofing),
    Sample("hosting-2025-03.html", "Invoices", "en", "Invoice PN-25-03-7719", _hosting),
    Sample("AG-0712-3.docx", "Invoices", "en", "Interim payment request AG-0712-3", _architects),
    Sample("cafe-lanterna.txt", "Invoices", "en", "Receipt Cafe Lanterna", _cafe),
    Sample("rechnung-2025-1183.pdf", "Invoices", "de", "Rechnung 2025-1183", _electric),
    Sample("rechnung-catering-0098.docx", "Invoices", "de", "Rechnung MB-0098/25", _catering),
    Sample("kassenbon-7714.txt", "Invoices", "de", "Kassenbon 7714", _hardware),
)
