"""The ordinary words of English: what a view that changes a word must leave alone.

"Shut", "sheet", "grape" and "analyst" come near a forbidden word when they are read in some other
way, but they are words, so nobody disguised anything. About 75,000 words and names, American and
British, from SCOWL (data/words.txt.gz; its terms: licenses/scowl.md), and what streams say beside.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

WORDS = Path(__file__).parent / "data" / "words.txt.gz"

# Not in a dictionary of 2020, and near enough to something to be worth a line.
_STREAMS = """
    alright anime app apps arpg bruh btw chatters chonk clutch combo combos copium coop cosplay
    crit crits debuff debuffs discord dlc dm dms dps emote emotes esports fomo fps glhf gacha
    gamer gg ggs github glitchy goated google hitbox hitboxes hopium hud hype imo irl isekai kappa
    kekw lmao lol lmk lore lul lurk lurker lurkers lurking manga meme memes metagame minecraft mmo
    mod modded mods moba nerf nerfed nerfs noob noobs npc npcs nvm omegalul omg overlay pepe
    platformer pog pogchamp poggers pogs pov pvp qol raid raids ramen respawn respec rng rogue rpg
    sekiro skibidi smh spawn speedrun speedruns speedrunner stan stealth streamer streamers subs
    sus tbh tts twitch tysm vod vods vtuber vtubers weeb weebs wifi wip wp xp yeet yolo youtube
    zelda idk fyi ffs ty np phuket fukushima fukuoka mishima shiitake shitake kumquat bukowski
    dyck dykstra koch kok fuchs cockney spic'n'span wankel cockburn hitchcock hancock babcock
    penistone clitheroe cumming assange lipschitz peniston niger nigeria nigerian montenegro
    sussex middlesex titus winker dsl pre ths deek hors nuttin horner seneca bilbo baggins
    bagginses paik hebb whitty annaeus reebus huggin waggin fukuyama shital kunti kunta kuntz
    lipshitz takeshita shiting ting buzzcocks bsd squawk sco anil anila kik fook sheetz sheeta
    shiba shih tzu coq kumar hoare dix pho phat phish phishing
    """


_SHORT = "a i ah am an as at be by do eh go he hi if in is it me my no of oh ok on or so to uh um "
_SHORT += "up us we"
SHORT = frozenset(_SHORT.split())
"""The words of one and two letters that run together with others."""


_SEEN = "ad al ed em er ex ha hm ho id la le el de du mr ms dr st tv pc vs pm ya yo yu "
_SEEN += "oi ow ma pa ye mm im"
_SEEN_SHORT = SHORT | frozenset(_SEEN.split())


def is_piece(word: str) -> bool:
    """A word that stands by itself: of two letters only the usual ones are."""
    return is_word(word) if len(word) > 2 else word in _SEEN_SHORT


@cache
def words() -> frozenset[str]:
    """All of them, lower case, letters only; read once."""
    return frozenset(_file()[0].split("\n")) | frozenset(_STREAMS.split())


@cache
def thinned() -> frozenset[str]:
    """The words with a double letter as they are with single ones: "helo", "bokeper"."""
    return frozenset(_file()[1].split("\n"))


@cache
def _file() -> list[str]:
    return gzip.decompress(WORDS.read_bytes()).decode("ascii").split("\n\n")


_QUANTITY = re.compile(
    r"[#$v]?\d+(?:[.,:/x-]\d+)*(?:st|nd|rd|th|k|m|b|bn|x|s|h|d|p|am|pm|fps|hp|xp|mp|gb|mb|tb|kb|kg"
    r"|g|km|cm|mm|ms|min|mins|sec|secs|hr|hrs|v|w|hz|ghz|mhz|khz|dps|pts?|px|usd|eur|c|f|l|ft|in"
    r"|lbs?|oz|yrs?|mph|kmh|bpm|rpm|ish|bit)?[+%]?"
)
_SIGNED = re.compile(r"[@$|!+][^\W_]|[^\W_][@$|+]")
_HASHED = re.compile(r"\d[#|@!]+\d")
_STRUCK = re.compile(r"[a-z](?:\*+|[$|!])[a-z]")
_PARTS = re.compile(r"[^\W_]+")
_SUFFIXES = frozenset(("s", "t", "re", "ve", "ll", "d", "m", "n", "em", "all", "clock", "til"))


def is_quantity(text: str) -> bool:
    """Figures with a unit or an ending: "1080p", "22nd"."""
    return _QUANTITY.fullmatch(text) is not None and not text.isdigit()


def is_word(word: str) -> bool:
    """A word of the list, a plural or possessive of one, or one with its g swallowed."""
    known = words()
    if word in known or len(word) < 4:
        return word in known
    return (len(word) > 4 and word[-1] == "s" and word[:-1] in known) or (
        word[-2:] == "in" and f"{word}g" in known
    )


def is_ordinary(chunk: str) -> bool:
    """Nothing in a folded chunk of text without spaces asks to be read in another way.

    A word, a number, a quantity ("1080p"), a contraction, words with a hyphen between them; what
    stands around it ("word!", "(word)") is not looked at.
    """
    parts = _PARTS.findall(chunk)
    if len(parts) > 1 and _STRUCK.search(chunk):
        return False
    if len(parts) == 1:
        part = parts[0]
        if part != chunk and _SIGNED.search(chunk):
            return False
        return part.isdigit() or is_word(part) or _QUANTITY.fullmatch(part) is not None
    if not parts:
        return not re.search(r"[@$!|(+][^\s.,!?]|[#|]", chunk)
    if all(part.isdigit() for part in parts):
        return _HASHED.search(chunk) is None
    if "'" in chunk or "\u2019" in chunk:
        return all(part in _SUFFIXES or is_word(part) for part in parts)
    return all(len(part) > 1 and (part.isdigit() or is_word(part)) for part in parts)
