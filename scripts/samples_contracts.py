"""The sample contracts: eight agreements with parties, terms, governing law and ways out."""

from datetime import UTC, datetime

from scripts import samples_docx, samples_markup, samples_pdf
from scripts.samples_blocks import (
    Blocks,
    Facts,
    Gap,
    Grid,
    Heading,
    Lines,
    Prose,
    Sample,
    Signatures,
    clauses,
    prose,
)
from scripts.samples_pdf import Theme

CLOUD = clauses("""
# Definitions

"Service" means the Supplier's hosted route-planning software known as Wayfinder, release 6 or
later, as described in Schedule A.

"Service Credit" means a reduction of the monthly fee under clause 4, and "Business Day" means a
day other than a Saturday, a Sunday or a public holiday in Scotland.

# Term

This Agreement takes effect on 1 July 2025 (the "Effective Date") and continues for an initial term
of thirty-six (36) months.

After the initial term it renews for successive periods of twelve months, unless either party gives
written notice of non-renewal at least ninety (90) days before the period ends.

# Fees and payment

The Customer shall pay a subscription fee of GBP 6,450 per month, invoiced quarterly in advance,
and a one-off onboarding fee of GBP 11,200.

Invoices are payable within forty-five (45) days. Overdue sums bear interest at four per cent a
year above the base rate of the Bank of England.

The Supplier may raise the subscription fee once in each renewal period, by no more than the rise
in the consumer prices index and in no case by more than 5%.

# Service levels

The Supplier shall make the Service available for 99.7% of each calendar month, planned maintenance
of up to six hours excluded.

For each full tenth of a percentage point below that level the Customer receives a Service Credit
of 2% of the monthly fee, capped at 20%.

# Customer data

The Customer owns all route, vehicle and driver data that it enters. The Supplier acts as processor
and stores the data only in data centres in the United Kingdom and Ireland.

On expiry the Supplier shall hand over the data in a common machine-readable format within fourteen
days and erase its copies within sixty days.

# Confidentiality

Each party shall keep the other's confidential information secret for five years after the end of
this Agreement and use it only to perform this Agreement.

# Intellectual property

All rights in the Service remain with the Supplier. The Customer receives a non-exclusive,
non-transferable right to use it for up to 240 named users.

# Warranties and indemnity

The Supplier warrants that the Service will perform materially as described in Schedule A and shall
indemnify the Customer against claims that it infringes third-party intellectual property rights.

# Limitation of liability

Neither party limits its liability for death or personal injury caused by negligence, or for fraud.

Subject to clause 9.1, each party's total liability in any contract year is limited to 150% of the
fees paid or payable in that year. Loss of profit and indirect loss are excluded.

# Termination

Either party may terminate this Agreement with immediate effect by written notice if the other
commits a material breach and fails to remedy it within thirty (30) days of being asked to.

The Customer may terminate for convenience after the eighteenth month on one hundred and twenty
(120) days' notice and payment of a fee equal to three monthly fees.

The Supplier may suspend access if undisputed invoices of more than GBP 15,000 are overdue by
more than sixty days.

# Governing law and jurisdiction

This Agreement is governed by the laws of Scotland, and the Court of Session in Edinburgh has
exclusive jurisdiction.

# General

Neither party may assign this Agreement without the other's written consent, not to be unreasonably
withheld. Notices are to be sent to the addresses given above, marked for the company secretary.

This Agreement is the whole agreement between the parties and may be varied only in writing.
""")


def _cloud() -> bytes:
    schedule = Grid(
        (
            ("Module", "Description", "Users"),
            ("Wayfinder Plan", "Daily route optimisation for up to 180 vehicles", "60"),
            ("Wayfinder Drive", "Driver application for phones, signature capture", "165"),
            ("Wayfinder Insight", "Cost and carbon dashboards, monthly export", "15"),
        ),
        (0.26, 0.6, 0.14),
        numeric=1,
        look="grid",
    )
    blocks: Blocks = (
        Heading("MASTER CLOUD SERVICES AGREEMENT", 1),
        *prose("""
This Agreement is made on 16 June 2025 between

Tidewell Routing Systems Ltd, a company registered in Scotland under number SC000611, whose
registered office is at 40 Leith Gasworks, Edinburgh EH6 0XX (the "Supplier"), and

Harrow & Pike Haulage plc, a company registered in England under number 00000930, whose registered
office is at Junction House, Bay Road, Immingham DN40 0XX (the "Customer").

The parties agree as follows.
"""),
        *CLOUD,
        Heading("Schedule A: the Service", 3),
        schedule,
        Prose("Signed by the parties' authorised representatives on the date written above."),
        Signatures(
            (
                (
                    "Morag Dunsire",
                    "Morag Dunsire, Managing Director\nTidewell Routing Systems Ltd",
                    "Edinburgh, 16 June 2025",
                ),
                (
                    "Callum Ettrick",
                    "Callum Ettrick, Chief Operating Officer\nHarrow & Pike Haulage plc",
                    "Immingham, 16 June 2025",
                ),
            )
        ),
    )
    theme = Theme(
        face="Times",
        size=10.5,
        color="#111111",
        justified=True,
        running="Master Cloud Services Agreement  |  Tidewell / Harrow & Pike",
    )
    return samples_pdf.render(
        blocks, theme, "Master Cloud Services Agreement", "Tidewell Routing Systems Ltd"
    )


LEASE = clauses("""
# Premises

Landlord leases to Tenant the second floor of the building known as The Cooperage, 18 Tannery
Street, Portland, Maine, containing 4,860 rentable square feet (the "Premises"), with the right to
use nine parking spaces.

# Term

The term is seven (7) years, beginning on September 1, 2025 and ending on August 31, 2032.

Tenant has one option to extend for five years, exercisable by written notice not later than
November 30, 2031.

# Rent

Base rent for the first lease year is $27.50 per rentable square foot, that is $133,650.00 a year,
payable in equal monthly installments of $11,137.50 on the first day of each month.

Base rent increases by 2.75% on each anniversary of the commencement date.

Tenant pays 31.4% of the building's real estate taxes and operating expenses as additional rent.

# Security deposit

Tenant has deposited $33,412.50 with Landlord. Half of it is returned after the third lease year if
Tenant has never been in monetary default.

# Use and alterations

The Premises may be used for a design studio, general offices and a model workshop, and for no
other purpose. Alterations costing more than $20,000 need Landlord's prior written consent.

# Repairs and utilities

Landlord maintains the roof, structure, elevator and common areas. Tenant maintains the interior
and pays for electricity, which is separately metered under meter number E-20417.

# Insurance

Tenant shall carry commercial general liability insurance of at least $2,000,000 per occurrence,
naming Landlord as an additional insured.

# Assignment and subletting

Tenant shall not assign this Lease or sublet more than 1,500 square feet without Landlord's consent.

# Default and termination

Tenant is in default if rent remains unpaid ten days after written notice, or if any other breach
is not cured within thirty days. Landlord may then terminate this Lease and recover possession.

Tenant may terminate this Lease as of August 31, 2029 by giving twelve months' notice and paying
a fee of $58,000.

# Governing law

This Lease is governed by the laws of the State of Maine. Disputes are first put before a mediator
in Cumberland County.
""")


def _lease() -> bytes:
    blocks: Blocks = (
        Heading("Lease Agreement: The Cooperage, Second Floor", 1),
        Facts(
            (
                ("Landlord", "Saltmarsh Holdings LLC, 2 Custom Wharf, Portland, Maine"),
                ("Tenant", "Kestrelmoor Design Studio, Inc., a Maine corporation"),
                ("Date of lease", "June 9, 2025"),
                ("Broker", "Penelope Ashgrove, Ashgrove Commercial (commission paid by Landlord)"),
            )
        ),
        *LEASE,
        Signatures(
            (
                (
                    "Harlan Peabody",
                    "Harlan Peabody, Manager, for Landlord",
                    "Portland, June 9, 2025",
                ),
                (
                    "Ingrid Solheim",
                    "Ingrid Solheim, President, for Tenant",
                    "Portland, June 9, 2025",
                ),
            )
        ),
    )
    theme = Theme(
        paper="LETTER", face="Helvetica", size=9.8, color="#2f4f2f", margin=24, title_size=15
    )
    return samples_pdf.render(
        blocks, theme, "Commercial Lease, The Cooperage", "Saltmarsh Holdings LLC"
    )


NDA = clauses("""
# Purpose

The parties wish to explore a joint bid for the refurbishment of the Larkfield Observatory (the
"Purpose") and expect to disclose confidential information to each other.

# Confidential information

Confidential information means all drawings, prices, calculations and know-how marked confidential
or which a reasonable person would take to be confidential, whatever its form.

It does not include information that is public, was lawfully known before, or is developed
independently.

# Obligations

The recipient shall use the information only for the Purpose, protect it with reasonable care and
pass it only to those of its staff and advisers who need it and are bound in the same way.

At the discloser's request the recipient shall return or destroy the information within ten
Business Days and confirm this in writing.

# Term and termination

This Agreement runs for two years from its date. Either party may end it on thirty days' written
notice; the duties of confidence survive for four years after disclosure.

# Remedies

A party in breach shall pay liquidated damages of EUR 40,000 for each breach, without prejudice to
injunctive relief.

# Governing law

This Agreement is governed by the laws of Ireland and the courts of Dublin have jurisdiction.
""")


def _nda() -> bytes:
    blocks: Blocks = (
        Heading("Mutual Non-Disclosure Agreement", 1),
        *prose("""
Date: 3 February 2025

Between Orchard Lens Works Ltd, 6 Prism Court, Cork (company number IE 000318), and Kestrelmoor
Structural Engineers, a partnership of 77 Canal Bank, Limerick, each a "party".
"""),
        *NDA,
        Signatures(
            (
                ("Fionnuala Breen", "Fionnuala Breen, Director, Orchard Lens Works Ltd", "Cork"),
                (
                    "Tadhg Mulcahy",
                    "Tadhg Mulcahy, Partner, Kestrelmoor Structural Engineers",
                    "Limerick",
                ),
            )
        ),
    )
    return samples_docx.render(
        blocks,
        "Mutual Non-Disclosure Agreement",
        "Fionnuala Breen",
        datetime(2025, 2, 3, 11, 30, tzinfo=UTC),
    )


CONSULTING = clauses("""
# Services

The Consultant shall advise the Client on cold-chain logistics for its new creamery at Pembrey and
deliver a written plan by 30 September 2025.

The Consultant works on his own account, chooses his hours and is not an employee of the Client.

# Fee

The Client pays GBP 780 per day, for at most 34 days, plus travel at GBP 0.45 per mile. Invoices
are sent monthly and fall due after 21 days.

# Term and termination

The agreement begins on 2 June 2025 and ends when the plan is accepted, at the latest on 31 December
2025.

Either side may terminate it on fourteen days' written notice, and at once for serious breach. Days
worked until then are paid.

# Results

All reports, spreadsheets and temperature records made under this agreement belong to the Client on
payment.

# Non-solicitation

For nine months after the end the Consultant shall not solicit the Client's milk suppliers.

# Liability and insurance

The Consultant's liability is limited to GBP 100,000 in total, and he shall hold professional
indemnity insurance of that sum.

# Law

This agreement is governed by the law of England and Wales.
""")


def _consulting() -> bytes:
    blocks: Blocks = (
        Heading("Consulting Agreement", 1),
        Facts(
            (
                ("Client", "Brambleholt Dairy Co-operative, Station Yard, Llanelli"),
                ("Consultant", "Dr Emrys Tavener, 3 Lighthouse Cottages, Burry Port"),
                ("Agreement no.", "BDC/CONS/2025/11"),
                ("Date", "26 May 2025"),
            )
        ),
        *CONSULTING,
        Signatures(
            (
                (
                    "G. Probert",
                    "Gwenllian Probert, General Manager, for the Client",
                    "Llanelli, 26 May 2025",
                ),
                ("E. Tavener", "Dr Emrys Tavener, Consultant", "Burry Port, 28 May 2025"),
            )
        ),
    )
    return samples_markup.text(blocks)


LICENCE = """
# Software Licence Agreement: Cadenza Score Editor

Please read these terms carefully. By installing the software the Licensee accepts them. They form
a contract between Quaverline Software Ltd, 12 Organ Loft, Bath ("Licensor"), and the person or
organisation named in the order ("Licensee"). Version 4.1 of these terms, in force from 1 January
2025.

## 1. Grant of licence

The Licensor grants a perpetual, non-exclusive licence to install Cadenza on up to three computers
per purchased seat. School licences cover one campus and at most 400 pupils.

## 2. Restrictions

The Licensee shall not rent out, sublicense or reverse engineer the software, except where the law
allows it.

## 3. Fees and maintenance

Maintenance is included for the first 12 months. After that it can be renewed at 18% of the list
price a year and covers updates and e-mail support with an answer within two working days.

## 4. Warranty

The Licensor warrants for 90 days after delivery that the software works substantially as its manual
says. The sole remedy is repair, replacement or a refund.

## 5. Liability

The Licensor's liability is limited to the licence fee paid in the twelve months before the claim.

## 6. Termination

The licence ends automatically if the Licensee breaches clause 2 and does not put it right within
20 days of notice. The Licensee may terminate at any time by uninstalling the software; fees are not
refunded.

## 7. Governing law

These terms are governed by the law of England and Wales. The courts of Bristol have jurisdiction,
without prejudice to the rights of consumers where they live.
"""


def _licence() -> bytes:
    return samples_markup.html(prose(LICENCE), "Software Licence Agreement", "en")


LIFT = clauses(
    """
# Vertragsgegenstand

Der Auftragnehmer übernimmt die Vollwartung der drei Personenaufzüge (Fabriknummern 70418, 70419
und 70422) im Gebäude Kranichplatz 9 in Magdeburg.

Die Leistung umfasst monatliche Wartung, Störungsbeseitigung rund um die Uhr, Ersatzteile und
die Begleitung der wiederkehrenden Prüfung durch die zugelassene Überwachungsstelle.

# Reaktionszeiten

Bei Personeneinschluss trifft der Auftragnehmer innerhalb von 30 Minuten ein, bei sonstigen
Störungen werktags innerhalb von vier Stunden.

# Vergütung

Die Pauschale beträgt 1.245,00 EUR monatlich zuzüglich gesetzlicher Umsatzsteuer und ist
vierteljährlich im Voraus zu zahlen.

Die Pauschale ändert sich jährlich zum 1. April im Verhältnis des Tariflohns der Metallindustrie
Sachsen-Anhalt, höchstens um 3,5 %.

# Pflichten des Auftraggebers

Der Auftraggeber benennt zwei unterwiesene Aufzugswärter und hält den Zugang zum Triebwerksraum
frei.

# Verfügbarkeit und Vertragsstrafe

Der Auftragnehmer sichert je Aufzug eine Verfügbarkeit von 98,5 % im Kalenderjahr zu. Wird sie
unterschritten, mindert sich die Vergütung um 150,00 EUR je angefangenem Prozentpunkt.

# Laufzeit und Kündigung

Der Vertrag beginnt am 1. August 2025 und läuft fünf Jahre. Er verlängert sich um jeweils ein
Jahr, wenn er nicht sechs Monate vor Ablauf schriftlich gekündigt wird.

Das Recht zur Kündigung aus wichtigem Grund bleibt unberührt. Ein wichtiger Grund liegt
insbesondere vor, wenn ein Aufzug länger als 21 Tage ununterbrochen stillsteht.

# Haftung

Der Auftragnehmer haftet für Sach- und Vermögensschäden bis 2.000.000 EUR je Schadensfall und
weist eine entsprechende Betriebshaftpflichtversicherung nach.

# Schlussbestimmungen

Es gilt das Recht der Bundesrepublik Deutschland. Gerichtsstand ist Magdeburg.

Änderungen dieses Vertrages bedürfen der Schriftform; das gilt auch für diese Klausel.
""",
    "§ {}",
)


def _lift() -> bytes:
    blocks: Blocks = (
        Heading("Wartungsvertrag für Aufzugsanlagen", 1),
        Lines(("Vertrag Nr. WV-2025-0066",)),
        *prose("""
zwischen der Kranichplatz Verwaltungsgesellschaft mbH, Kranichplatz 9, 39104 Magdeburg, vertreten
durch den Geschäftsführer Herrn Albrecht Wernicke – nachfolgend „Auftraggeber“ –

und der Hebelwerk Aufzugsdienst GmbH, Am Fallersleber Tor 30, 39126 Magdeburg, vertreten durch die
Prokuristin Frau Dr. Selin Aykan-Krüger – nachfolgend „Auftragnehmer“ –
"""),
        *LIFT,
        Gap(4),
        Signatures(
            (
                ("A. Wernicke", "Auftraggeber", "Magdeburg, 17. Juni 2025"),
                ("S. Aykan-Krüger", "Auftragnehmer", "Magdeburg, 19. Juni 2025"),
            )
        ),
    )
    theme = Theme(
        face="Times",
        size=10,
        color="#3a1f5c",
        page_word="Seite",
        running="Wartungsvertrag WV-2025-0066",
    )
    return samples_pdf.render(
        blocks, theme, "Wartungsvertrag WV-2025-0066", "Hebelwerk Aufzugsdienst GmbH", "de-DE"
    )


JOB = clauses(
    """
# Beginn und Tätigkeit

Das Arbeitsverhältnis beginnt am 1. September 2025. Die Arbeitnehmerin wird als Konstrukteurin für
Spritzgusswerkzeuge in der Abteilung Entwicklung beschäftigt. Arbeitsort ist Lüdenscheid.

# Probezeit

Die ersten sechs Monate gelten als Probezeit. In dieser Zeit kann das Arbeitsverhältnis mit einer
Frist von zwei Wochen gekündigt werden.

# Arbeitszeit

Die regelmäßige Arbeitszeit beträgt 37,5 Stunden wöchentlich. Bis zu zwei Tage in der Woche dürfen
mobil gearbeitet werden.

# Vergütung

Das Bruttogehalt beträgt 4.380,00 EUR monatlich, zahlbar zum Monatsende. Im November wird eine
Sonderzahlung von 60 % eines Monatsgehalts gezahlt.

Überstunden werden durch Freizeit ausgeglichen; nicht ausgeglichene Stunden verfallen nicht.

# Urlaub

Der Urlaubsanspruch beträgt 30 Arbeitstage im Kalenderjahr bei einer Fünftagewoche.

# Krankheit

Eine Arbeitsunfähigkeit ist unverzüglich anzuzeigen und spätestens am vierten Kalendertag
nachzuweisen.

# Verschwiegenheit und Nebentätigkeit

Über Betriebs- und Geschäftsgeheimnisse ist auch nach dem Ausscheiden Stillschweigen zu bewahren.
Nebentätigkeiten sind vorher in Textform anzuzeigen.

# Kündigung

Nach der Probezeit beträgt die Kündigungsfrist für beide Seiten drei Monate zum Quartalsende. Die
Kündigung bedarf der Schriftform.

# Ausschlussfristen und Recht

Ansprüche verfallen, wenn sie nicht innerhalb von drei Monaten nach Fälligkeit in Textform geltend
gemacht werden; das gilt nicht für Ansprüche auf den Mindestlohn.

Auf das Arbeitsverhältnis findet deutsches Recht Anwendung.
""",
    "§ {}",
)


def _job() -> bytes:
    blocks: Blocks = (
        Heading("Arbeitsvertrag", 1),
        *prose("""
Zwischen der Fabelwerk Kunststofftechnik AG, Drahtzieherstraße 4, 58507 Lüdenscheid, vertreten
durch die Personalleiterin Frau Henrike Stoltenhoff – Arbeitgeberin –

und Frau Mirjam Oyelaran, Schillerhöhe 21, 58511 Lüdenscheid – Arbeitnehmerin – wird folgender
unbefristeter Arbeitsvertrag geschlossen:
"""),
        *JOB,
        Signatures(
            (
                ("H. Stoltenhoff", "Arbeitgeberin", "Lüdenscheid, den 4. Juli 2025"),
                ("Mirjam Oyelaran", "Arbeitnehmerin", "Lüdenscheid, den 8. Juli 2025"),
            )
        ),
    )
    return samples_docx.render(
        blocks,
        "Arbeitsvertrag Mirjam Oyelaran",
        "Henrike Stoltenhoff",
        datetime(2025, 7, 4, 8, 15, tzinfo=UTC),
        "Arial",
    )


PROCESSING = clauses(
    """
# Gegenstand und Dauer

Der Auftragsverarbeiter betreibt für den Verantwortlichen das Terminportal „Sprechstunde
direkt“. Der Vertrag gilt ab dem 15. März 2025 und endet mit dem Hauptvertrag HV-3390.

# Art der Daten und betroffene Personen

Verarbeitet werden Namen, Geburtsdaten, Telefonnummern und Terminwünsche von rund 26.000
Patientinnen und Patienten. Befunde werden nicht gespeichert.

# Weisungen

Der Auftragsverarbeiter handelt nur auf dokumentierte Weisung. Weisungsberechtigt ist
ausschließlich der Datenschutzbeauftragte des Verantwortlichen, Herr Ruben Falkenhayn.

# Technische und organisatorische Maßnahmen

Die Daten werden verschlüsselt übertragen und gespeichert; Sicherungen erfolgen alle sechs
Stunden und werden 35 Tage aufbewahrt.

# Unterauftragnehmer

Genehmigt ist allein die Nordlicht Rechenzentrum eG in Kiel. Weitere Unterauftragnehmer sind 30
Tage vorher anzuzeigen.

# Meldung von Verletzungen

Verletzungen des Schutzes personenbezogener Daten werden binnen 24 Stunden nach Bekanntwerden
gemeldet.

# Kontrolle, Löschung und Kündigung

Der Verantwortliche darf einmal im Jahr vor Ort prüfen. Nach Vertragsende werden alle Daten
innerhalb von 45 Tagen gelöscht.

Verstößt der Auftragsverarbeiter schwerwiegend gegen diesen Vertrag, kann der Verantwortliche
ihn fristlos kündigen. Es gilt deutsches Recht, Gerichtsstand ist Kiel.
""",
    "§ {}",
)


def _processing() -> bytes:
    blocks: Blocks = (
        Heading("Vertrag über die Auftragsverarbeitung", 1),
        Facts(
            (
                ("Verantwortlicher", "Praxisverbund Förde GbR, Holstenkai 2, 24103 Kiel"),
                ("Auftragsverarbeiter", "Terminwerk Software UG (haftungsbeschränkt), Flensburg"),
                ("Vertragsnummer", "AVV-2025-017"),
            )
        ),
        *PROCESSING,
        Signatures(
            (
                ("Dr. Antje Feddersen", "für den Verantwortlichen", "Kiel, 6. März 2025"),
                ("Jannis Brodersen", "für den Auftragsverarbeiter", "Flensburg, 7. März 2025"),
            )
        ),
    )
    return samples_markup.markdown(blocks)


SAMPLES = (
    Sample(
        "tidewell-harrow-pike.pdf", "Contracts", "en", "Master Cloud Services Agreement", _cloud
    ),
    Sample(
        "cooperage-second-floor.pdf", "Contracts", "en", "Commercial Lease, The Cooperage", _lease
    ),
    Sample(
        "mutual-nda-orchard-lens.docx", "Contracts", "en", "Mutual Non-Disclosure Agreement", _nda
    ),
    Sample("BDC-CONS-2025-11.txt", "Contracts", "en", "Consulting Agreement", _consulting),
    Sample("cadenza-terms.html", "Contracts", "en", "Software Licence Agreement", _licence),
    Sample("wartungsvertrag-aufzug.pdf", "Contracts", "de", "Wartungsvertrag WV-2025-0066", _lift),
    Sample(
        "arbeitsvertrag-oyelaran.docx", "Contracts", "de", "Arbeitsvertrag Mirjam Oyelaran", _job
    ),
    Sample(
        "AVV-2025-017.md", "Contracts", "de", "Vertrag über die Auftragsverarbeitung", _processing
    ),
)
