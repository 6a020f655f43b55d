"""Function words of English and German: too common to find anything by."""

# A word that can carry a question ("can" as a tin aside) is not here: it stays searchable.
ENGLISH = """
a about above after again against all also am an and any are as at be because been before being
below between both but by can could did do does doing down during each few for from further had
has have having he her here hers herself him himself his how i if in into is it its itself just
may me might more most must my myself no nor not of off on once only or other ought our ours
ourselves out over own same shall she should so some such than that the their theirs them
themselves then there these they this those through to too under until up us very was we were what
when where which while who whom whose why will with would you your yours yourself yourselves
"""

GERMAN = """
ab aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus
bei beim bin bis bist da damit dann das dass dein deine deinem deinen deiner dem den denn der
deren des dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine
einem einen einer eines er es etwas euch euer eure für gegen habe haben hat hatte hatten hier hin
hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in indem ins ist jede jedem jeden
jeder jedes jene jener jenes kann kein keine keinem keinen keiner können könnte man manche mein
meine meinem meinen meiner mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne
sehr sein seine seinem seinen seiner seines seit selbst sich sie sind so solche soll sollte
sondern sonst über um und uns unser unsere unserem unseren unserer unter viel vom von vor wann war
waren warum was wegen weil welche welchem welchen welcher welches wenn wer werde werden wie wieder
will wir wird wirst wo wofür wollen womit worden wurde wurden während zu zum zur zwar zwischen
"""
