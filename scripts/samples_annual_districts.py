"""The eighteen districts of the invented water company, a page of its annual report each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class District:
    """A district's year: (this year, last year) figures and what there is to tell.

    `properties` in thousands, `supplied` and `leaked` in megalitres a day, `mains` in
    kilometres, `revenue` and `invested` in tenths of a million pounds.
    """

    name: str
    properties: tuple[int, int]
    supplied: tuple[int, int]
    leaked: tuple[int, int]
    mains: tuple[int, int]
    bursts: tuple[int, int]
    contacts: tuple[int, int]
    revenue: tuple[int, int]
    invested: tuple[int, int]
    story: str


DISTRICTS = (
    District(
        "Aldermoor",
        (96, 95),
        (41, 42),
        (6, 7),
        (812, 806),
        (131, 148),
        (5210, 5630),
        (287, 271),
        (74, 61),
        """
The district's largest work of the year was the new pumping station at Tinker's Ford, which went
into service on 9 October 2024. Its four pumps replace machines from 1968 and use 31 per cent
less power.

A burst on Station Parade on the night of 4 December left 3,150 homes without water for seven
hours. Bottled water was handed out at the cricket ground, and each household received £50 in
compensation.

Aldermoor is managed by Winifred Lascelles, who came to us from the county's bridges department.
""",
    ),
    District(
        "Brackenfold",
        (58, 58),
        (24, 24),
        (5, 5),
        (940, 938),
        (166, 159),
        (3475, 3390),
        (171, 165),
        (39, 44),
        """
Brackenfold is our most rural district: each kilometre of main serves only 62 properties.
Farmers between Coldharbour and the moor had long complained of low pressure, and a booster at
Gallows Top has raised it from 0.9 to 2.3 bar.

The spring at St Ewold's Well was taken out of supply in June after manganese was found in three
samples. It will come back when a filter of 40 cubic metres an hour has been built.

Local volunteers planted 6,400 hazels and rowans above the intake to keep soil out of the beck.
""",
    ),
    District(
        "Carrowdale",
        (121, 119),
        (55, 54),
        (9, 10),
        (1104, 1096),
        (204, 231),
        (7940, 8815),
        (368, 349),
        (118, 96),
        """
The treatment works at Carrow Bridge received its second stage of ultraviolet light, at a cost
of £8.4 million. Forty-two lamps now stand between the filters and the clear water tank.

We relaid 7.8 kilometres of cast iron beneath the Georgian crescents, working from inside the
old pipe so that the setts stayed where they were. Residents voted the gang, led by Desmond
Ikande, "most polite contractor" in the Carrowdale Courier.

A dispute with the tramway about who pays for moving the trunk main in Foundry Street is before
an arbitrator, who is expected to decide in November 2025.
""",
    ),
    District(
        "Dunmere",
        (34, 34),
        (13, 14),
        (2, 2),
        (377, 375),
        (48, 57),
        (1820, 1935),
        (98, 95),
        (21, 18),
        """
Dunmere's water comes from a single borehole of 118 metres, sunk in 1934. A second one at Larks'
Piece struck water at 96 metres in March and will give the town the reserve it has lacked.

The taste of chlorine, the commonest complaint in earlier years, fell away once dosing was moved
from the reservoir to the works. Only nineteen customers mentioned it, against 141 the year
before.

Our apprentice Keziah Thorne won the regional medal for pipe jointing.
""",
    ),
    District(
        "Eskerby",
        (77, 76),
        (33, 33),
        (5, 6),
        (688, 684),
        (109, 121),
        (4415, 4580),
        (233, 224),
        (57, 63),
        """
Along the Eskerby sea front every lead service pipe has now been replaced, 1,286 of them in
three years. The last was at number 9, Marine Terrace, on 20 February 2025.

Storm Gudrun drove salt water into the outfall chamber on 1 November and stopped both screens.
Crews cleared 14 tonnes of kelp by hand before the next high tide.

The bathing water at North Sands was graded excellent for the sixth time running, that at the
harbour was graded good.
""",
    ),
    District(
        "Fallowgate",
        (143, 140),
        (64, 64),
        (11, 12),
        (1011, 1003),
        (245, 268),
        (9820, 10_440),
        (432, 409),
        (151, 132),
        """
Fallowgate grows faster than any other district. The quarter at Weavers' Meadow alone added
1,740 homes, all of them with rainwater butts and meters that report every fifteen minutes.

To serve them we built a reservoir of 18,000 cubic metres beneath Pedlar's Hill. It was filled
for the first time on 12 August and lost less than a bucket an hour in its test.

Traffic during the works caused ill feeling. We apologised to the traders of Lamb Lane and paid
37 of them a total of £212,000.
""",
    ),
    District(
        "Garthwick",
        (66, 66),
        (29, 30),
        (4, 5),
        (598, 597),
        (87, 99),
        (3290, 3600),
        (199, 193),
        (33, 35),
        """
Leakage in Garthwick fell by a fifth after 460 listening devices were fixed to hydrants. One of
them heard a leak below the bowling green that had run, we think, since the green was laid in
1977.

The sludge digester at Tanpit Lane was emptied for the first time in eleven years. It yielded
830 tonnes of grit and a child's tricycle.

Mayor Hortensia Blythe opened the visitor path along the settling ponds on 3 May.
""",
    ),
    District(
        "Holmstead",
        (109, 108),
        (47, 48),
        (8, 8),
        (903, 899),
        (178, 173),
        (6605, 6420),
        (329, 317),
        (82, 90),
        """
Bursts rose slightly in Holmstead because the dry September shrank the clay in which two thirds
of the mains lie. Sixty-one of the year's 178 bursts happened in that single month.

The brewery at Kiln Green, our largest customer here, cut its use from 2.1 to 1.6 megalitres a
day by washing its bottles twice with the same water. We advised on the filters and share the
saving for three years.

A new depot at Sidings Road has brought four teams under one roof.
""",
    ),
    District(
        "Inglebeck",
        (45, 45),
        (18, 19),
        (3, 3),
        (466, 465),
        (61, 70),
        (2150, 2385),
        (131, 127),
        (26, 22),
        """
The weir at Inglebeck Mill now has a fish pass of 23 steps. In its first autumn a camera counted
614 salmon and one otter, which appeared to be waiting for them.

We handed over the disused filter house to the Inglebeck Players, who performed in it in July.
The rent is one pound a year and two tickets.

Nitrate in the Priory borehole stood at 43 milligrams a litre, below the limit of 50 but rising;
eleven farmers are being paid to sow winter cover.
""",
    ),
    District(
        "Jarrowfield",
        (132, 131),
        (61, 62),
        (12, 13),
        (1048, 1045),
        (262, 290),
        (9115, 9870),
        (401, 388),
        (127, 109),
        """
Jarrowfield has our oldest pipes, with a mean age of 84 years, and the highest leakage. The
programme of 2023 to 2028 will renew 96 kilometres of them; 21 kilometres were laid this year.

On 17 January a trunk main failed beneath the railway viaduct. Trains were stopped for nine
hours and the claim of the railway, £1.6 million, has been met by our insurers above an excess
of £250,000.

District manager Solomon Adebayo-Reid introduced evening visits, which 2,480 customers chose.
""",
    ),
    District(
        "Kelderton",
        (29, 29),
        (11, 11),
        (2, 2),
        (341, 340),
        (39, 41),
        (1495, 1520),
        (84, 82),
        (17, 14),
        """
In the upper valley of Kelderton we closed three small works and now bring water through a pipe
of 13.5 kilometres from Scar Top. It crosses the limestone in a tunnel that cavers helped us
survey.

Peat was restored on 270 hectares: 1,100 small dams hold back the rain, and the colour of the
raw water has already dropped by a third.

Snow cut off the works from 6 to 9 January. The operator, Jethro Sugden, stayed for all four
days and was awarded the chair's prize.
""",
    ),
    District(
        "Langmarsh",
        (88, 87),
        (38, 38),
        (7, 7),
        (867, 861),
        (142, 150),
        (5080, 5295),
        (262, 252),
        (68, 71),
        """
Langmarsh lies below the level of spring tides, and sewers there float when the ground is wet.
We anchored 540 metres of them with concrete saddles along Eelpie Drain.

The tidal gates at Sluice House were rebuilt with stainless steel hinges. In the surge of 1
November they closed in 80 seconds and kept the water from 412 houses.

An exhibition on the great flood of 1953, made with pupils of the Marsh Academy, drew 5,300
visitors.
""",
    ),
    District(
        "Merriholt",
        (51, 50),
        (22, 22),
        (3, 4),
        (520, 516),
        (72, 83),
        (2640, 2810),
        (151, 146),
        (31, 29),
        """
Half of Merriholt's supply passes through the slow sand filters of 1902, which are listed at
grade II. We re-sanded two of the six beds with 3,900 tonnes from a quarry within sight of the
works.

After two boil-water notices in 2023 there was none this year. The hatch that had let surface
water into the tank at Rook's Nest has been sealed.

The junction of mains at Three Horseshoes was remodelled over eleven nights; it had been drawn
wrongly on every plan since 1946.
""",
    ),
    District(
        "Netherby Sands",
        (40, 38),
        (19, 18),
        (3, 3),
        (402, 396),
        (55, 58),
        (2870, 2745),
        (126, 117),
        (44, 36),
        """
Netherby Sands has 40,000 properties in winter and the needs of a town twice that size in
August. The peak of 31.2 megalitres came on Sunday 4 August.

Two caravan parks were found to be connected without a meter. The arrears, £187,000, will be
paid off by 2029.

The desalination pilot on the old pier produced 400 cubic metres a day at a cost of 96 pence
each, too dear for daily use but a comfort in drought.
""",
    ),
    District(
        "Oakhanger",
        (73, 73),
        (32, 33),
        (5, 5),
        (707, 705),
        (101, 115),
        (4025, 4310),
        (219, 213),
        (48, 52),
        """
At Oakhanger sewage works we switched off the last of the tall trickling filters and with them
the flies that had troubled the allotments for a century. The new basins treat 410 litres a
second.

Phosphorus in the effluent came down from 1.8 to 0.4 milligrams a litre, and starwort has been
seen in the Oak Brook for the first time since 1990.

The allotment society thanked us with a marrow of 31 kilograms.
""",
    ),
    District(
        "Penwhistle",
        (24, 24),
        (9, 9),
        (1, 2),
        (288, 287),
        (27, 33),
        (1130, 1205),
        (70, 69),
        (12, 10),
        """
Penwhistle is our smallest district and had the fewest interruptions: on average a customer was
without water for 1 minute and 50 seconds in the year.

The lighthouse on Whistle Head, supplied by boat since 1871, was connected by a pipe on the sea
bed of 2.2 kilometres. Its keeper, now a warden of seabirds, reports that tea tastes different.

We lend garden meters to schools; the prize for the thriftiest went to Penwhistle Infants with
3.1 litres a child a day.
""",
    ),
    District(
        "Quarrendale",
        (61, 60),
        (27, 27),
        (4, 5),
        (574, 570),
        (94, 103),
        (3355, 3480),
        (184, 177),
        (41, 38),
        """
The disused slate quarry at Deep Level now holds 96,000 cubic metres of water as a reserve for
the summer. Divers sealed its old adit with a plug of nine metres.

Hydropower from the descent to the town made 2.7 gigawatt hours, enough for our whole district
and 300 homes besides.

Vandals opened eighteen hydrants in the heat of July. Caps with a magnetic key, invented by our
fitter Obadiah Crane, have put an end to it.
""",
    ),
    District(
        "Ravensmere",
        (102, 101),
        (45, 46),
        (7, 8),
        (856, 851),
        (149, 168),
        (6230, 6590),
        (306, 294),
        (93, 77),
        """
Ravensmere reservoir, our largest with 38 million cubic metres, was drawn down by eleven metres
so that its valve tower could be overhauled. The village of Old Mere, drowned in 1938, came to
light for eight weeks and attracted 74,000 sightseers.

Both bottom valves were replaced by divers from Stavanger. The work ended on 30 November, nine
days early and £0.4 million below its budget of £6.1 million.

The sailing club was paid for its lost season and has bought a safety boat.
""",
    ),
)
