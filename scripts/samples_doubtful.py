"""Two documents that belong to no class for certain, for a person to decide about."""

from scripts import samples_markup, samples_pdf
from scripts.samples_blocks import Blocks, Gap, Grid, Lines, Prose, prose
from scripts.samples_pdf import Letterhead, Theme

RECIPE = """
# Aunt Wilhelmina's plum dumplings

For four hungry people. Takes an hour and a half, and a glass of wine while you wait.

- 1 kg floury potatoes, boiled in their skins the day before
- 250 g flour, and a little more for the board
- 2 egg yolks, a pinch of salt
- 16 small plums, stoned, with a lump of sugar in each
- 120 g butter, 150 g breadcrumbs, cinnamon

Press the potatoes through the ricer and knead them quickly with flour, yolks and salt. If you
dawdle, the dough turns wet and you will need more flour, which makes cannonballs.

Roll it out as thick as your finger, cut squares, wrap each plum and close the edges with damp
hands. Let the dumplings simmer for twelve minutes: they are done when they float and turn over
by themselves.

Brown the breadcrumbs in the butter, roll the dumplings in them and dust with cinnamon. Uncle
Theo once ate nineteen.
"""


def _recipe() -> bytes:
    return samples_markup.text(prose(RECIPE))


def _reminder() -> bytes:
    """A letter that reminds of an unpaid bill, changes a contract and asks for a signature."""
    head = Letterhead(
        "Gullwing Storage", ("Pier Road 4, Whitby YO22 0XX", "hello@gullwing-storage.example")
    )
    owed = (
        ("Period", "Reference", "GBP"),
        ("March 2025", "GW-1187-03", "84.00"),
        ("April 2025", "GW-1187-04", "84.00"),
        ("Late fee", "clause 6", "12.00"),
        ("Outstanding", "", "180.00"),
    )
    blocks: Blocks = (
        Lines(("Mr Bartholomew Keane", "9 Flowergate Steps", "Whitby")),
        Lines(("6 May 2025",), "right"),
        *prose("""
Dear Mr Keane,

### Unit 1187: your account, and new terms from 1 June

I hope that you and the parrot are well. I am afraid that our book shows two months unpaid:
"""),
        Grid(owed, (0.4, 0.35, 0.25), 1, 1),
        *prose("""
Please transfer the sum by 20 May to GB82 WEST 1234 5698 7654 32. If it has crossed with this
letter, forget that I wrote.

At the same time we are changing the storage agreement that you signed on 11 October 2022. From
1 June:

- the monthly fee is GBP 89.00, fixed until 31 May 2027;
- either side may terminate with one month's notice instead of three;
- goods worth more than GBP 5,000 must be insured by the customer;
- the agreement stays under English law.

If you agree, sign below and send the sheet back. If we hear nothing by the end of May we shall
take it that you would rather go, and wish you well.

Yours, Hepzibah Storr
"""),
        Gap(4),
        Prose(
            "[  ] I agree to the new terms    [  ] I give notice    Signature:"
            " ______________________"
        ),
    )
    theme = Theme(face="Times", size=11, color="#3b3b6d", head=head, head_height=18, margin=26)
    return samples_pdf.render(blocks, theme, "Unit 1187", head.name)


FILES = {"plum-dumplings.txt": _recipe, "unit-1187.pdf": _reminder}
"""File name in the folder of doubtful documents, and how its bytes are made."""
