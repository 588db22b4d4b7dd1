"""How chat and dialects write usual words that do not sound like them, or may stand for others.

Not for what the rules find, as aliases.py, but for a line that is spelt by ear (heard.py): there a
meaning is one of several, and the line says which.
"""

from __future__ import annotations

from collections.abc import Sequence

_SOME = """
    da the|teh the|tha the|th the|ze the|dat that|dis this|zis this|dem them|em them|dey they
    den then|dere there|der there|dese these|deez these|dose those|wiv with|wif with|wid with
    wi with|iz is|woz was|wuz was|mi my|mah my|ma my|ur your|yer your|yor your|yore your|yo your
    u you|ya you|ye you|yu you|yoo you|ewe you|an and|n and|b be|bee be|c see|r are|y why|ov of
    o of|ta to|wot what|wat what|wut what|whut what|ow how|hao how|hoo who|im i m|il i ll
    ill i ll|ah i|eye i|git get|jus just|jist just|nex next|naow now|nao now|noo now|owt out
    oot out|abowt about|aboot about|gunna gonna|gonnae gonna|tae to|fer for|fur for|kan can
    cud could|shud should|wud would|dew do|due do|du do|sum some|wun one|no know|thyme time
    pleez please|plz please|pls please|gud good|lil little|luk look|reel real|ova over|mite might
    sed said|sez says|meh me|nae no|rly really|tomoz tomorrow|tonite tonight|coz because
    cuz because|bcuz because|bc because|ez easy|niht night|fren friend|frend friend
    nuffin nothing|nuthin nothing|sumfin something|sumthin something|evry every|nevva never
    neva never|eva ever|luv love|gurl girl|gal girl|skool school|ware where|tork talk|werk work
    wurk work|wurld world|peepol people|ppl people|bout about|til till|thru through|awl all
    orl all|orff off|orf off|akshully actually|waz was|hav have|haz has|dun done|doin doing
    goin going|bein being|mornin morning|kil kill|keel kill|gurls girls|boyz boys|numba number
    nummer number|hoor whore|mowf mouth|teef teeth|brudda brother|muvva mother|muther mother
    fukin fucking|fukkin fucking|fawk fuck|fook fuck|fooks fucks|heer here|hier here|reed read
    eet eat|2 to|4 for|8 ate|b4 before|gr8 great|h8 hate|l8r later|l8 late|m8 mate|w8 wait
    d8 date|in2 into|2day today|2nite tonight|2moro tomorrow|2morrow tomorrow|sum1 someone
    any1 anyone|evry1 everyone|every1 everyone|no1 nobody|4eva forever|4ever forever|4get forget
    2gether together|str8 straight
    """
MEANT = dict(
    pair.split(" ", 1) for line in _SOME.strip().split("\n") for pair in line.strip().split("|")
)
"""What each may be."""

NAMES = frozenset(
    """
    phuc phuoc bich ngoc dung dong duc fuk fuku fukuda fukuoka shi shitou nigora kinte yebo suka
    suki daisuki vohiyo kappapride pogchamp keepo biblethump kreygasm residentsleeper wutface monkas
    pepehands catjam widepeepohappy copium hopium kikko kiki kimchi focaccia pho nguyen
    """.split()  # noqa: SIM905
)
"""Names, emotes and the like that sound like something else: always as they stand."""

_WRITTEN_FOR = """
    juice=jews|not see=nazi|not sees=nazis|dye=die|dyed=died|chute=shoot|chutes=shoots|kiln=kill
    sleigh=slay|berry=bury|sheet=shit|beach=bitch|beaches=bitches|duck=fuck|ducker=fucker
    duckers=fuckers|ducking=fucking|fork=fuck|forking=fucking|trucker=fucker|seamen=semen
    sects=sex|seggs=sex|prawn=porn|corn=porn|dike=dyke|dikes=dykes|math=meth|hail=heil
    wight=white|sewer side=suicide|sewerside=suicide|sudoku=suicide|unalive=kill|unalived=killed
    grape=rape|graped=raped|grapist=rapist|heroine=heroin|hero in=heroin|ouid=weed|balm=bomb
    balms=bombs|pedal file=pedophile|peep hole=people|eye sis=isis|hit lure=hitler
    hit lore=hitler|hit lur=hitler|moose limb=muslim|moose limbs=muslims|knee grow=negro
    knee grows=negroes|terror wrist=terrorist|as whole=asshole|ass whole=asshole
    bass turd=bastard|pen is=penis|pee nest=penis|dill dough=dildo|master bait=masturbate
    master bate=masturbate|crystal math=crystal meth|fen tan ill=fentanyl|cocoa cane=cocaine
    hair win=heroin|more fiend=morphine|hoar=whore|caulk=cock|gaze=gays|mown=moan|noods=nudes
    boobies=boobs|pass word=password|ad dress=address
    """
WRITTEN_FOR = dict(
    pair.split("=") for line in _WRITTEN_FOR.strip().split("\n") for pair in line.strip().split("|")
)
"""Words, one or some in a row, that are written for a forbidden one that sounds like them. Nearly
always they are not, so they are only tried where a line is suspicious as it stands."""
_MOST_WORDS = max(len(some.split()) for some in WRITTEN_FOR)


def forbidden(words: Sequence[str]) -> list[str] | None:
    """A line with all of these as the words they may be written for; None: it has none."""
    found: list[str] = []
    at = 0
    changed = False
    while at < len(words):
        for size in range(min(_MOST_WORDS, len(words) - at), 0, -1):
            meant = WRITTEN_FOR.get(" ".join(words[at : at + size]))
            if meant is not None:
                found += meant.split()
                changed = True
                break
        else:
            size = 1
            found.append(words[at])
        at += size
    return found if changed else None
