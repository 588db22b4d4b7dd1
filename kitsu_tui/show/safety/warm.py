"""What a gate judges before it is in force: no sentence waits for what is made at first use.

RE2 makes its tables as it meets text, a thread's first look at the word list reads a file: that is
done in the thread that loads. Nothing depends on the verdicts.
"""

LINES = (
    "Hello everyone, welcome back to the stream! How was your week?",
    "I can't believe we're already at level 42; that boss took us 3 hours and 15 minutes.",
    "Oh no, my poor little fox, who's going to feed you now that you've eaten the last taco?",
    "THANK YOU for the raid, xX_Kitsune_Xx, you're too kind (really)...",
    "Well, um, the quick brown fox jumps over the lazy dog, just because it wants to.",
    "soooo gooood, let's gooo! gg ez pz, brb at 7:30 pm",
    "My mother-in-law's state-of-the-art kettle cost $49.99, that is 1.5x of what I'd pay.",
    "Caf\u00e9, na\u00efve, Z\u00fcrich, \u041f\u0440\u0438\u0432\u0435\u0442, \u3053\u3093\u306b\u3061\u306f \u2764 \U0001f98a \u2014 languages are fun, aren\u2019t they?",  # noqa: E501
    "Wagga Wagga, Krzysztof, Nguyen, Takeshita: h0w d0 y0u pr0n0unce th@t?",
    'H E L L O  w o r l d, and l.e.t.s  g.o; she said: "don\'t you dare!"',
    "Write to someone@example.com or see https://example.com/page for the rest of it.",
    "If you want to find me, call me by my name; you know that they will always say yes.",
    "I want to see all of them, the whole family, their house and every one of your friends.",
    "We should really make some food, take a break, drink water and get some sleep tonight.",
    "He told her that people like us have to go home and think about what they did.",
    "What do you think about it? It's 100% true, I'm not kidding you, man.",
)
