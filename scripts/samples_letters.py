"""The sample correspondence: letters, memos and e-mails, none of them from anybody real."""

from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from scripts import samples_docx, samples_markup, samples_pdf
from scripts.samples_blocks import (
    Blocks,
    Facts,
    Gap,
    Grid,
    Heading,
    Lines,
    Pair,
    Prose,
    Sample,
    prose,
)
from scripts.samples_pdf import Letterhead, Theme

CEST = timezone(timedelta(hours=2))


def _complaint() -> bytes:
    blocks: Blocks = (
        Lines(
            (
                "Mrs Philippa Drummond-Hay",
                "The Old Tollhouse",
                "Wincanter Road",
                "Shaftesbury SP7 0XX",
                "",
                "5 August 2025",
            ),
            "right",
        ),
        Lines(
            (
                "The Customer Relations Manager",
                "Larkspur Garden Rooms Ltd",
                "Trading Estate West",
                "Yeovil BA22 0XX",
            )
        ),
        Gap(4),
        *prose("""
Dear Sir or Madam,

### Garden room delivered on 22 July, order LGR-5519

I am writing to tell you how disappointed I am with the garden room that your team put up behind
my house last month. When I visited your showroom in April, Mr Stephen Pole promised me that the
work would take three days. It took eleven, and for four of them nobody came at all.

The left-hand door does not close: there is a gap of about two centimetres at the top, and
during the storm of 30 July rain came in and ruined a wool rug that my late mother brought home
from Tabriz. I enclose four photographs and a letter from the cleaner, who says that the rug
cannot be saved.

I have telephoned your office six times. On 1 August a young lady called Imogen was very kind
and said that a joiner would ring me back within the day. I am still waiting.

I should be grateful if you would do three things: send somebody to rehang the door before the
end of August, offer me a fair sum for the rug, which was valued at £640 in 2021, and apologise
to my neighbour Mr Abara, whose hedge your lorry drove through.

I have bought from you before and would rather not take this matter further. I can be reached on
01632 960418, best before noon.

Yours faithfully,
"""),
        Gap(8),
        Lines(
            ("Philippa Drummond-Hay", "", "Enc. four photographs, letter from Blackmore Rug Care")
        ),
    )
    theme = Theme(face="Times", size=11.5, color="#000000", margin=28)
    return samples_pdf.render(blocks, theme, "Letter of complaint", "Philippa Drummond-Hay")


def _memo() -> bytes:
    blocks: Blocks = (
        Heading("MEMORANDUM", 1),
        Facts(
            (
                ("To", "All staff, Cardinal Point Maps"),
                ("From", "Beatrix Oyelowo, Head of People"),
                ("Date", "19 February 2025"),
                ("Subject", "New core hours from 7 April"),
            )
        ),
        *prose("""
Colleagues,

After the trial in the Print and Survey teams we are changing our core hours. From Monday 7 April
everybody is asked to be reachable between 10:15 and 14:45. The rest of the day is yours to arrange
with your team lead.

In the trial 83 of 97 colleagues said that they would like to keep the new hours, and the number of
meetings before ten o'clock fell by half. Two teams, Dispatch and the front desk, will keep their
shifts; Roland Achterberg will talk to both before the end of March.

- Please move regular meetings into the core hours by 28 March.
- The bicycle cellar opens at 6:30 in future, the canteen still at 11:30.
- Questions go to me or to the works council on the third floor.

There is a question hour in the Mercator room on 5 March at 13:00, with cake.

Beatrix
"""),
    )
    return samples_docx.render(
        blocks,
        "Memorandum: new core hours",
        "Beatrix Oyelowo",
        datetime(2025, 2, 19, 10, tzinfo=UTC),
    )


def _tribute() -> bytes:
    blocks: Blocks = (
        Lines(
            (
                "Rookhope Library Friends",
                "c/o 11 Chapel Steps, Rookhope",
                "secretary@rookhopefriends.example",
            )
        ),
        Lines(("21 January 2025",), "right"),
        Lines(("Mr Ambrose Thackwray", "Fellside, Rookhope")),
        *prose("""
Dear Mr Thackwray,

At our meeting last Thursday the committee asked me to write and thank you on behalf of everyone
who uses the library. Your gift of 312 books on the lead mines of the dale has filled a gap that
we have talked about for years.

Mrs Ridley has already catalogued the first two boxes. She found a letter of 1874 from a mining
agent called Josiah Featherstone tucked into the back of one volume, and wonders whether you
knew that it was there. We would of course return it if you wish.

We are planning to show some of the books in the reading room from 8 to 22 March, and should be
delighted if you would say a few words at the opening, on Saturday the 8th at half past two. Tea
will be provided by the chapel. Would you let me know by the middle of February whether that
suits you?

My telephone number has changed, by the way: it is now 01632 960733.

With warm regards and many thanks,

Dorothea Pallister, Secretary
"""),
    )
    return samples_markup.text(blocks)


def _mail(sender: str, to: str, subject: str, sent: datetime, key: str) -> EmailMessage:
    """An e-mail with its headers and no content yet."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(sent)
    message["Message-ID"] = f"<{key}@{sender.rstrip('>').split('@')[1]}>"
    return message


def _fix(message: EmailMessage, boundary: str) -> bytes:
    """Give a multipart message a fixed boundary instead of a random one."""
    message.set_boundary(boundary)
    return message.as_bytes()


FOLLOW_UP = """Hi Kofi, hi Marguerite,

thanks for making the time this morning, and sorry again about the echo on
the line.

Quick recap so that we all remember the same thing:

- We move the harbour survey from week 28 to week 31, because the boat
  "Stormpetrel" is in dry dock until 24 July.
- Marguerite asks the port office whether we may launch the drone from
  pier 6.
- Kofi checks if the sonar can be borrowed from Aberdeen for nine days
  rather than seven.
- I book rooms at the Fisherman's Rest. Last time they wanted to know who
  is allergic to feathers; please tell me!

The open question is who drives the trailer. Leopold has the licence but is
on leave until 4 August.

Shall we talk again on Wednesday at 16:30? I have put it in the calendar.

Cheers
Saskia

--
Saskia Varga | Fathom & Fen Hydrography | +44 1632 960255
"""


def _follow_up() -> bytes:
    sent = datetime(2025, 6, 12, 11, 48, tzinfo=CEST)
    message = _mail(
        "Saskia Varga <saskia.varga@fathomfen.example>",
        "Kofi Mensah <kofi@fathomfen.example>, Marguerite Roche <m.roche@fathomfen.example>",
        "Re: Harbour survey - who does what",
        sent,
        "20250612.1148.77",
    )
    message["Cc"] = "Leopold Haas <leopold@fathomfen.example>"
    message["In-Reply-To"] = "<20250611.0905.12@fathomfen.example>"
    message.set_content(FOLLOW_UP, cte="quoted-printable")
    message.add_alternative(_as_html(FOLLOW_UP), subtype="html", cte="quoted-printable")
    return _fix(message, "=_alternative_5f2c")


def _as_html(text: str) -> str:
    """The same words as HTML, the way a mail program does it."""
    parts = text.strip().split("\n\n")
    body = "\n".join("<p>" + part.replace("\n", "<br>\n") + "</p>" for part in parts)
    return f"<html><body>\n{body}\n</body></html>\n"


DELIVERY = """Dear Mr Castellane,

Many thanks for your call on Tuesday. As promised I attach our note on the
three oak samples, with the moisture readings that you asked for.

To answer your other questions: the saw mill is closed from 11 to 22 August,
so the boards for the chapel floor would have to leave us by Friday 8
August. Our driver, Wendell, can bring them to Sainte-Foy himself and would
be glad of a forklift; the bundles weigh about 740 kg each.

My father remembers delivering the old floor in 1963 and asks to be
remembered to Madame Ourliac.

Would you tell me by 25 July whether you prefer sample B or sample C? Sample
A has, I am sorry to say, turned out to have worm.

Kind regards,
Rosalind Hepworth
Hepworth & Daughters, timber merchants, Coverdale
"""


def _oak_note() -> bytes:
    """The note that is attached to the timber merchant's e-mail."""
    rows = (
        ("Sample", "Origin", "Moisture", "Remark"),
        ("A", "Coverdale, felled 2019", "11.8%", "worm holes, withdrawn"),
        ("B", "Wensley, felled 2017", "9.4%", "straight grain, few knots"),
        ("C", "Coverdale, felled 2016", "9.1%", "lively figure, darker"),
    )
    blocks: Blocks = (
        Heading("Note on three oak samples", 1),
        Grid(rows, (0.14, 0.32, 0.16, 0.38), look="grid"),
        Prose("Readings taken on 8 July 2025 with a pin meter, mean of twelve points each."),
    )
    return samples_pdf.render(blocks, Theme(face="Times"), "Oak samples", "Hepworth & Daughters")


def _delivery() -> bytes:
    sent = datetime(2025, 7, 10, 17, 5, tzinfo=timezone(timedelta(hours=1)))
    message = _mail(
        "Rosalind Hepworth <rosalind@hepworth-timber.example>",
        '"Étienne Castellane" <e.castellane@atelier-castellane.example>',
        "Oak for the chapel floor at Sainte-Foy – samples",
        sent,
        "oak-0710-3",
    )
    message.set_content(DELIVERY, cte="quoted-printable")
    message.add_attachment(
        _oak_note(), maintype="application", subtype="pdf", filename="oak-samples.pdf"
    )
    return _fix(message, "=_mixed_91ab")


POSTPONED = """Sehr geehrter Herr Grünwald,

leider müssen wir den für Donnerstag, den 18. September, vereinbarten
Ortstermin am Gänsebrunnen absagen: Unsere Vermesserin, Frau Öztürk, ist
erkrankt.

Als Ersatz schlage ich Ihnen den 25. September um 8:30 Uhr oder den 29.
September um 14 Uhr vor. Bitte geben Sie mir bis Freitag kurz Bescheid,
welcher Termin Ihnen besser passt. Den Schlüssel für das Törchen bekommen
wir wie beim letzten Mal bei Bäckermeister Süßkind.

Noch eine Bitte: Könnten Sie die alten Pläne von 1928 mitbringen, von denen
Sie am Telefon erzählt haben? Die Lage der Röhren ist in unseren Unterlagen
nur geschätzt.

Für die Umstände bitte ich um Entschuldigung.

Mit freundlichen Grüßen
Jürgen Möllenkamp
Tiefbauamt Bärenfels, Zimmer 214
Telefon (0)69 90009 214
"""


def _postponed() -> bytes:
    sent = datetime(2025, 9, 15, 9, 20, tzinfo=CEST)
    message = _mail(
        "Jürgen Möllenkamp <moellenkamp@baerenfels.example>",
        "Günter Grünwald <g.gruenwald@brunnenfreunde.example>",
        "Ortstermin Gänsebrunnen muss verschoben werden",
        sent,
        "bf-2025-0915-0920",
    )
    message.set_content(POSTPONED, charset="iso-8859-1", cte="8bit")
    return message.as_bytes()


def _notice() -> bytes:
    blocks: Blocks = (
        Lines(("Lorenz Habermehl · Tulpenweg 33 · 55124 Mainz",), small=True),
        Pair(
            (
                "Kraftraum Fitness-Studio GmbH",
                "Mitgliederverwaltung",
                "Binger Chaussee 110",
                "55131 Mainz",
            ),
            ("Mainz, 14. Oktober 2025", "Mitgliedsnummer 118-4402", "per Einschreiben"),
        ),
        Gap(8),
        *prose("""
### Kündigung meiner Mitgliedschaft zum 31. Januar 2026

Sehr geehrte Damen und Herren,

hiermit kündige ich meine Mitgliedschaft mit der Nummer 118-4402 fristgerecht zum 31. Januar 2026,
hilfsweise zum nächstmöglichen Zeitpunkt.

Ich ziehe zum Jahresende nach Rostock um, wo Sie kein Studio betreiben; die Meldebestätigung reiche
ich gern nach. Mit dem Training und besonders mit Frau Kalinowski am Empfang war ich immer sehr
zufrieden.

Bitte bestätigen Sie mir die Kündigung und das Datum der Beendigung schriftlich. Die Ihnen erteilte
Einzugsermächtigung widerrufe ich zum 1. Februar 2026. Meinen Spindschlüssel Nr. 57 gebe ich beim
letzten Besuch ab und bitte dann um Rückzahlung des Pfandes.

Von Anrufen mit dem Ziel der Rückgewinnung bitte ich abzusehen.

Mit freundlichen Grüßen
"""),
        Gap(10),
        Lines(("Lorenz Habermehl",)),
    )
    theme = Theme(size=11, color="#000000", margin=25, page_word="Seite")
    return samples_pdf.render(
        blocks, theme, "Kündigung der Mitgliedschaft", "Lorenz Habermehl", "de-DE"
    )


def _meter() -> bytes:
    blocks: Blocks = (
        Lines(("Stadtwerke Haselgrund eG", "Netzbetrieb", "Wasserturmallee 1, 99000 Haselgrund")),
        Lines(("Haselgrund, den 3. November 2025",), "right"),
        Lines(("Familie", "Nadja und Thore Lindemann", "Amselstieg 6", "99000 Haselgrund")),
        Heading("Wechsel Ihres Wasserzählers am 20. November", 3),
        *prose("""
Sehr geehrte Frau Lindemann, sehr geehrter Herr Lindemann,

Ihr Wasserzähler hat nach sechs Jahren ausgedient. Unser Monteur Herr Wiechert kommt am
Donnerstag, dem 20. November, zwischen 9:00 und 11:30 Uhr zu Ihnen und baut einen neuen ein. Für
Sie entstehen dabei keine Kosten.

Bitte räumen Sie den Platz vor dem Zähler im Hauswirtschaftsraum frei. Das Wasser wird für
ungefähr 25 Minuten abgestellt; füllen Sie vorher am besten eine Kanne für den Kaffee ab.

Falls Ihnen der Termin nicht passt, rufen Sie uns bitte unter (0)221 4710 386 an oder schreiben
Sie an zaehler@stadtwerke-haselgrund.example. Herr Wiechert hat einen Dienstausweis mit der
Nummer N-58 dabei, lassen Sie ihn sich ruhig zeigen.

Der neue Zähler lässt sich per Funk ablesen. Wir müssen künftig also nicht mehr jedes Jahr bei
Ihnen klingeln.

Mit freundlichen Grüßen

Cornelia Zabel, Kundenbetreuung
"""),
    )
    return samples_docx.render(
        blocks,
        "Wechsel Ihres Wasserzählers",
        "Cornelia Zabel",
        datetime(2025, 11, 3, 7, 40, tzinfo=UTC),
    )


def _reply() -> bytes:
    head = Letterhead(
        "Aldersgate & Finch",
        ("Chartered Surveyors", "5 Plumtree Court, Norwich NR1 0XX", "www.aldersgatefinch.example"),
        "center",
    )
    blocks: Blocks = (
        Lines(("29 September 2025", "Our ref: EF/jm/2207")),
        Lines(("Ms Oluwaseun Brightmore", "Head Teacher, Thorpe Marsh Primary School", "Norwich")),
        *prose("""
Dear Ms Brightmore,

### Cracks in the east wall of the school hall

Thank you for your letter of 17 September and for showing my colleague Jemima Moy around the
hall.

I can set your mind at rest on the main point: the cracks are old and have not moved since we
put the glass tell-tales across them in May. They follow the line of a doorway that was bricked
up in 1951, and the wall is safe. Assemblies can go on as usual.

What does need attention is the gutter above. It is blocked by the roots of a buddleia, and the
water running down the brickwork will do damage in the next hard frost. Please ask the caretaker
to have it cleared before the half-term holiday, which I believe begins on 27 October.

Your Year 4 asked Jemima how old the weathercock is. We looked it up: it came from the parish
church in 1888, and there is a bullet hole in its tail that nobody can explain.

Ms Moy will look in again in the second week of January. If anything changes before then, do
call me on 01632 960871.

Yours sincerely,

Everard Finch, Partner
"""),
    )
    theme = Theme(face="Times", size=11.2, color="#5b1a1a", head=head, head_height=30, margin=27)
    return samples_pdf.render(blocks, theme, "Cracks in the east wall", "Everard Finch")


SAMPLES = (
    Sample("letter-drummond-hay.pdf", "Correspondence", "en", "Letter of complaint", _complaint),
    Sample(
        "letter-aldersgate-finch.pdf", "Correspondence", "en", "Cracks in the east wall", _reply
    ),
    Sample("memo-core-hours.docx", "Correspondence", "en", "Memorandum: new core hours", _memo),
    Sample("rookhope-library.txt", "Correspondence", "en", "Thanks for a gift of books", _tribute),
    Sample(
        "harbour-survey.eml",
        "Correspondence",
        "en",
        "Re: Harbour survey - who does what",
        _follow_up,
    ),
    Sample(
        "oak-samples.eml",
        "Correspondence",
        "en",
        "Oak for the chapel floor at Sainte-Foy",
        _delivery,
    ),
    Sample(
        "ortstermin.eml",
        "Correspondence",
        "de",
        "Ortstermin Gänsebrunnen muss verschoben werden",
        _postponed,
    ),
    Sample(
        "kuendigungsschreiben.pdf", "Correspondence", "de", "Kündigung der Mitgliedschaft", _notice
    ),
    Sample(
        "brief-wasserzaehler.docx", "Correspondence", "de", "Wechsel Ihres Wasserzählers", _meter
    ),
)
