"""What the invented water company's annual report says, page by page, with places for figures.

A line of `====` ends a page. Names in braces are filled in by `samples_annual` from its accounts.
"""

FRONT = """
# Chair's statement

Hallam Reach Water has supplied the valleys between the Scar and the sea for one hundred and
twelve years. In the year to 31 March 2025 it served {properties} thousand properties, lost less
water on the way to them than ever before, and earned {revenue} million pounds.

That is the short account. The longer one must begin with the night of 1 November 2024, when
Storm Gudrun brought the highest surge for seventy-one years. Four of our works were flooded,
and 212 colleagues came in without being asked. By the Sunday evening every tap was running. The
board has thanked them in person, and I thank them again here.

## A change at the top

Sir Lionel Quarmby retired from the board in July after nine years, the last four of them as
senior independent director. Temperance Okoye, who chaired the river trust of the upper valley,
has joined us in his place and brings the impatience of a lifelong angler.

## What the board asked of itself

In January we spent a day with twelve customers who had complained about us, without managers in
the room. Their sharpest reproach was that we explain too late and too smoothly. From this year
every director answers one complaint a month in his or her own words, and the first forty
answers have been printed in a booklet that anyone may have.

Our founder, the engineer Octavia Marsh, wrote in 1913 that a waterworks is "a promise under the
ground". I have had the sentence hung in the boardroom, above the clock.

====

# Chair's statement: dividend and thanks

The board recommends a final dividend of 9.4 pence a share. With the interim dividend of 5.1
pence, paid in December, that makes 14.5 pence, against 13.6 pence the year before. It is
covered 1.7 times by earnings.

We know that dividends of water companies are watched closely, and rightly. Ours are tied to
performance: had leakage not fallen by at least six per cent, a tenth of the dividend would have
been withheld and spent on the rivers fund instead.

## The price review

The regulator's draft decision on prices for 2025 to 2030 reached us in the summer. It allows us
to invest 640 million pounds, 38 million less than we had asked for. After long thought we
accepted it. The average household bill will rise by 4.20 pounds a month over the five years.

## Thanks

My thanks go to 1,874 colleagues, to the 640 volunteers of the river wardens, and to the parish
councils, who lent us 31 village halls during the storm. Of the many letters that reached me I
shall keep one, from a boy of eight in Eskerby: he had drawn our tanker with a face, and it was
smiling.

| Euphemia Strand
| Chair, 28 May 2025

====

# Chief executive's review

I took over in April 2024, and spent my first hundred days on the road. I rode with tanker
drivers, stood in sewers at three in the morning and listened in on 600 calls. Two things struck
me. Our people know what is wrong long before our systems do, and they had stopped telling us,
because nothing came of it.

So we began with a simple promise: every suggestion gets an answer within ten days. There were
1,312 suggestions, and 407 of them have been carried out. The cheapest cost nothing, namely to
park the vans facing outwards. The dearest, a second link between Carrowdale and Fallowgate,
will cost 11.8 million pounds and is being designed.

## Results

Revenue rose by {growth} per cent to {revenue} million pounds. Operating profit was {operating}
million pounds, helped by cheaper electricity, and we invested {invested} million pounds, more
than in any year since the reservoirs were built.

## Costs

Operating costs rose by less than two per cent. Wages went up by 3.4 million pounds and
contractors by 1.9 million, while energy became 4.5 million cheaper. We left two floors of the
office at Carrow Bridge, which saves 780,000 pounds a year, and sold the chair's car, which
saves rather less.

The merger of six control rooms into one was finished on 30 January. The new room, at Weir
House, watches 4,300 sites and is staffed by seven people at any hour.

====

# Chief executive's review: what went wrong

An honest review also names failures. We missed three of our fourteen performance commitments.

## Storm overflows

They discharged 1,906 times, and our limit was 1,700. The wet February explains a part of it,
but at Tanpit Lane and Eelpie Drain screens were blocked that an inspection should have found.
Both sites are now visited every week, and the log is published.

## Complaints answered in time

Eighty-eight per cent of written complaints were answered within ten working days; we had
promised ninety-five. The new billing system, switched on in September, sent 23,000 customers
two bills in one week. We wrote to each of them, with an apology and a stamp.

## Sewer flooding inside homes

Seventy-four families found sewage in their houses. That is nine fewer than a year ago and
seventy-four too many. Each was visited by a director.

## What we have changed

Since December the causes of each failure have been read aloud at the monthly meeting of all
managers, by the person nearest to them. Nobody has been dismissed for a mistake that was
reported; one contractor has been dismissed for a mistake that was hidden, at the outfall of
Cinder Lane.

====

# Chief executive's review: outlook

In the year that has just begun three projects will occupy us most. The first is the ring main,
42 kilometres long, that will join our five largest works, so that each can stand in for
another. The first spade goes into the ground at Pedlar's Hill in September 2025.

The second is smart metering. We shall fit 110,000 meters by March 2027, beginning in Fallowgate
and Dunmere, where pilots showed that households used 7.5 per cent less once they could see
their own use.

The third is the digester at Oakhanger. It will turn the sludge of eleven works into gas for
3,400 homes and let us sell the two coal-era boilers that we are a little ashamed of.

We expect revenue of about 421 million pounds in the coming year, and capital expenditure of
between 120 and 130 million.

## Uncertainties

Three things could upset these plans. Steel for the ring main has been ordered in euros, and a
tenth off the pound would add 2.7 million to its price. The tribunal on business rates, expected
in the autumn, may cost or save us 6 million. And a third dry spring in succession would bring
the bulk purchase from our northern neighbour, at 41 pence a cubic metre, into play.

| Barnaby Achterlonie
| Chief Executive

====

# Our business model

We gather water in nine upland reservoirs and from 61 boreholes and springs. It is treated in 26
works, kept in 148 service reservoirs and carried through {mains} kilometres of mains. What
comes back is cleaned in 57 sewage works before it is returned to the rivers.

## How we earn money

Prices are set by the regulator for five years at a time. Households pay 71 per cent of our
revenue, businesses 24 per cent, and the remaining five per cent comes from connections, land
and the sale of electricity.

## What we depend on

- Rain: 1,164 millimetres fell on our hills, 7 per cent more than the average of thirty years.
- Trust: 68 per cent of customers say that we do what we promise.
- Skill: a treatment operator needs three years of training before working alone.
- Capital: net debt stood at 57 per cent of the regulated value of our assets.

## How we share what we earn

Of every hundred pounds that customers pay, 24 go to our staff, 28 to suppliers and contractors,
ten to energy, eighteen into the renewal of pipes and works, eight to lenders and three to the
tax office. What is left is for the shareholders, of whom there are 21,600; the largest, the
Teachers' Provident Fund, owns 11.3 per cent.

====

# Strategy: five aims for 2030

In November the board adopted a plan called Clear to the Sea. It replaces 31 strategic
programmes with five aims, each with one number and one responsible director.

## Halve the leaks

Leakage is to fall to 60 megalitres a day, from {leaked} today. Responsible: Gideon Farquhar,
Networks.

## Swim in every river

All nine bathing places on our rivers shall be graded good or better. Today it is five.

## Carbon at half

Emissions from operations are to be 50 per cent below those of 2020. By March 2025 we had
reached 29 per cent.

## One call is enough

Ninety per cent of customers shall need to contact us only once. The present figure is 73 per
cent.

## Safe home every day

No colleague and no contractor shall be hurt badly enough to miss work.

## How the plan came about

Sixty employees from all grades wrote the first draft in four weeks, working in an empty shop in
Fallowgate high street so that passers-by could join in; 880 did. The board struck out three of
the eight aims that were proposed, among them the wish to become the country's favourite
company. Progress will be published each May, and an aim that is missed twice will be discussed
at the annual meeting.

====

# Market and regulation

The economic regulator decides what we may charge, the inspectorate watches the quality of
drinking water and the environment agency that of rivers. All three changed their rules during
the year.

Since 1 January 2025 every storm overflow must be monitored, and the data published within an
hour. We met the date with all 318 of them, at a cost of 5.2 million pounds.

The limit for the sum of forty-eight fluorinated chemicals was set at 0.1 micrograms a litre.
Our highest reading, at the Priory borehole in Inglebeck, was 0.038.

## Competition

Business customers may choose their retailer. The number that buy through us fell from 18,200 to
17,650, while two retailers from outside the region now have a share of 14 per cent between
them.

Nine companies bid to build the ring main, among them none from our own shareholders.

## Abstraction

Nineteen of our licences to take water must be renewed by 2028. We have offered to give up 14
megalitres a day at five chalk springs, and ask in return for a larger licence at Ravensmere in
winter. The environment agency will hold a hearing in Langmarsh town hall on 23 October 2025.

New rules on bathing water came into force in May: samples are taken until the end of October
instead of September.
"""

MIDDLE = """
# Water quality

Our laboratory in Carrowdale made 214,600 tests on drinking water, 588 a day. Of these, 99.97
per cent met the standard, and sixty-four did not.

Twenty-nine of the failures were traces of iron after mains had been flushed, eighteen were due
to taps in the customer's own house, and eleven to chlorine. The remaining six were coliform
bacteria in service reservoirs. In each case the tank was drained, inspected and disinfected
within two days, and nobody fell ill.

The inspectorate opened one formal investigation, into the manganese at St Ewold's Well, and
closed it in December with two recommendations.

## Lead

There are still about 31,000 lead pipes between our mains and people's kitchens. We replaced
4,260 of our own and paid half the cost of 1,015 belonging to customers. The chief scientist, Dr
Araminta Coyle, has proposed to finish the work by 2038.

## Taste

Complaints about taste or smell fell to 1,240. A panel of fourteen tasters, who may neither
smoke nor wear scent on the day, meets every Thursday at Carrow Bridge. In a blind test they
preferred the water of Kelderton to four bottled brands, one of which costs 2,100 times as much.

The laboratory was granted accreditation for microplastics in February, as the second in the
country.

====

# Leakage and demand

Leakage was {leaked} megalitres a day, against {leaked_before} the year before. Measured by
property, that is 72 litres a day, and in 2015 it was 118.

Three quarters of the reduction came from finding leaks faster. The average leak now runs for
eleven days before it is mended; five years ago it ran for twenty-six. A dog called Biscuit,
trained to smell chlorine, found 83 leaks in open country that no instrument had heard.

The average customer used 134 litres a day. Metered customers used 121 litres and unmetered ones
156.

## Non-household use

Farms, factories and hotels used 139 megalitres a day. Visits to the sixty largest found savings
of nine per cent, most of them in urinals that flushed all night.

====

# Wastewater and rivers

We treat the sewage of 2.9 million people and visitors. Ninety-eight point six per cent of our
works kept to their permits; the exception was Scar Foot, which failed twice for ammonia after a
power cut had stopped its blowers.

There were sixteen pollution incidents, four fewer than in the previous year, and one of them
was serious. On 6 June a rising main burst beside the Mere Brook and killed some 900 trout. We
pleaded guilty and were fined 340,000 pounds. The brook has been restocked, and the main renewed
over its full 1.9 kilometres.

The rivers fund gave 1.1 million pounds to 43 groups. The largest grant, of 95,000 pounds, went
to the removal of Cotter's Weir, and the smallest, of 140 pounds, bought waders for a school.

## Wipes

We cleared 9,870 blockages, and seven in ten were caused by wipes. A fatberg of 34 metres was
cut out beneath Jubilee Arcade in Jarrowfield, which took four men three weeks. Fenella
Birtwhistle, who leads the campaign against wipes, spoke in 118 schools and carries a piece of
it in a jar.

====

# Energy and carbon

We used 318 gigawatt hours of electricity and made 74 of them ourselves, from sludge gas,
falling water and the sun.

The new solar field at Langmarsh, on land too salty for wheat, has 21,000 panels. Sheep keep the
grass down, and the shepherd, Mrs Nerys Aubrey, is paid 6,000 pounds a year for it.

Nitrous oxide from treatment is now measured rather than estimated at seven works. The result
was uncomfortable: it is 40 per cent higher than the textbooks say, and we have restated the
figures of earlier years accordingly.

## Vehicles

Of our 940 vehicles 388 are now electric. The tankers are not: a trial with a hydrogen tanker
ended in November, when its maker went out of business.

====

# Reservoirs and drought

At the end of March our reservoirs were 93 per cent full. The lowest level of the year, 58 per
cent, was reached on 2 October after a dry September.

Under our drought plan restrictions are considered when storage falls below 45 per cent in
August. The last time this happened was in 2022, when hosepipes were banned for 51 days.

## Dam safety

Twelve of our dams come under the Reservoirs Act. All were inspected, and the engineer,
Professor Lucian Amery, asked for measures at two. At Scar Top the spillway has been raised by
60 centimetres. At Whin Hill seepage of 4 litres a second is watched daily until a grout curtain
is built in 2026.

Hallam Reach takes part in the national scheme to share water between regions. A pipe to our
southern neighbour could move 25 megalitres a day from 2032.

## Reuse

At Netherby Sands we are testing whether cleaned waste water can be purified far enough to feed
a reservoir. The pilot yields 900 litres an hour, and after eleven months of tests not one of
362 substances has been found above its limit. A decision on a full plant, at about 88 million
pounds, will be taken in 2027.

====

# Customers

Customers contacted us {contacts} times about their supply, {fewer_contacts} per cent less often
than in the year before. The commonest reasons were no water, low pressure and discoloured
water, in this order.

The regulator's survey put us seventh of seventeen companies, up from eleventh. Our own survey
of 12,000 households gave an average of 7.9 out of ten. What people liked most was the text
message that says when the engineer will arrive; what they liked least was holding music, and so
we have turned it off.

Compensation of 1.9 million pounds was paid in 41,300 cases. Since October it has been paid
without being claimed.

A panel of twenty-four customers, chosen by lot, met five times. It persuaded us to print bills
in type that can be read without glasses.

## Moving house

One call in eight is about moving house. Since June it can be settled with a photograph of the
meter, and takes four minutes instead of thirteen. About 61,000 people used it; 212 sent a
photograph of the wrong object, most often the gas meter.

====

# Help with bills

About one household in eleven finds it hard to pay for water. The social tariff, called Level,
takes up to 60 per cent off the bill, and 58,700 households were on it at the end of the year,
9,200 more than twelve months earlier.

Customers who pay contribute 11 pounds a year to the tariff. In a ballot 64 per cent agreed to
this; we put in 2.5 million pounds ourselves.

Our van, Bess, parks at markets and food banks. Her crew of three, led by Caspian Doyle, helped
4,900 people, many of whom turned out to be paying for water that leaked under their own garden.

Debts more than a year old came to 18.3 million pounds. We did not use bailiffs against anyone
on the priority register, which holds 96,400 names.

## Breathing space

Anyone who falls ill, loses work or loses a partner can stop paying for up to six months without
giving proof. In the first year 3,480 people asked for it, and 81 per cent of them have since
begun to pay again. The scheme was thought up by Yolanda Frith, who answers telephones in
Holmstead.

====

# People

We employed 1,874 people on average, 61 more than in the previous year. Of these 33 per cent
were women, and among the senior managers 41 per cent.

Seventy-nine apprentices and 22 graduates were in training. For each apprentice's place there
were 31 applicants. The oldest was Mr Horatio Binns, who at fifty-eight changed from baking to
pipe laying.

Staff turnover fell to 8.1 per cent. In the yearly survey 77 per cent said that they were proud
to work here, but only 52 per cent that decisions are taken quickly.

The pay settlement with the unions, signed on 14 June 2024, gave 4.6 per cent and an additional
day of leave to everybody who had worked through the storm.

## Former colleagues

We mourn Alasdair Nunn, turncock for forty-one years, who knew where every valve in Merriholt
was and told only those who brought cake.

====

# Health and safety

Nobody lost a life at work. Eleven colleagues and seven contractors were injured badly enough to
miss a shift, and the rate was 0.29 per hundred thousand hours.

The worst accident happened on 23 August in Jarrowfield, where the wall of a trench gave way.
Trench boxes had been delivered but lay in the van. The two men recovered; work in trenches was
stopped across the company for three days, and 930 people repeated their training.

Lone workers carry a device that calls for help when its bearer does not move. It sent 46
alarms, of which two were real. One saved a sampler who had slipped into a settling tank at Whin
Hill.

We lost 5.9 days for each employee to illness. A physiotherapist is now at hand in every depot
on Tuesdays.

## Health of the mind

Sixty-three colleagues have been trained to listen. They were approached 540 times, most often
about sleep and debts. After the storm everyone who had worked for more than twenty hours was
telephoned by a nurse; nine people were advised to take leave, and did.

====

# Innovation

We spent 6.4 million pounds on research and trials, and won three grants from the regulator's
fund amounting to 2.2 million.

## Robots in the mains

A robot the size of a loaf crawled through 17 kilometres of trunk main under pressure. It found
38 weak joints, among them one beneath the maternity ward of Fallowgate hospital.

## Forecasting bursts

A model that learns from frost, age, soil and traffic predicts where pipes will break within the
month. It was right in 61 of a hundred cases; experienced inspectors, asked without its help,
were right in 44.

## Failures

Not all went well. Drones that should have read meters from the air were mobbed by gulls, and
the trial was stopped after nine days.

## Open data

We put the readings of 2,050 sensors on the internet, free of charge, on 1 September. The most
faithful user is a retired organist in Oakhanger, Mr Leander Fisk, who found two faulty gauges
by comparing them with his own and now sits on our panel for research.

====

# Supply chain

We bought goods and services for 214 million pounds from 1,960 suppliers, of which 57 per cent
are based within fifty miles. Invoices were paid after 24 days on average.

When a maker of chlorine in the estuary closed in May, we had stocks for sixteen days. Since
then we hold stocks for forty, at three places, and have tested a method that makes disinfectant
from salt at the works.

Eighty-two suppliers were visited. At one of them, a packer of gloves, we found workers who had
paid for their own jobs. The fees were paid back, 38,400 pounds in all, before we placed another
order.

The framework for civil works, worth 290 million pounds over five years, was given to Cobbledick
& Sons, Ravel Tunnelling and the Scarside Joint Venture.

## Materials

Forty-four per cent of the pipes laid were made of recycled plastic, and 96 per cent of the
spoil from our trenches was used again. The price of ferric sulphate rose by 38 per cent in
twelve months, and that of polymer by 21.

====

# Land and nature

We own 22,800 hectares, most of it moor. On a fifth of it we changed something this year:
blocked drains, planted trees, or let the river go where it wished.

Curlews raised 71 chicks on our land, according to the count made by Miss Ottilie Prynne, who
has counted them since 1983. Black grouse were seen at Gallows Top after an absence of sixteen
years.

Invasive signal crayfish have reached the lower Eskerby. Anglers and staff took out 9,700 of
them; a chef in Carrowdale took most of those.

Visitors made 1.3 million trips to our reservoirs. Parking costs 3 pounds, and the income of
412,000 pounds pays for the seven rangers and for litter, of which they gathered 26 tonnes.

## Farms

We let 212 farms. When four tenancies ended this year, each was given to a newcomer under
thirty-five, at a rent that depends on the nitrate in the nearest stream. The youngest,
Clementine Yarrow, milks 90 sheep at Whin Hill.
"""

RISKS = """
# Principal risks

The board reviews risks twice a year and considers ten of them to be principal. The register is
kept by the risk officer, Lysander Pym, and was examined by the internal auditors in January.

Since last year two risks have risen, namely cyber attack and the price of chemicals, and one
has fallen, the price of electricity, because 80 per cent of our needs until 2027 have been
bought in advance.

## Emerging risks

The board also discussed microplastics, for which there is no agreed method of measurement, and
the growing demand for water from data centres. Two operators have asked for 6 megalitres a day
between them, as much as a town of 40,000 people.

## Appetite

We accept no risk to public health, little risk to rivers, and more risk in trying out new
methods, provided that a trial can be stopped within one day.

## Exercises

On 20 and 21 November we rehearsed a cyber attack with the neighbouring police force. The
control room lost its screens for nine hours and ran twenty-two works by telephone and paper.
The exercise showed that two of the five emergency telephones did not know the new numbers of
the works.

====

# Risk register

The table shows the principal risks, how likely and how grave they are on a scale of one to
five, and who answers for them.

====

# Viability statement

The directors have assessed the prospects of the group until 31 March 2030, which is when the
next price period ends.

They tested five severe but plausible events: a drought like that of 1976, a failure of
Ravensmere dam's valves, a fine of ten per cent of revenue, inflation two points above forecast
for three years, and a cyber attack that stops billing for ninety days. The gravest combination,
the drought together with the attack, would use up 148 million pounds.

Against this the group holds cash of {cash} million pounds and undrawn bank facilities of 165
million, committed until October 2028. Dividends could be halted and 45 million pounds of works
put off without harm to supply.

On this basis the directors have a reasonable expectation that the group will be able to
continue in operation and meet its debts as they fall due.

## How the tests were made

The model was built by the treasury team under Cordelia Haynes and checked by Penrose Maddox
LLP. It assumes that no more than 30 million pounds of customers' debts become irrecoverable in
any year, and that lenders would waive no covenant. The tightest covenant requires operating
cash flow to be at least 2.2 times interest; it was 4.5 times this year and would fall to 2.6 in
the gravest case.
"""

GOVERNANCE = """
# Board of directors

## Euphemia Strand, Chair

Appointed in 2021. An economist by training, she led the ports authority for eight years. She
attended all nine meetings.

## Barnaby Achterlonie, Chief Executive

Appointed in April 2024. A civil engineer, he built tunnels in Norway and Chile before he turned
to water.

## Philomena Vantongeren, Finance Director

Appointed in 2019. She was formerly treasurer of a railway and holds 41,000 shares.

## Temperance Okoye, independent

Appointed in July 2024. She chairs the sustainability committee.

## Augustin Leclerc-Moss, senior independent director

Appointed in 2018. He chairs the remuneration committee and will retire at the annual meeting of
2026.

## Dr Isolde Whitcroft, independent

Appointed in 2022. A microbiologist, she chairs the audit committee's panel on water quality.

====

# Corporate governance

The group complies with the governance code, with one exception: the chair of the audit
committee, Rupert Dalgleish, has served for ten years. The board keeps him until the change of
auditor has been completed in 2026 and regards him as independent in mind.

The board met nine times, twice of them at works. It spent about 35 per cent of its time on
investment, 25 per cent on rivers, 20 per cent on people and safety, and the rest on finance and
rules.

An outside review by Thistlewood Partners found the board to be open and well prepared but its
papers too long. They had an average of 412 pages and have been cut to a limit of 150.

## Dialogue with staff

Two employees chosen by their colleagues, Maud Ellery and Prakash Sorabji, attend board meetings
as observers and have the right to speak.

## Policies

The code of conduct was rewritten on four pages. Forty-three reports reached the line for
whistle-blowers, of which twelve were upheld; the gravest concerned a buyer who had accepted
tickets for the rugby. No political donations were made. Gifts of more than 25 pounds must be
entered in a register, which lists 118 of them, among them a salmon.

====

# Audit committee report

The committee met six times. Its members were Rupert Dalgleish, Dr Isolde Whitcroft and Augustin
Leclerc-Moss.

## Matters considered

The most difficult judgement concerned unbilled revenue of 39.7 million pounds, which is
estimated from earlier readings. The committee compared the estimate of the previous year with
bills sent since and found a difference of 0.6 per cent.

It also considered whether repairs after Storm Gudrun were maintenance or investment. Of the
13.9 million pounds spent, 5.5 million were capitalised.

## Auditor

Penrose Maddox LLP have audited the accounts since 2016. After a tender with four firms the
committee recommends Hartnoll & Byre LLP from the year 2026 on. Fees for the audit were 680,000
pounds; for other services 45,000 pounds were paid.

## Internal audit

Internal audit carried out 22 reviews and rated three of them red: the billing system, the keys
of pumping stations, and overtime in the tanker fleet. Of 164 agreed actions 151 were finished
on time. Its head, Evander Stroud, retired in March and was followed by Lucasta Meredith from
the county council.

====

# Remuneration report

Executive pay consists of salary, a yearly bonus of at most 100 per cent of salary, and shares
that must be held for five years.

Half of the bonus depends on rivers, leakage and customers. Because the limit for storm
overflows was missed, that part, a fifth of the whole, was not paid. The committee also reduced
the bonus of the chief executive by 20,000 pounds on account of the serious pollution at the
Mere Brook, as he had himself proposed.

The chief executive's total pay was 17 times that of the employee in the middle of the scale,
who earned 41,200 pounds.

====

# Auditor's report

## Directors' responsibilities

The directors are responsible for preparing accounts that give a true and fair view, for keeping
adequate records and for safeguarding the assets. Each of them confirms that there is no
information relevant to the audit of which the auditor is unaware.

## Opinion of the independent auditor

To the members of Hallam Reach Water plc. In our opinion the accounts give a true and fair view
of the group's affairs at 31 March 2025 and of its profit of {profit} million pounds for the
year then ended.

We set materiality at 2.5 million pounds, about five per cent of profit before tax, and reported
every difference above 125,000 pounds. Key audit matters were unbilled revenue, the valuation of
the pension obligation and the split between repairs and investment.

## Scope of the audit

We visited seven works and two depots without notice, counted stocks of pipes at Sidings Road,
and tested 460 bills against readings. Six differences were found, all of them below our
threshold for reporting, and together they would have raised profit by 0.3 million pounds.

| Horatia Penrose, senior statutory auditor
| for Penrose Maddox LLP, 29 May 2025
"""

POLICIES = """
# Note 1: Accounting policies

The accounts have been prepared under international standards on the going-concern basis and are
shown in millions of pounds, rounded to one decimal.

Revenue is recognised as water is delivered and waste water is taken away. Where meters have not
been read, use since the last reading is estimated. Charges to people who cannot be traced are
not recognised.

Property, plant and equipment are carried at cost less depreciation. Dams and tunnels are
written off over 150 years, mains over 90, buildings over 60, machinery over 20 and vehicles
over 6. Interest of 4.1 per cent on works that take longer than a year is part of their cost.

Contributions from developers are recorded as other income over the life of the pipes that they
paid for.

The pension scheme has been closed to new members since 2014. Its obligation is computed by the
actuary, Leonie Garrick, with a discount rate of 4.9 per cent.

Research is charged to profit as it is incurred. Development is capitalised when its use is
certain; in the year this was the case for the model that forecasts bursts, at 0.9 million
pounds.

Trade receivables are shown less an allowance of 21.4 million pounds for debts that are not
expected to be paid, computed from the payment record of 36 months.

Estimates matter most in three places: unbilled revenue, the lives of mains and the pension
obligation. A discount rate lower by a tenth of a point would raise that obligation by 4.3
million pounds.
"""
