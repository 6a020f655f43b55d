"""The sample forms: applications, requests and questionnaires, filled in by invented people."""

from datetime import UTC, datetime
from html import escape

from scripts import samples_acroform, samples_docx, samples_markup, samples_pdf
from scripts.samples_acroform import Choice, Entry, Tick
from scripts.samples_blocks import (
    Block,
    Blocks,
    Boxes,
    Checks,
    Facts,
    Gap,
    Grid,
    Heading,
    Items,
    Lines,
    Prose,
    Sample,
    Signatures,
)
from scripts.samples_pdf import Letterhead, Theme

VENDOR: tuple[samples_acroform.Row, ...] = (
    "Section A: Company details",
    (
        Entry("legal_name", "Legal name of company", "Snapdragon Signage Ltd", 0.6),
        Entry("trading_name", "Trading name, if different", "Snapdragon", 0.4),
    ),
    (
        Entry("street", "Street and number", "23 Enamel Works, Forge Lane", 0.5),
        Entry("town", "Town", "Wolverhampton", 0.3),
        Entry("postcode", "Postcode", "WV1 0XX", 0.2),
    ),
    (
        Entry("registration", "Company registration number", "00000752", 0.34),
        Entry("vat", "VAT number", "GB 999 0752 00", 0.33),
        Entry("founded", "Year founded", "2011", 0.33),
    ),
    Choice(
        "legal_form",
        "Legal form",
        "Private limited company",
        (
            "Sole trader",
            "Partnership",
            "Private limited company",
            "Public limited company",
            "Charity",
        ),
    ),
    "Section B: Contact person",
    (
        Entry("contact", "Name", "Yusuf Adeyemi-Clarke", 0.5),
        Entry("position", "Position", "Commercial Director", 0.5),
    ),
    (
        Entry("email", "E-mail", "yusuf@snapdragon-signage.example", 0.6),
        Entry("phone", "Telephone", "01632 960594", 0.4),
    ),
    "Section C: What you offer (tick all that apply)",
    (
        Tick("goods", "Goods", on=True),
        Tick("services", "Services", on=True),
        Tick("works", "Building works", on=False),
        Tick("rental", "Rental", on=False),
    ),
    (Entry("products", "Main products", "Enamel signs, wayfinding totems, vinyl lettering"),),
    (
        Entry("staff", "Number of employees", "38", 0.34),
        Entry("turnover", "Turnover last year (GBP)", "3,120,000", 0.33),
        Entry("lead_time", "Usual lead time (working days)", "15", 0.33),
    ),
    "Section D: Bank details",
    (
        Entry("account_name", "Account name", "Snapdragon Signage Ltd", 0.45),
        Entry("iban", "IBAN", "GB82 WEST 1234 5698 7654 32", 0.55),
    ),
    "Section E: Declarations",
    (Tick("insured", "Public liability insurance of at least GBP 5 million is held", on=True),),
    (Tick("modern_slavery", "We have read and accept the supplier code of conduct", on=True),),
    (Tick("conflict", "A director or owner is related to one of your employees", on=False),),
    (
        Entry("signatory", "Signed by (name)", "Yusuf Adeyemi-Clarke", 0.6),
        Entry("signed_on", "Date (DD/MM/YYYY)", "07/05/2025", 0.4),
    ),
)


def _vendor() -> bytes:
    intro = (
        "Please complete all sections and return this form to procurement@penhallow-trust.example.",
        (
            "Penhallow Heritage Trust cannot place orders with suppliers who are not registered."
            " Allow five working days."
        ),
    )
    return samples_acroform.render(
        "Supplier Registration Form", "Form PHT-PR-02, rev. 7", intro, VENDOR
    )


def _application() -> bytes:
    schools = (
        ("From", "To", "School or employer", "Qualification or position"),
        (
            "09/2012",
            "07/2016",
            "Tollgate Comprehensive, Ipswich",
            "A levels: Biology, Art, Geography",
        ),
        (
            "09/2016",
            "06/2019",
            "Waveney College of Horticulture",
            "Diploma in Arboriculture, merit",
        ),
        ("07/2019", "03/2022", "Borough of Stowmere, parks team", "Apprentice, then tree surgeon"),
        ("04/2022", "present", "Greenmantle Tree Care", "Team leader, crew of four"),
    )
    blocks: Blocks = (
        Heading("Application for Employment", 1),
        Lines(
            (
                "Broadleaf Botanic Garden, Human Resources",
                "Please complete in block letters or type. Form HR-11.",
            )
        ),
        Heading("1. Post applied for"),
        Boxes(
            (
                ("Job title", "Curator of Trees", 0.5),
                ("Reference number", "BBG-25-019", 0.25),
                ("Where did you see the post?", "Society newsletter", 0.25),
            )
        ),
        Heading("2. Personal details"),
        Boxes((("Surname", "Ferreira-Holt", 0.5), ("First names", "Jocasta Maria", 0.5))),
        Boxes(
            (
                ("Address", "Flat 2, 60 Ropewalk, Lowestoft NR32 0XX", 0.7),
                ("Telephone", "01632 960141", 0.3),
            )
        ),
        Boxes(
            (("E-mail", "jocasta@ferreira-holt.example", 0.6), ("Notice period", "6 weeks", 0.4))
        ),
        Heading("3. Education and employment"),
        Grid(schools, (0.13, 0.13, 0.37, 0.37), look="grid"),
        Heading("4. Questions"),
        Checks("Do you hold a full driving licence?", (("Yes", True), ("No", False))),
        Checks(
            "Do you need a permit to work in the United Kingdom?", (("Yes", False), ("No", True))
        ),
        Checks(
            "Are you available at weekends?",
            (("Every", False), ("Every second", True), ("Never", False)),
        ),
        Boxes(
            (
                ("Expected salary", "GBP 34,500 a year", 0.5),
                ("Earliest start date", "1 September 2025", 0.5),
            )
        ),
        Boxes(
            (
                (
                    "Certificates",
                    (
                        "Chainsaw units 30, 31 and 39; aerial rescue; first aid at work (valid"
                        " until 11/2026)"
                    ),
                    1.0,
                ),
            )
        ),
        Heading("5. Declaration"),
        Prose(
            "I declare that the information on this form is complete and true. I agree that it is"
            " kept for six months."
        ),
        Signatures((("J. M. Ferreira-Holt", "Signature of applicant", "Lowestoft, 16 June 2025"),)),
        Lines(("For office use only: received 18/06/2025, initials TW, interview yes / no",)),
    )
    return samples_docx.render(
        blocks,
        "Application for Employment",
        "Broadleaf Botanic Garden",
        datetime(2025, 6, 16, 19, tzinfo=UTC),
    )


SCALE = ("strongly agree", "agree", "neither", "disagree")
STATEMENTS = (
    ("1. I know what is expected of me at work.", 0),
    ("2. I have the tools and materials that I need.", 2),
    ("3. My supervisor takes my suggestions seriously.", 1),
    ("4. The new shift plan gives me enough rest.", 3),
    ("5. I would recommend the foundry to a friend.", 1),
)


def _survey() -> bytes:
    head = Letterhead(
        "Emberley Bell Foundry", ("Employee Survey 2025", "Questionnaire no. 0162"), "band"
    )
    scale: list[Block] = [
        Checks(text, tuple((word, i == chosen) for i, word in enumerate(SCALE)))
        for text, chosen in STATEMENTS
    ]
    blocks: Blocks = (
        Heading("What is it like to work here?", 1),
        Prose(
            "This survey is anonymous. It takes about eight minutes. Please tick one box for each "
            "question and drop the sheet into the red box at gate 2 by 31 October 2025."
        ),
        Heading("Part A: About you"),
        Checks(
            "How long have you worked here?",
            (
                ("under 1 year", False),
                ("1–5 years", False),
                ("6–15 years", True),
                ("longer", False),
            ),
        ),
        Checks(
            "Where do you work?",
            (("moulding shop", False), ("furnace", True), ("tuning", False), ("office", False)),
        ),
        Heading("Part B: How far do you agree?"),
        *scale,
        Heading("Part C: In your own words"),
        Boxes(
            (
                (
                    "6. What should we change first?",
                    "The fan above furnace 3 has been broken since Easter.",
                    1.0,
                ),
            )
        ),
        Boxes(
            (
                (
                    "7. What should stay as it is?",
                    "Friday soup, and ringing each new bell at noon.",
                    1.0,
                ),
            )
        ),
        Gap(3),
        Checks(
            "8. Overall, how satisfied are you (1 = not at all, 5 = very)?",
            tuple((str(n), n == 4) for n in range(1, 6)),
        ),
        Prose(
            "Thank you for taking part. Results will be posted on the canteen board in December."
        ),
    )
    theme = Theme(
        color="#8a3b12",
        head=head,
        head_height=18,
        foot=("Survey form EBF-S25. Do not write your name on this sheet.",),
        size=9.6,
    )
    return samples_pdf.render(blocks, theme, "Employee Survey 2025", "Emberley Bell Foundry")


def _access() -> bytes:
    blocks: Blocks = (
        Heading("IT Access Request Form", 1),
        Lines(("Form IT-07 - send to servicedesk@lanthorn-labs.example",)),
        Heading("Part 1: Requester"),
        Facts(
            (
                ("Name", "Dr Hyacinth Bellweather"),
                ("Staff number", "LL-20933"),
                ("Department", "Glass Spectroscopy"),
                ("Line manager", "Prof. Ansgar Tveit"),
                ("Request number", "REQ-0048812"),
            )
        ),
        Heading("Part 2: Access requested"),
        Checks("Type of request:", (("New access", True), ("Change", False), ("Removal", False))),
        Checks(
            "Systems (tick all that apply):",
            (
                ("Instrument archive (read and write)", True),
                ("Chemical inventory (read only)", True),
                ("Personnel records", False),
                ("Visitor Wi-Fi", False),
            ),
        ),
        Facts(
            (
                ("Needed from", "3 March 2025"),
                ("Until", "28 February 2026"),
                ("Reason", "Calibration campaign for the new ultraviolet bench"),
            )
        ),
        Heading("Part 3: Approval"),
        Checks("Security training completed:", (("Yes, on 12 December 2024", True), ("No", False))),
        Signatures(
            (
                ("H. Bellweather", "Signature of requester", "24 February 2025"),
                ("A. Tveit", "Signature of line manager", "25 February 2025"),
            )
        ),
        Heading("Part 4: For service desk use"),
        Facts(
            (
                ("Account created by", "................"),
                ("Date", "................"),
                ("Ticket closed", "[ ] yes  [ ] no"),
            )
        ),
    )
    return samples_markup.text(blocks)


FIELDS = (
    ("First name", "text", "Thandiwe"),
    ("Last name", "text", "Rasmussen"),
    ("Organisation", "text", "Island Weather Office"),
    ("E-mail", "email", "t.rasmussen@islandweather.example"),
    ("Badge name", "text", "Thandi"),
    ("Arrival date", "date", "2025-10-07"),
    ("Number of workshops (45 EUR each)", "number", "2"),
)
MEALS = (("No restriction", False), ("Vegetarian", False), ("Vegan", True), ("Gluten free", False))


def _registration() -> bytes:
    rows = "\n".join(
        f'<p><label>{escape(label)}: <input type="{kind}" name="f{i}"'
        f' value="{escape(value)}"></label></p>'
        for i, (label, kind, value) in enumerate(FIELDS)
    )
    meals = "\n".join(
        f'<label><input type="radio" name="meal"{" checked" if on else ""}> {meal}</label>'
        for meal, on in MEALS
    )
    body = f"""<h1>Registration form: Nordic Lighthouse Keepers' Congress</h1>
<p>8 to 10 October 2025, Skagerhavn. Fields marked * are required. Please submit this form by
12 September; registration number <strong>NLK-0391</strong> has been reserved for you.</p>
<form method="post" action="#">
<fieldset><legend>Participant *</legend>
{rows}
</fieldset>
<fieldset><legend>Dinner on the ferry</legend>
{meals}
</fieldset>
<fieldset><legend>Fee category</legend>
<select name="fee"><option>Student, 60 EUR</option><option selected>Member, 185 EUR</option>
<option>Guest, 240 EUR</option></select>
</fieldset>
<p><label><input type="checkbox" checked> I agree to the terms of participation. *</label></p>
<p><label>Remarks:
<textarea rows="3">I will bring a fog horn of 14 kg and need a socket.</textarea></label></p>
<p><button type="submit">Submit registration</button> <button type="reset">Clear form</button></p>
</form>"""
    return samples_markup.page(body, "Registration form", "en")


def _parental() -> bytes:
    head = Letterhead("Personalservice", ("Form PS 14 – Elternzeit", "Auszufüllen in Druckschrift"))
    blocks: Blocks = (
        Heading("Antrag auf Elternzeit", 1),
        Prose(
            "Bitte spätestens sieben Wochen vor Beginn beim Personalservice, Haus C, Zimmer 3.08,"
            " einreichen. Zutreffendes bitte ankreuzen."
        ),
        Heading("1. Angaben zur Person", 3),
        Boxes(
            (
                ("Name", "Brinkschulte", 0.4),
                ("Vorname", "Ole Matthias", 0.4),
                ("Personalnummer", "60417", 0.2),
            )
        ),
        Boxes(
            (("Straße, Hausnummer", "Am Kanonengraben 12", 0.5), ("PLZ, Ort", "48151 Münster", 0.5))
        ),
        Boxes(
            (
                ("Abteilung", "Leitstelle Nord", 0.4),
                ("Telefon dienstlich", "(0)40 66969 417", 0.3),
                ("Wochenstunden", "39", 0.3),
            )
        ),
        Heading("2. Angaben zum Kind", 3),
        Boxes(
            (("Name des Kindes", "Fenja Brinkschulte", 0.6), ("Geburtsdatum", "02.08.2025", 0.4))
        ),
        Checks(
            "Verhältnis zum Kind",
            (("leibliches Kind", True), ("Adoptivkind", False), ("Pflegekind", False)),
        ),
        Heading("3. Beantragter Zeitraum", 3),
        Boxes(
            (
                ("1. Abschnitt von", "02.10.2025", 0.25),
                ("bis", "01.12.2025", 0.25),
                ("2. Abschnitt von", "01.06.2026", 0.25),
                ("bis", "31.07.2026", 0.25),
            )
        ),
        Checks(
            "Teilzeit während der Elternzeit gewünscht?",
            (("nein", False), ("ja, 15 Stunden", False), ("ja, 24 Stunden", True)),
        ),
        Checks("Resturlaub soll", (("vorher genommen", False), ("übertragen werden", True))),
        Boxes(
            (
                (
                    "Bemerkungen",
                    "Vertretung mit Frau Ahlers abgesprochen, Übergabe am 29.09.2025.",
                    1.0,
                ),
            )
        ),
        Heading("4. Anlagen", 3),
        Checks(
            "Beigefügt sind",
            (("Geburtsurkunde (Kopie)", True), ("Bescheinigung der Elterngeldstelle", False)),
        ),
        Prose("Ich versichere, dass die Angaben vollständig und richtig sind."),
        Signatures(
            (
                ("O. Brinkschulte", "Unterschrift Antragsteller", "Münster, 11.08.2025"),
                (" ", "Kenntnisnahme Vorgesetzte(r)", "Datum"),
            )
        ),
        Gap(8),
        Lines(
            (
                (
                    "Nur vom Personalservice auszufüllen:  Eingang 13.08.2025   Kürzel Wi  "
                    " Bescheid am ____________"
                ),
            ),
            small=True,
        ),
    )
    theme = Theme(color="#33475b", head=head, head_height=16, page_word="Seite", size=9.5)
    return samples_pdf.render(blocks, theme, "Antrag auf Elternzeit", "Personalservice", "de-DE")


GRADES = ("sehr gut", "gut", "mittel", "schlecht")


def _satisfaction() -> bytes:
    def rate(question: str, chosen: int) -> Checks:
        return Checks(question, tuple((grade, i == chosen) for i, grade in enumerate(GRADES)))

    blocks: Blocks = (
        Heading("Fragebogen zur Zufriedenheit unserer Gäste", 1),
        Lines(
            (
                "Berghotel Hexenkessel, Schierke",
                "Bogen Nr. 2025-0733 – bitte an der Rezeption abgeben",
            )
        ),
        Prose(
            "Ihre Meinung ist uns wichtig. Bitte kreuzen Sie je Zeile ein Kästchen an; die"
            " Teilnahme ist freiwillig."
        ),
        Heading("A. Ihr Aufenthalt"),
        Boxes(
            (
                ("Zimmer", "214", 0.3),
                ("Anreise", "05.07.2025", 0.35),
                ("Abreise", "09.07.2025", 0.35),
            )
        ),
        Checks("Anlass der Reise", (("Urlaub", True), ("Geschäft", False), ("Tagung", False))),
        Heading("B. Wie beurteilen Sie …"),
        rate("die Freundlichkeit am Empfang?", 0),
        rate("die Sauberkeit des Zimmers?", 1),
        rate("das Frühstück?", 0),
        rate("die Ruhe in der Nacht?", 3),
        Heading("C. Ihre Anregungen"),
        Boxes(
            (
                (
                    "Was hat Sie gestört?",
                    "Die Lüftung der Küche läuft bis 23:40 Uhr unter dem Fenster.",
                    1.0,
                ),
            )
        ),
        Boxes(
            (
                (
                    "Was hat Ihnen besonders gefallen?",
                    "Der Brockenkaffee und die Wanderkarte von Herrn Ilse.",
                    1.0,
                ),
            )
        ),
        Checks("Würden Sie wiederkommen?", (("ja", False), ("vielleicht", True), ("nein", False))),
        Boxes(
            (
                ("Name (freiwillig)", "Familie Pörschke", 0.5),
                ("Teilnahme an der Verlosung", "ja, Los Nr. 88", 0.5),
            )
        ),
    )
    return samples_docx.render(
        blocks,
        "Fragebogen Gästezufriedenheit",
        "Berghotel Hexenkessel",
        datetime(2025, 7, 9, 9, 5, tzinfo=UTC),
        "Verdana",
    )


def _leave() -> bytes:
    blocks: Blocks = (
        Heading("Urlaubsantrag", 1),
        Facts(
            (
                ("Name", "Wiebke Sandvoss"),
                ("Personalnummer", "3318"),
                ("Abteilung", "Glockenspiel und Automaten"),
                ("Resturlaub vor Antrag", "17 Tage"),
            )
        ),
        Heading("Beantragt wird"),
        Items(
            (
                "[x] Erholungsurlaub",
                "[ ] Sonderurlaub",
                "[ ] Bildungsurlaub",
                "[ ] unbezahlter Urlaub",
            )
        ),
        Grid(
            (
                ("Erster Tag", "Letzter Tag", "Arbeitstage"),
                ("11.08.2025", "22.08.2025", "10"),
                ("24.12.2025", "24.12.2025", "1"),
                ("Summe", "", "11"),
            ),
            (0.4, 0.4, 0.2),
            numeric=1,
        ),
        Facts(
            (
                ("Vertretung", "Korbinian Ertl"),
                ("Resturlaub nach Antrag", "6 Tage"),
                ("Erreichbar", "nein"),
            )
        ),
        Heading("Genehmigung"),
        Items(("[x] genehmigt", "[ ] abgelehnt, Begründung: ____________")),
        Signatures(
            (
                ("W. Sandvoss", "Antragstellerin", "30.05.2025"),
                ("B. Uhlmann", "Abteilungsleitung", "02.06.2025"),
            )
        ),
    )
    return samples_markup.markdown(blocks)


SAMPLES = (
    Sample("supplier-registration.pdf", "Forms", "en", "Supplier Registration Form", _vendor),
    Sample(
        "application-ferreira-holt.docx", "Forms", "en", "Application for Employment", _application
    ),
    Sample("employee-survey-0162.pdf", "Forms", "en", "Employee Survey 2025", _survey),
    Sample("REQ-0048812.txt", "Forms", "en", "IT Access Request Form", _access),
    Sample("congress-registration.html", "Forms", "en", "Registration form", _registration),
    Sample("antrag-elternzeit.pdf", "Forms", "de", "Antrag auf Elternzeit", _parental),
    Sample("fragebogen-0733.docx", "Forms", "de", "Fragebogen Gästezufriedenheit", _satisfaction),
    Sample("urlaubsantrag-3318.md", "Forms", "de", "Urlaubsantrag", _leave),
)
