"""The shorter sample reports: financial, performance, audit, incident and yearly reports."""

import csv
import io
from datetime import UTC, datetime

from scripts import samples_annual, samples_docx, samples_markup, samples_pdf
from scripts.samples_blocks import (
    Bars,
    Block,
    Blocks,
    Break,
    Facts,
    Gap,
    Grid,
    Heading,
    Lines,
    Prose,
    Sample,
    prose,
)
from scripts.samples_pdf import Theme

SAFETY_1 = """
## Summary

In the third quarter of 2025 the three terminals of Cranefield Ports handled 412,300 containers,
four per cent more than a year earlier. Fourteen people were hurt at work, five of them badly
enough to miss a shift. The lost-time injury rate fell to 1.9 per million hours, the lowest
figure since reporting began in 2014.

The target for the year is 2.2. If the fourth quarter is no worse than the third, it will be
met.

## What happened

Nine of the fourteen injuries were slips and falls on lashing platforms, and seven of those nine
happened between four and six in the morning. The other five were two crushed fingers, a
strained back, a burn from a reefer plug and a cut from a torn container wall.

The most serious event was on 19 August at Skerry Quay, where a straddle carrier reversed into a
lighting mast. Nobody was struck, but the mast fell across a walkway that eleven lashers had
left only two minutes before. The reversing camera had been reported as faulty on 16 August.

## Near misses

Staff reported 388 near misses, against 241 in the second quarter. We read the increase as good
news: the new telephone application, introduced on 1 July, lets a driver report in forty
seconds, and reports from night shifts have tripled.

## Lashing platforms

An ergonomist, Dr Paulina Redfern, spent six nights on the platforms. She found that the yellow
edge paint becomes slippery when it is wet with dew, and that the lamps dazzle anyone who looks
up to the second tier. The paint has been replaced by a gritted coating on 62 of 144 platforms;
the rest will follow by the end of January.
"""
SAFETY_2 = """
## Contractors

Contractors worked 21 per cent of all hours but suffered 36 per cent of the injuries. From 1
October nobody may enter the yard without the half-day induction, and the number of contractor
companies has been cut from 47 to 29.

## Audits

The internal audit of Hollowmere terminal (3 to 5 September) raised two major and eleven minor
findings. Both major findings concern isolation of electrical equipment before maintenance, and
were closed on 26 September. The regulator inspected Skerry Quay on 9 September and had no
objections.

## Training

A total of 1,164 training days were given, 212 of them in the crane simulator, which was out of
use for twelve days in July while its screens were renewed. Eighteen apprentices passed their
final examination.

## Health

Eight dockers joined the new back school at Port Dunnet, and the number of days lost to strains
fell from 212 to 131. Hearing was tested in 604 employees; in nineteen of them it had become
worse, and all nineteen work on the older quay cranes, whose cabins will be lined with felt
before March.

## Weather

Work was stopped on eleven occasions because of wind of more than 22 metres a second. On 2
September the gauge on crane 7 at Skerry Quay showed 6 metres a second less than its neighbours,
and was found to hold a starling's nest. All 23 gauges are now compared with each other every
hour.

## Drivers from outside

Haulage firms sent 96,400 lorries into the terminals. Four drivers left their cabs in the
stacking lanes, which is forbidden, and were barred for a month. A waiting room with showers has
been opened at gate C, because most of those who climbed down said that they had been looking
for a toilet.

## Method

Rates are worked out from hours clocked in, not from rosters. An injury counts as lost time if
the person misses the next full shift. Figures for Port Dunnet before 2024 were supplied by its
former owner and have not been verified.

## Outlook

In the fourth quarter we shall fit proximity sensors to all 58 straddle carriers at a cost of
1.3 million euros, try out a shift plan that avoids lashing between four and five o'clock, and
repeat the safety culture survey of 2022, to which 71 per cent of the staff replied at the time.
"""


def _safety() -> bytes:
    rows = (
        ("Terminal", "Hours", "Injuries", "Lost time"),
        ("Skerry Quay", "1,142,000", "6", "2"),
        ("Hollowmere", "903,000", "5", "2"),
        ("Port Dunnet", "587,000", "3", "1"),
        ("All terminals", "2,632,000", "14", "5"),
    )
    rates = (("Q3 24", 2.8), ("Q4 24", 2.6), ("Q1 25", 2.7), ("Q2 25", 2.3), ("Q3 25", 1.9))
    blocks: Blocks = (
        Heading("Safety Performance Report, Third Quarter 2025", 1),
        Lines(
            (
                "Cranefield Ports Group",
                "Report no. HS/2025/Q3, issued 17 October 2025",
                "Author: Health and Safety, Torquil Baines",
            )
        ),
        *prose(SAFETY_1),
        Heading("Figures by terminal"),
        Grid(rows, (0.31, 0.25, 0.2, 0.24), 3, 1, "grid"),
        Bars("Lost-time injuries per million hours", rates),
        *prose(SAFETY_2),
    )
    theme = Theme(
        face="Times",
        size=11,
        leading=1.5,
        color="#1b4965",
        columns=2,
        margin=18,
        justified=True,
        title_size=16,
        running="Cranefield Ports Group  |  Safety Performance Report Q3 2025",
        foot=("HS/2025/Q3",),
    )
    return samples_pdf.render(
        blocks, theme, "Safety Performance Report Q3 2025", "Cranefield Ports Group"
    )


Row = tuple[str, int, int]
INCOME: tuple[Row, ...] = (
    ("Revenue", 48_360, 44_915),
    ("Cost of sales", -27_844, -26_402),
    ("Research and development", -5_218, -4_730),
    ("Selling and distribution", -6_075, -5_990),
    ("Administration", -3_941, -3_812),
)
INTEREST: tuple[Row, ...] = (("Net finance cost", -612, -705),)
TAX: tuple[Row, ...] = (("Income tax", -1_121, -786),)
ASSETS: tuple[Row, ...] = (
    ("Property, plant and equipment", 30_045, 30_118),
    ("Intangible assets", 9_875, 10_340),
    ("Inventories", 13_926, 13_871),
    ("Trade receivables", 15_904, 15_233),
    ("Cash and cash equivalents", 6_618, 6_047),
)
DEBTS: tuple[Row, ...] = (
    ("Bank loans", 18_500, 20_250),
    ("Lease liabilities", 3_140, 3_402),
    ("Trade payables", 11_683, 10_958),
    ("Pension obligation", 4_207, 4_390),
)


def _sum(name: str, *groups: tuple[Row, ...]) -> Row:
    rows = [row for group in groups for row in group]
    return name, sum(row[1] for row in rows), sum(row[2] for row in rows)


def _print(row: Row) -> tuple[str, str, str]:
    """Thousands with separators, negative figures in brackets as accountants do."""
    return row[0], *(f"{n:,}" if n >= 0 else f"({-n:,})" for n in row[1:])  # type: ignore[return-value]


def _statement(header: tuple[str, str, str], rows: tuple[Row, ...]) -> Grid:
    return Grid((header, *map(_print, rows)), (0.6, 0.2, 0.2), 2, 1, "band")


def _half_year() -> bytes:
    operating = _sum("Operating profit", INCOME)
    before = _sum("Profit before tax", INCOME, INTEREST)
    profit = _sum("Profit for the period", INCOME, INTEREST, TAX)
    assets, debts = _sum("Total assets", ASSETS), _sum("Total liabilities", DEBTS)
    equity = ("Equity", assets[1] - debts[1], assets[2] - debts[2])
    blocks: Blocks = (
        Heading("Half-Year Financial Report 2025", 1),
        Lines(
            (
                "Marnock Instruments plc",
                "Unaudited, six months ended 30 June 2025, in thousands of euros",
            )
        ),
        Prose(
            f"Revenue grew by 7.7% to EUR {INCOME[0][1]:,} thousand, mainly because of the new tide"
            " gauge TG-9, of which 1,340 were delivered. Operating profit rose to EUR"
            f" {operating[1]:,} thousand, and orders in hand stood at EUR 39,700 thousand, enough"
            " for five months of work."
        ),
        Prose(
            "The board has declared an interim dividend of 11 cents a share, payable on 3 October"
            " 2025. For the full year it expects revenue of between EUR 97 million and EUR 100"
            " million."
        ),
        Heading("Consolidated income statement"),
        _statement(
            ("EUR thousand", "H1 2025", "H1 2024"),
            (*INCOME, operating, *INTEREST, before, *TAX, profit),
        ),
        Heading("Consolidated balance sheet"),
        _statement(("EUR thousand", "30 Jun 2025", "31 Dec 2024"), (*ASSETS, assets)),
        _statement(
            ("EUR thousand", "30 Jun 2025", "31 Dec 2024"),
            (*DEBTS, debts, equity, _sum("Total equity and liabilities", (debts, equity))),
        ),
        Heading("Notes"),
        *prose("""
1. Basis of preparation. The report follows IAS 34 and the policies used in the annual report
for 2024. The average rate of the pound was 0.8423.

2. Loans. A loan of EUR 1,750 thousand was repaid on 31 March. The remaining loans bear interest
of between 3.1% and 4.4%; the tightest covenant, net debt below 2.5 times EBITDA, was met with a
ratio of 1.1.

3. Related parties. A company belonging to the non-executive director Sunniva Aarnes rents a
store in Stromness to the group for EUR 36 thousand a year.

4. Equity. The final dividend for 2024, EUR 1,320 thousand, was paid on 22 May.

5. Events after the period. On 21 July a fire destroyed the paint shop in Kirkcaldy. Nobody was
hurt; the book value of EUR 480 thousand is insured.
"""),
        Lines(
            ("Approved by the board on 14 August 2025", "Ruaridh Marnock, Chief Executive"), "right"
        ),
    )
    theme = Theme(color="#14532d", margin=24, foot=("Marnock Instruments plc",), size=9.8)
    return samples_pdf.render(
        blocks, theme, "Half-Year Financial Report 2025", "Marnock Instruments plc"
    )


def _audit() -> bytes:
    findings = (
        ("No.", "Finding", "Severity", "Owner", "Due"),
        (
            "F-01",
            "Backup tapes of the ticket system are not encrypted",
            "high",
            "J. Okafor",
            "31.05.2025",
        ),
        ("F-02", "Eleven accounts of former staff still active", "high", "S. Lindgren", "at once"),
        ("F-03", "Firewall rule base last reviewed in 2022", "medium", "J. Okafor", "30.06.2025"),
        ("F-04", "Visitors' book in Ghent lacks departure times", "low", "L. Maes", "31.07.2025"),
    )
    blocks: Blocks = (
        Heading("Information Security Audit Report", 1),
        Facts(
            (
                ("Audited organisation", "Trambelle Ticketing NV, Ghent and Lund"),
                ("Report number", "ISA-2025-08, version 1.1"),
                ("Audit period", "24 to 28 March 2025"),
                ("Lead auditor", "Ottoline Grieve, Wardlaw Assurance"),
                ("Standard", "ISO/IEC 27001:2022"),
            )
        ),
        *prose("""
## 1. Executive summary

The management system is effective on the whole. Of 93 controls examined, 86 were found to be
effective, five partly effective and two ineffective. Certification can be maintained if
findings F-01 and F-02 are closed before the follow-up on 12 June 2025.

## 2. Scope and method

We interviewed 31 people, took samples of 140 change tickets and visited both data rooms.
Point-of-sale devices in the trams were out of scope.

## 3. Findings
"""),
        Grid(findings, (0.08, 0.44, 0.14, 0.18, 0.16), look="grid"),
        *prose("""
## 4. Observations

The incident exercise of 26 March, in which a ransom note was planted on a test server, was
handled well: the duty engineer isolated the machine after 14 minutes and the crisis team met
within the hour.

Patching is prompt. The median time from release to installation of critical updates was 4 days;
the policy allows 10.

## 5. Conclusion and recommendation

We recommend that the certificate be maintained. The next surveillance audit is planned for
March 2026.
"""),
        Lines(("Distribution: board, security officer, internal audit (3 copies)",)),
    )
    return samples_docx.render(
        blocks,
        "Information Security Audit Report",
        "Ottoline Grieve",
        datetime(2025, 4, 11, 14, tzinfo=UTC),
    )


SALES = (
    ("North", "Ingeborg Falk", "kiln-dried logs", 1840, 96, ""),
    ("North", "Ingeborg Falk", "wood pellets", 2615, 88, ""),
    ("North", "Dafydd Crowther", "charcoal", 430, 142, "new dealer in Alnwick"),
    ("Central", "Perpetua Nwosu", "kiln-dried logs", 2210, 94, ""),
    ("Central", "Perpetua Nwosu", "wood pellets", 3105, 87, "price match until 28 Feb"),
    ("Central", "Alaric Stemp", "fire lighters", 980, 31, ""),
    ("South", "Zenobia Hart", "kiln-dried logs", 1275, 99, ""),
    ("South", "Zenobia Hart", "wood pellets", 1690, 91, "lorry strike, 3 days lost"),
    ("South", "Milo Trevanion", "charcoal", 515, 139, ""),
    ("Islands", "Milo Trevanion", "wood pellets", 240, 118, "ferry surcharge included"),
)


def _sales() -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(["Quarterly sales report, Ember & Ash Fuels Ltd, Q1 2025, amounts in GBP"])
    writer.writerow(
        [
            "region",
            "representative",
            "product",
            "units sold",
            "average price",
            "revenue",
            "target",
            "achieved %",
            "comment",
        ]
    )
    total = goal = 0
    for region, name, product, units, price, comment in SALES:
        revenue = units * price
        target = round(revenue * 47 // 50 + 2600, -3)
        total, goal = total + revenue, goal + target
        writer.writerow(
            [
                region,
                name,
                product,
                units,
                price,
                revenue,
                target,
                _percent(revenue, target),
                comment,
            ]
        )
    writer.writerow(
        ["TOTAL", "", "", sum(row[3] for row in SALES), "", total, goal, _percent(total, goal), ""]
    )
    writer.writerow(["Prepared by Cosima Reade, Sales Controlling, 8 April 2025"])
    return buffer.getvalue().encode()


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}"


INCIDENT = """
# Incident report 2025-014: wrong prices in the web shop

## Summary

On Thursday 22 May 2025, from 08:12 to 10:47, the web shop of Nettlebed Seeds showed prices
without decimal points. A packet of sweet peas for £3.45 was offered for £345, and two customers
bought at that price. 1,906 visitors saw wrong prices; estimated lost sales are £7,300. No
personal data was affected.

## Impact

- 64 baskets were abandoned, against 20 on a usual Thursday morning.
- Both overcharged customers were refunded the same day and sent a tray of lavender.
- The hotline took 118 calls, and callers waited nine minutes on average.

## Timeline

- 07:55 Release 8.14.0 is deployed by the pipeline; all 2,211 tests pass.
- 08:12 The price cache expires and is refilled with wrong values.
- 08:40 First call from a customer; the hotline believes it is a joke.
- 09:31 Percival Osei on the data team notices a turnover of £345 in the dashboard and raises
  the alarm.
- 10:47 Release 8.13.6 is restored and the cache is emptied.

## Root cause

The new library for currencies reads the language from the server's environment. The test
servers run in English, but server web-04 was set up in 2019 with a Danish locale, where the
point separates thousands.

## What went well

The roll-back itself took only six minutes, as practised in February.

## Actions

- Set the locale explicitly in all images. Owner: Tamsin Vale, done on 23 May.
- Alarm when a price changes by more than a factor of five. Owner: Percival Osei, by 13 June.
- Give the hotline a red button that reaches the engineer on duty. Owner: Agnes Loxley, by 30
  June.

Reviewed on 27 May 2025 by the operations board. Severity: 2 of 4.
"""


def _incident() -> bytes:
    return samples_markup.markdown(prose(INCIDENT))


FOUNDATION_1 = """
## Vorwort

Liebe Freundinnen und Freunde der Stiftung,

2024 war das Jahr, in dem die Leuchttürme wieder leuchteten. Mit dem Abschluss der Arbeiten am
Turm von Hogenholm haben wir das größte Vorhaben unserer Geschichte beendet: sieben Jahre
Bauzeit, 212 ehrenamtliche Helferinnen und Helfer und ein Sturm, der uns im Februar das Gerüst
nahm.

Zugleich mussten wir lernen, mit weniger auszukommen. Die Zuwendungen der öffentlichen Hand
gingen um 18 % zurück. Dass wir trotzdem kein Projekt abbrechen mussten, verdanken wir 1.436
Spenderinnen und Spendern, so vielen wie nie zuvor.

| Rixa von Doornkaat
| Vorsitzende des Vorstands

## Das Jahr in Zahlen

Die Stiftung unterhielt am Jahresende neun Baudenkmäler, beschäftigte 14 Menschen auf 9,6
Vollzeitstellen und empfing 48.217 Besucher, 6 % mehr als im Vorjahr. Der Förderverein wuchs auf
873 Mitglieder.
"""
FOUNDATION_2 = """
## Leuchtturm Hogenholm

Die Sanierung kostete insgesamt 3,82 Mio. Euro und blieb damit um 60.000 Euro unter dem Ansatz
von 2021. Die Linse, 1891 geschliffen, wurde in Einzelteilen nach Dresden gebracht und dort von
der Optikerin Hannelore Wippermann neu verkittet. Seit dem 14. September 2024 ist der Turm an
vier Tagen in der Woche geöffnet; 128 Stufen führen zur Galerie.

## Nebelhornhaus Süderoog

Im Nebelhornhaus haben wir eine Werkstatt für Schulklassen eingerichtet. 61 Klassen mit 1.388
Kindern bauten dort ihre eigene Sirene. Das Angebot ist bis Juni 2025 ausgebucht. Gefördert
wurde es von der Bürgerstiftung Deichmarsch mit 22.500 Euro.

## Feuerschiff „Anke Petersen“

Beim Docken im April zeigte sich, dass 31 Nietreihen erneuert werden müssen. Die Werft in
Brunsfleth veranschlagt dafür 415.000 Euro. Wir haben das Schiff bis auf Weiteres für
Übernachtungen geschlossen und einen Antrag auf Denkmalförderung gestellt, über den im Mai 2025
entschieden wird.

## Archiv

Das Archiv erhielt den Nachlass des Leuchtfeuerwärters Boje Claasen: 44 Wachbücher aus den
Jahren 1902 bis 1938. Zwei Ehrenamtliche haben mit der Abschrift begonnen und bisher 3.100
Seiten geschafft.
"""
FOUNDATION_3 = """
## Erläuterungen

Die Spenden stiegen um 27.300 Euro, vor allem durch das Vermächtnis von Frau Almut Reimers. Die
Eintrittsgelder litten unter der Schließung des Feuerschiffs. Den Überschuss führt die Stiftung
der Rücklage für die Instandhaltung zu.

Das Stiftungskapital beträgt unverändert 2,4 Mio. Euro. Es ist zu 65 % in Bundesanleihen und zu
35 % in einem Mischfonds angelegt; der Ertrag lag bei 2,9 %.

## Prüfungsvermerk

Die Jahresrechnung wurde von der Steuerberaterin Friederike Mackensen, Husum, geprüft und nicht
beanstandet. Der Bericht wurde am 25. März 2025 vom Stiftungsrat festgestellt.

## Ausblick auf 2025

Wir wollen das Feuerschiff retten, die Solaranlage auf dem Nebelhornhaus (19 Kilowatt) in
Betrieb nehmen und am 7. Juni 2025 mit dem Tag der Leuchtfeuer das 25-jährige Bestehen der
Stiftung feiern.
"""
EARNED: tuple[Row, ...] = (
    ("Spenden und Vermächtnisse", 418_600, 391_300),
    ("Öffentliche Zuwendungen", 296_000, 361_000),
    ("Eintrittsgelder und Führungen", 187_450, 194_200),
    ("Erträge aus Vermögen", 69_600, 67_200),
)
SPENT: tuple[Row, ...] = (
    ("Bau und Instandhaltung", 431_900, 518_700),
    ("Personal", 348_200, 339_500),
    ("Bildungsarbeit", 74_350, 51_800),
    ("Verwaltung und Werbung", 82_750, 80_100),
)


def _euro(row: Row) -> tuple[str, str, str]:
    return row[0], *(f"{n:,}".replace(",", ".") for n in row[1:])  # type: ignore[return-value]


def _foundation() -> bytes:
    earned, spent = _sum("Summe der Erträge", EARNED), _sum("Summe der Aufwendungen", SPENT)
    surplus = ("Überschuss", earned[1] - spent[1], earned[2] - spent[2])
    rows = (*EARNED, earned, *SPENT, spent, surplus)
    accounts = Grid((("Euro", "2024", "2023"), *map(_euro, rows)), (0.6, 0.2, 0.2), 2, 1, "band")
    cover: list[Block] = [
        Gap(70),
        Heading("Jahresbericht 2024", 1),
        Lines(
            (
                "Stiftung Leuchtfeuer Nordmarsch",
                "Rechtsfähige Stiftung bürgerlichen Rechts",
                "Husumer Deich 2, 25899 Nordmarsch",
            )
        ),
        Break(),
    ]
    blocks: Blocks = (
        *cover,
        *prose(FOUNDATION_1),
        Bars(
            "Besucher in Tausend",
            (("2020", 19.4), ("2021", 24.8), ("2022", 39.0), ("2023", 45.5), ("2024", 48.2)),
        ),
        Break(),
        *prose(FOUNDATION_2),
        Break(),
        Heading("Ertragsrechnung 2024"),
        accounts,
        *prose(FOUNDATION_3),
    )
    theme = Theme(
        color="#0b3954",
        size=10.6,
        margin=26,
        page_word="Seite",
        running="Stiftung Leuchtfeuer Nordmarsch  ·  Jahresbericht 2024",
        title_size=30,
    )
    return samples_pdf.render(
        blocks, theme, "Jahresbericht 2024", "Stiftung Leuchtfeuer Nordmarsch", "de-DE"
    )


ENERGY = """
# Energieauditbericht 2025

Untersuchtes Unternehmen: Zwiebackfabrik Ahornthal GmbH & Co. KG, Werk 2. Bericht Nr. EA-2025-31
vom 2. Juni 2025, erstellt von Dipl.-Ing. Gesine Rothbart nach DIN EN 16247-1.

## Zusammenfassung

Das Werk verbrauchte 2024 insgesamt 9.870 MWh Energie, davon 7.400 MWh Erdgas und 2.470 MWh
Strom. Durch sechs wirtschaftliche Maßnahmen lassen sich jährlich 1.315 MWh einsparen, das sind
13,3 % des Verbrauchs.

## Messungen

Vom 10. bis 21. März 2025 wurden 42 Verbraucher gemessen. Der Tunnelofen 3 benötigt im Leerlauf
38 % seiner Nennleistung und läuft an Sonntagen durchschnittlich 5,5 Stunden leer. Die
Druckluftanlage verliert durch Undichtigkeiten 27 % der erzeugten Luft.
"""
MEASURES = (
    ("Maßnahme", "Investition €", "Einsparung MWh/a", "Amortisation Jahre"),
    ("Abwärme der Öfen für die Teigruhe", "184.000", "620", "3,9"),
    ("Abschaltautomatik Tunnelofen 3", "12.500", "290", "0,6"),
    ("Leckagen der Druckluft beseitigen", "8.900", "145", "0,4"),
    ("LED-Beleuchtung Halle B", "31.400", "98", "2,1"),
    ("Drehzahlregelung der Abluft", "26.700", "112", "1,7"),
    ("Dämmung der Dampfleitungen", "9.600", "50", "2,4"),
    ("Summe", "273.100", "1.315", ""),
)
ENERGY_END = """
## Bewertung und Empfehlung

Die Automatik für Tunnelofen 3 sollte sofort beauftragt werden. Für die Nutzung der Abwärme
empfehlen wir vorher eine Statikprüfung des Daches, die etwa 6.000 Euro kostet. Der nächste
Auditbericht ist bis zum 2. Juni 2029 fällig.
"""


def _energy() -> bytes:
    table = Grid(MEASURES, (0.4, 0.2, 0.2, 0.2), 3, 1)
    blocks = (*prose(ENERGY), Heading("Maßnahmen"), table, *prose(ENERGY_END))
    return samples_markup.html(blocks, "Energieauditbericht 2025", "de")


SAMPLES = (
    Sample(
        "hallam-reach-2025.pdf",
        "Reports",
        "en",
        "Annual Report and Accounts 2025",
        samples_annual.make,
    ),
    Sample("safety-q3-2025.pdf", "Reports", "en", "Safety Performance Report Q3 2025", _safety),
    Sample("marnock-h1-2025.pdf", "Reports", "en", "Half-Year Financial Report 2025", _half_year),
    Sample("ISA-2025-08.docx", "Reports", "en", "Information Security Audit Report", _audit),
    Sample("sales-q1-2025.csv", "Reports", "en", "Quarterly sales report Q1 2025", _sales),
    Sample("incident-2025-014.md", "Reports", "en", "Incident report 2025-014", _incident),
    Sample("jahresbericht-2024.pdf", "Reports", "de", "Jahresbericht 2024", _foundation),
    Sample("EA-2025-31.html", "Reports", "de", "Energieauditbericht 2025", _energy),
)
