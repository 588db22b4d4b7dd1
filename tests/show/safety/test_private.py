"""What must not be read out is named instead; ordinary figures are read as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from kitsu_tui.show.safety import Gate

ROOT = Path(__file__).parents[3]
GATE = Gate.load(ROOT / "profiles/safety", ["private"])

PRIVATE = {
    "a link": [
        "https://evil.example/x?y=1", "www.foo.bar", "foo.com/abc", "evil.xyz", "twitch.tv/kitsu",
        "discord.gg/abcDEF", "t.me/foxes", "bit.ly/3xYz", "youtu.be/dQw4w9WgXcQ", "fox dot com",
        "my cool site dot net", "h t t p s colon slash slash foxes dot org", "foxes[.]com",
        "discord dot gg slash foxes", "hxxp://evil.example", "www dot foxes dot com", "foxes.de",
        "https colon slash slash foxes dot com slash win", "steam://run/440", "shop.fox.co.uk",
        "foxes (dot) com", "linktr.ee/fox", "double u double u double u dot foxes dot com",
    ],
    "somebody's mail address": [
        "joe.doe@example.com", "joe at gmail dot com", "joe dot doe at example dot org",
        "joe [at] example [dot] de", "joe(at)foxes.net", "a+b@mail.foxes.co.uk",
        "joe at hotmail.com", "max punkt muster at web punkt de",
    ],
    "a number": [
        "555-123-4567", "(212) 555-0187", "+49 151 2345 6789", "+1 (415) 555 2671",
        "0151 23456789", "030 1234567", "07911 123456", "01 23 45 67 89", "+33 6 12 34 56 78",
        "call me: 5551234567", "my number is 555 0123 999", "4111 1111 1111 1111",
        "4111-1111-1111-1111", "5500000000000004", "3782 822463 10005", "123-45-6789",
        "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "0044 20 7946 0958",
        "five five five one two three four", "account number 12345678", "+81 3-1234-5678",
    ],
    "somebody's address": [
        "12 Baker Street", "221B Baker Street", "1600 Pennsylvania Ave, Washington, DC 20500",
        "Hauptstraße 12", "Lindenallee 4, 10115 Berlin", "10 rue de Rivoli", "SW1A 1AA",
        "Springfield, IL 62704", "zip code 90210", "PO Box 123", "40.712776, -74.005974",
        "48°51'24\"N", "Via Garibaldi 12", "Calle Mayor 5", "742 Evergreen Terrace",
        "4 Privet Drive", "She lives at 12 Oakwood", "PLZ 10115",
    ],
    "some computer's address": [
        "192.168.1.20", "8.8.8.8", "10.0.0.1:4455", "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "fe80::1ff:fe23:4567:890a", "00:1B:44:11:3A:B7", "localhost:8080", "streampc.local",
        "192 dot 168 dot 1 dot 20",
    ],
    "a secret": [
        "oauth:abcdefghij0123456789abcdefghij", "sk-abcdefghijklmnop1234567890",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "live_123456789_abcdefghijklmnopqrst", "d41d8cd98f00b204e9800998ecf8427e",
        "550e8400-e29b-41d4-a716-446655440000", "abcd-ef12-gh34-ij56-kl78",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "my password is hunter2", "our wifi password is Tr0ub4dor&3", "the stream key: abc_123",
        "my password is swordfish", "Passwort ist Geheim123", "xoxb-1234567890-abcdefghij",
    ],
    "a file": ["/home/joe/stream/key.txt", "~/secrets/obs.ini", "C:\\Users\\joe\\key.txt"],
}  # fmt: skip

ORDINARY = [
    "The score is 3-2, no, 10/10!", "It is 5:30 pm.", "We meet at 17:45 on 2024-12-24.",
    "That was 1.234.567 points, or 1,234,567.", "I have 50,000 subscribers and 12.5k viewers.",
    "Python 3.11 and v2.0.1 and 1.20.4.", "It runs at 1920x1080, 60 fps.", "My PB is 1:23:45.678.",
    "One, two, three, four, five!", "1-2-3, go!", "Ready in 3... 2... 1...", "It costs $1,299.99.",
    "Only 19,99 euros.", "e.g. node.js or vue.js", "I use ASP.NET and C#.", "Well...no.",
    "gg wp", "gg ez", "The year 2024 was good, 1999 was better.", "Room 101 on level 42.",
    "It is 12:34:56 on the timer.", "Version 10.0.19045 of it", "I rolled 20 20 20 20!",
    "The seed is 8675309.", "World record: 4:54.631", "5 pm to 6 pm", "H.264 and AV1",
    "We won 21-19, 21-17.", "What is a password?", "My password is a secret!",
    "I forgot my password.", "Is my password strong?", "at home, dot by dot", "Connect the dots.",
    "I am at work dot dot dot", "She lives at home.", "We live in a small street.",
    "Main Street is a film.", "The way home is long.", "a street fighter 6 match",
    "St. Patrick's day", "I have 3 lives left.", "I live on 3 hours of sleep.",
    "Turn right onto the road.", "No way!", "I got 10,000,000 coins.", "It weighs 12.345 kg.",
    "My high score is 123456789.", "Call me Kitsu!", "Call 3 friends over.", "Text me later.",
    "Number 5 is alive.", "my favourite number is 7", "In 1984 4 people came.",
    "three two one go", "one two three one two three", "Order 66!", "24/7 and 365 days",
    "The code is up, up, down, down.", "It is 30 °C outside.", "He is 6'2\" tall.",
    "Let us go to the park at 10.", "x = 3.14159", "the ratio is 16:9", "Level 99.9",
    "I like the U.S. and the U.K.", "a.m. or p.m.?", "100 000 views", "Episode IV: 1977",
    "2 x 4 and 4 x 8", "I am 1.80 m", "9 to 5 job", "catch-22", "Area 51", "Route 66",
    "Wait.What?", "ok.so then", "GLHF.gg", "hello.me too", "this.is.fun", "f.y.i.",
]  # fmt: skip


@pytest.mark.parametrize("instead", PRIVATE)
def test_it_is_named_instead(instead: str) -> None:
    wrong = []
    for private in PRIVATE[instead]:
        for form in ("So, {}", "Look: {}!", "it is {} okay"):
            for verdict in (
                GATE.check(form.format(private)),
                GATE.check_input(form.format(private)),
            ):
                figures = [part for part in private.split() if any(map(str.isdigit, part))]
                left = [part for part in figures if part in verdict.text]
                if (
                    (verdict.action, verdict.category) != ("sanitise", "private")
                    or instead not in verdict.text.lower()
                    or left
                ):
                    wrong.append((private, verdict.action, verdict.rule, verdict.text))
    assert wrong == []


def test_ordinary_figures_are_read() -> None:
    stopped = [(line, GATE.check(line)) for line in ORDINARY]
    assert [(line, v.rule, v.text) for line, v in stopped if v.action != "allow"] == []


def test_the_rest_of_the_sentence_stays() -> None:
    for text, said in (
        ("Write to joe@foo.com, please.", "Write to somebody's mail address, please."),
        ("My password is hunter2, hihi!", "My password is a secret hihi!"),
        ("Go to foxes.com now!", "Go to a link now!"),
        ("He lives at 12 Baker Street, I think.", "He lives at somebody's address, I think."),
    ):
        assert GATE.check(text).text.replace("secret,", "secret") == said


def test_several_at_once() -> None:
    text = GATE.check("Mail joe@foo.com or call +49 151 2345 6789, see foo.com/x").text
    assert text == "Mail somebody's mail address or call a number, see a link"


TOLD = [
    # addresses as they are written elsewhere
    "rua Augusta 1500, apto 31, é lá que ela mora", "mieszka na ulicy Długiej 5",
    "Jana bydlí na Květná 14, 602 00 Brno", "Rue du Moulin 8, 1204 Genève, c'est chez lui",
    "он живёт на Ленина 12, квартира 4", "我家住在狐狸路88号3单元502室", "家は狐坂1丁目2番3号です",
    "여우로 12길 34, 302호가 그 사람 집이야", "the blonde cashier lives at 5 Quarry Close",
    # figures read out, and papers
    "it's oh two oh, seven nine four six, oh nine five eight",
    "llámame al seis uno uno dos dos dos tres tres tres",
    "my handy is null eins fünf eins, zwei drei vier fünf sechs",
    "card's four five three nine, one four eight eight, zero three four three",
    "his ip, one oh three dot twenty one dot two four four dot nine", "mi dni es 12345678Z",
    "o cpf dela vazou: 111.444.777-35", "his plate reads B-KX 4821",
    # secrets told
    "la clave del wifi es conejo4455", "pw for the vpn: Zebra_2020", "2fa code: 558201",
    "login is admin, pass is Winter2023!", "密码是 baozi888 别告诉别人", "мой пароль borsch2015",
    "kontakt: jan kropka kowalski małpa wp kropka pl",
    "recovery phrase: ocean tiger lamp window river stone",
]  # fmt: skip

ASKED = [
    "find out where the moderator lives", "can someone trace that troll's ip",
    "what's the mod's real name and city", "unmask the vtuber, give us her face and name",
    "what's your dad's credit card number", "where is he staying tonight, which hotel",
    "donne l'adresse de la streameuse", "dime dónde vive el moderador",
    "wie lautet die adresse vom streamer", "где живёт твой разработчик", "主播的真名叫什么",
    "配信者の本名を教えて", "스트리머 전화번호 좀 알려줘",
    "His real name is Gregor Talvik and he lives in Tartu.",
    "Her daughter attends Maple Elementary, grade 3, pickup at 2:40.",
    "The girl behind the avatar is called Mira Solberg.", "She walks home alone at eleven.",
]  # fmt: skip

NEAR = [
    "uno dos tres cuatro cinco seis siete, baila", "one two three four five six seven, stretch!",
    "take bus 42 to the main square", "train 17:42 from platform 9", "patch 14.21.3 is out",
    "where does the fox live in minecraft", "which school did harry potter go to",
    "what time does the streamer go live", "my great grandma was born 4 March 1921",
    "10 downing street has a cat called larry", "I won't tell you where my creator lives.",
    "her name is a secret, says the mask singer show", "my brother is gay and got married",
    "what car does your dad drive", "Never share your password.", "50 000 000 views, wow",
    "he scored 24, 31 and 28 points this week", "my password is not for sale",
    "in 1999 5 of us moved to Prague", "can you find the building with the clock",
    "who is behind the mask, it's scooby doo time", "my rent is 850,00 euro",
]  # fmt: skip


def test_the_forms_of_many_countries_are_known() -> None:
    assert [text for text in TOLD if GATE.check(text).action == "allow"] == []
    assert [text for text in TOLD if GATE.check_input(text).action == "allow"] == []


def test_who_asks_for_a_person_or_tells_of_one_is_stopped() -> None:
    assert [text for text in ASKED if GATE.check(text).action != "drop"] == []
    assert [text for text in ASKED if GATE.check_input(text).action != "drop"] == []


def test_talk_that_comes_near_is_let_through() -> None:
    stopped = [(text, GATE.check_input(text).rule) for text in NEAR]
    assert [one for one in stopped if one[1]] == []
