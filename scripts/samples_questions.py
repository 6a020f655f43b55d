"""Questions about the samples: where each answer stands, and four that nothing answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the document and page that answer it, and the words of the answer there."""

    question: str
    path: str | None
    page: int | None
    answer: str | None


REPORT = "hallam-reach-2025.pdf"
QUESTIONS = (
    Question("How many listening devices were fixed to hydrants in Garthwick?", REPORT, 20, "460"),
    Question(
        "How long is the pipe on the sea bed to the lighthouse on Whistle Head?",
        REPORT,
        29,
        "2.2 kilometres",
    ),
    Question(
        "What was Hallam Reach Water fined for the burst rising main beside the Mere Brook?",
        REPORT,
        34,
        "340,000",
    ),
    Question("Who is Hallam Reach Water's chief scientist?", REPORT, 32, "Dr Araminta Coyle"),
    Question(
        "When will the final dividend of Hallam Reach Water be paid?", REPORT, 60, "22 August 2025"
    ),
    Question("How many households were on the social tariff called Level?", REPORT, 38, "58,700"),
    Question(
        "When is the stationery invoice BW-2025-0417 due?",
        "invoice-BW-2025-0417.pdf",
        1,
        "13 April 2025",
    ),
    Question(
        "How long is the workmanship warranty on the Juniper Flats clubhouse roof?",
        "copperline-20388.pdf",
        1,
        "ten years",
    ),
    Question(
        "How much is the onboarding fee that Harrow & Pike pays for Wayfinder?",
        "tidewell-harrow-pike.pdf",
        1,
        "GBP 11,200",
    ),
    Question(
        "How many parking spaces may the tenant of The Cooperage use?",
        "cooperage-second-floor.pdf",
        1,
        "nine",
    ),
    Question(
        "What does the consultant Dr Emrys Tavener charge per day?",
        "BDC-CONS-2025-11.txt",
        1,
        "GBP 780 per day",
    ),
    Question(
        "What liquidated damages are due for each breach of the Larkfield Observatory NDA?",
        "mutual-nda-orchard-lens.docx",
        1,
        "EUR 40,000",
    ),
    Question(
        "On which day did a straddle carrier hit a lighting mast at Skerry Quay?",
        "safety-q3-2025.pdf",
        1,
        "19 August",
    ),
    Question(
        "Why did the web shop of Nettlebed Seeds show wrong prices: which locale did server web-04"
        " have?",
        "incident-2025-014.md",
        1,
        "Danish locale",
    ),
    Question(
        "Which boat for the harbour survey is in dry dock until 24 July?",
        "harbour-survey.eml",
        1,
        "Stormpetrel",
    ),
    Question(
        "What notice period does the applicant for Curator of Trees have?",
        "application-ferreira-holt.docx",
        1,
        "6 weeks",
    ),
    Question(
        "Welche Prozentzahl der Aufzugs-Verfügbarkeit sichert die Hebelwerk Aufzugsdienst GmbH zu?",
        "wartungsvertrag-aufzug.pdf",
        1,
        "98,5 %",
    ),
    Question(
        "Wie viel kostete die Sanierung des Leuchtturms Hogenholm?",
        "jahresbericht-2024.pdf",
        3,
        "3,82 Mio. Euro",
    ),
    Question(
        "Wer ist beim Tiefbauamt Bärenfels erkrankt, sodass der Ortstermin am Gänsebrunnen"
        " ausfällt?",
        "ortstermin.eml",
        1,
        "Frau Öztürk",
    ),
    Question(
        "Zu welchem Datum kündigt Lorenz Habermehl seine Mitgliedschaft im Fitness-Studio?",
        "kuendigungsschreiben.pdf",
        1,
        "31. Januar 2026",
    ),
    Question(
        "What salary does the managing director of Tidewell Routing Systems draw?", None, None, None
    ),
    Question(
        "How many wind turbines does Hallam Reach Water operate in Denmark?", None, None, None
    ),
    Question("Which law firm drafted the lease of the airport hotel?", None, None, None),
    Question("Wie hoch ist die Miete für die Ferienwohnung auf Mallorca?", None, None, None),
)
