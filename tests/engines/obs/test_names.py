from engines.obs.names import lacking, nearest, unknown


def test_the_nearest_name_whatever_its_case() -> None:
    scenes = ["Main", "BRB", "Close-up"]
    assert nearest("brb", scenes) == "BRB"
    assert nearest("Closeup", scenes) == "Close-up"
    assert nearest("Zebra", scenes) == ""


def test_words_name_what_there_is() -> None:
    scenes = ["Main", "BRB"]
    assert unknown("scene", "Brb", scenes) == (
        "no scene 'Brb'; did you mean 'BRB'? There are: Main, BRB"
    )
    assert unknown("scene", "Zebra", scenes) == "no scene 'Zebra'; there are: Main, BRB"
    assert unknown("filter", "x", []) == "no filter 'x'; OBS has none"
    assert unknown("scene", "x", [str(n) for n in range(20)]).endswith("11 and 8 more")
    assert lacking("scene", "Brb", scenes) == "scene 'Brb'; did you mean 'BRB'?"
    assert lacking("scene", "Zebra", scenes) == "scene 'Zebra'"
