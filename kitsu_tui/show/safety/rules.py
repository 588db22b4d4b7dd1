"""Rule files: `profiles/safety/*.yaml`, read so that every complaint names its file and line.

A mistake never loosens the gate more than it must: a bad term is left out and the rest of its
rule holds, an unknown action counts as `drop`, and a file with nothing valid in it is an error.

    languages: [en]                           # of every rule in this file that names none
    allow: [scunthorpe, "blue tit*"]          # words and phrases in which nothing is found
    rules:
      - id: slur-race                         # what verdicts name
        category: slur
        severity: 5                           # 1 to 5
        action: drop                          # allow | replace | sanitise | hold | drop | panic
        input: drop                           # the same for what is said to her (default: action)
        match: word                           # word | stem (a word's beginning) | inside
        squeeze: true                         # also when cut in two: "sl ur"
        endings: [s]                          # each term also with these
        replace: something                    # said instead, with action replace
        languages: [en, de]                   # only where one of these is spoken (default: always)
        sounds: false                         # not by what a made-up spelling sounds like
        without: [reversed, swapped]          # nor by these views; see VIEWS
        allow: ["blue tit*"]                  # words and phrases in which this rule finds nothing
        terms: [...]                          # words; "(kill|hurt) (him|her|)" is six of them
        phrases: [...]                        # the same, but never written out: for thousands
        patterns: ['...']                     # RE2, on the text as written and as read; a group is
                                              # what is replaced
        meaning: drugs                        # a line that means this as a whole, see meaning.py
        above: 1.5                            # from which log-odds, -10 to 10 (default: 1.5)
        soft: true                            # a guess: does not count where the whole line reads
                                              # as an ordinary one
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast, get_args

import re2
import yaml
from msgspec import Struct

from engines.wire.lines import Action
from kitsu_tui.show.safety import alternatives, normal
from kitsu_tui.show.safety.compiled import Pattern
from kitsu_tui.show.safety.meaning import KINDS

ACTIONS = get_args(Action)
Match = Literal["word", "stem", "inside"]
VIEWS = (
    "joined", "leet", "spaced", "squeezed", "masked", "repeats", "reversed", "swapped", "sound",
    "spelled", "pig-latin", "camel",
)  # fmt: skip
"""The ways of reading that a rule may do without."""
MAX_TERM = 80
MAX_EXPANDED = 500
MAX_PHRASE = 4_000
MAX_FILE_BYTES = 4_000_000
ABOVE = 1.5
"""Log-odds from which a meaning counts where the rule names no other."""

_KEYS = frozenset(
    [
        "id",
        "category",
        "severity",
        "action",
        "input",
        "match",
        "squeeze",
        "endings",
        "replace",
        "terms",
        "patterns",
        "note",
        "languages",
        "sounds",
        "without",
        "allow",
        "phrases",
        "meaning",
        "above",
        "soft",
    ]
)
_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Scalars are taken as written: no time goes into what type they might be."""

    def resolve(self, _kind: type, _value: object, _implicit: object) -> str:
        return "tag:yaml.org,2002:str"

    def descend_resolver(self, _node: object, _index: object) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


class SafetyError(Exception):
    """There is no gate to hold: nothing may be said. The message is for the operator."""


class Problem(Struct, frozen=True):
    """Something in a rule file that could not be used as it stands."""

    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        rule = f" (rule {self.rule})" if self.rule else ""
        return f"{self.file}:{self.line}{rule}: {self.message}"


class Rule(Struct, frozen=True, kw_only=True, gc=False):
    """One rule: its terms are normalised."""

    id: str
    category: str
    severity: int
    action: Action
    input: Action
    match: Match
    squeeze: bool
    replace: str
    terms: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    file: str
    line: int
    phrases: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    allow: tuple[str, ...] = ()
    meaning: str = ""
    above: float = 0.0
    soft: bool = False


def spoken_as(rule: Rule) -> list[Pattern]:
    """A rule's phrases, to be looked for in a row of words."""
    end = "" if rule.match == "stem" else " "
    return [Pattern.of(f" (?:{phrase}){end}") for phrase in rule.phrases]


class RuleFile(Struct):
    """What one file holds."""

    rules: list[Rule]
    allow: list[str]
    problems: list[Problem]


def read(path: Path) -> RuleFile:
    """Read one file. SafetyError when it cannot be read or holds nothing valid."""
    return parsed(path, raw(path))


def raw(path: Path) -> bytes:
    """What is in a file. SafetyError when it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SafetyError(f"{path}: larger than {MAX_FILE_BYTES} bytes: not a rule file")
        return path.read_bytes()
    except OSError as error:
        raise SafetyError(f"{path}: cannot be read: {error.strerror or error}") from None


def parsed(path: Path, content: bytes) -> RuleFile:
    """The rules in what was read of a file."""
    try:
        text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise SafetyError(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        # At the end of the file libyaml points at the line after the last one.
        last = max(1, len(text.splitlines()))
        line = min(error.problem_mark.line + 1, last) if error.problem_mark else 1
        raise SafetyError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise SafetyError(f"{path}:1: not valid YAML: {str(error).splitlines()[0]}") from None
    return _Reader(path).file(root)


def read_extra(path: Path) -> RuleFile:
    """Read a file that need not be there: when it cannot be used, that is a problem and no more."""
    try:
        path.stat()
    except FileNotFoundError:
        return RuleFile(rules=[], allow=[], problems=[])
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}; the other files hold"
        return RuleFile(rules=[], allow=[], problems=[Problem(str(path), 1, "", why)])
    try:
        return read(path)
    except SafetyError as error:
        found = re.match(r".*?:(\d+): (.*)", str(error)[len(str(path)) - 1 :], re.DOTALL)
        line, why = (int(found[1]), found[2]) if found else (1, str(error))
        why = f"{why}; the other files hold"
        return RuleFile(rules=[], allow=[], problems=[Problem(str(path), line, "", why)])


class _Reader:
    """Walks the nodes of one file; scalars are taken as written, so `no` and 1488 are words."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rule = ""
        self._languages: tuple[str, ...] = ()
        self.problems: list[Problem] = []

    def file(self, root: yaml.Node | None) -> RuleFile:
        found = RuleFile(rules=[], allow=[], problems=self.problems)
        ids: dict[str, int] = {}
        if not isinstance(root, yaml.MappingNode):
            line = _line(root) if root is not None else 1
            raise SafetyError(
                f"{self._path}:{line}: found {_kind(root)}; right would be `rules:` with a list"
            )
        pairs = self._pairs(root)
        self._languages = self._codes(dict(pairs).get("languages"))
        for key, node in pairs:
            if key == "languages":
                continue
            if key == "allow":
                found.allow += [text for text, _ in self._strings(node, "allow")]
            elif key == "rules" and isinstance(node, yaml.SequenceNode):
                for item in node.value:
                    rule = self._read_rule(item)
                    if rule is None:
                        continue
                    if rule.id in ids:
                        self._complain(
                            item, f"id {rule.id!r} stands in line {ids[rule.id]} too; both hold"
                        )
                    ids.setdefault(rule.id, rule.line)
                    found.rules.append(rule)
            elif key == "rules":
                self._complain(node, f"rules: found {_kind(node)}; right would be a list of rules")
            else:
                self._complain(node, _unknown(key, frozenset({"allow", "rules", "languages"})))
        if not found.rules and not found.allow:
            why = "".join(f"\n  {problem}" for problem in self.problems[:20])
            raise SafetyError(f"{self._path}:1: no valid rule in this file{why}")
        return found

    def _read_rule(self, node: yaml.Node) -> Rule | None:
        self._rule = ""
        if not isinstance(node, yaml.MappingNode):
            self._complain(node, f"found {_kind(node)}; right would be a rule with id and terms")
            return None
        keys = dict(self._pairs(node))
        self._rule = self._text(keys, "id", f"line-{_line(node)}")
        for key, value in keys.items():
            if key not in _KEYS:
                self._complain(value, _unknown(key, _KEYS))
        action = self._choice(keys, "action", ACTIONS, "drop")
        match = self._choice(keys, "match", ("word", "stem", "inside"), "word")
        endings = [text for text, _ in self._strings(keys.get("endings"), "endings")]
        terms = tuple(dict.fromkeys(self._terms(keys.get("terms"), endings)))
        patterns = tuple(self._patterns(keys.get("patterns")))
        phrases = tuple(self._phrases(keys.get("phrases")))
        meaning = self._choice(keys, "meaning", KINDS, "")
        if not terms and not patterns and not phrases and not meaning:
            self._complain(node, "no valid term or pattern; right would be `terms:` with a list")
            return None
        replace = self._text(keys, "replace", "")
        if action in ("replace", "sanitise") and not replace:
            self._complain(node, f"action {action} needs `replace:`; it drops until then")
            action = "drop"
        return Rule(
            id=self._rule,
            category=self._text(keys, "category", "unsafe"),
            severity=int(self._choice(keys, "severity", ("1", "2", "3", "4", "5"), "3")),
            action=cast(Action, action),
            input=cast(Action, self._choice(keys, "input", ACTIONS, action)),
            match=cast(Match, match),
            squeeze=self._choice(keys, "squeeze", ("false", "true"), "false") == "true",
            replace=replace,
            terms=terms,
            patterns=patterns,
            file=self._path.name,
            line=_line(node),
            phrases=phrases,
            languages=self._codes(keys.get("languages")) or self._languages,
            without=self._without(keys),
            allow=tuple(text for text, _ in self._strings(keys.get("allow"), "allow")),
            meaning=meaning,
            above=self._above(keys.get("above")),
            soft=self._choice(keys, "soft", ("false", "true"), "false") == "true",
        )

    def _above(self, node: yaml.Node | None) -> float:
        if node is None:
            return ABOVE
        try:
            found = float(node.value) if isinstance(node, yaml.ScalarNode) else math.nan
        except ValueError:
            found = math.nan
        if not -10 <= found <= 10:
            self._complain(
                node, f"above: found {_kind(node)}; a number from -10 to 10 would be right"
            )
            return ABOVE
        return found

    def _codes(self, node: yaml.Node | None) -> tuple[str, ...]:
        found = []
        for text, at in self._strings(node, "languages"):
            if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?", text):
                found.append(text[:3].rstrip("-_").lower())
            else:
                self._complain(at, f"languages: found {text[:40]!r}; right would be one like en")
        return tuple(found)

    def _without(self, keys: dict[str, yaml.Node]) -> frozenset[str]:
        found = set()
        if self._choice(keys, "sounds", ("true", "false"), "true") == "false":
            found.add("sound")
        for text, at in self._strings(keys.get("without"), "without"):
            if text in VIEWS:
                found.add(text)
            else:
                wanted = ", ".join(VIEWS)
                self._complain(at, f"without: found {text[:40]!r}; one of {wanted} would be right")
        return frozenset(found)

    def _terms(self, node: yaml.Node | None, endings: list[str]) -> Iterator[str]:
        for text, at in self._strings(node, "terms"):
            for one in self._expanded(text, at):
                plain = normal.term(one)
                letters = len(plain) - plain.count(" ")
                if letters < (2 if plain.isascii() else 1) or letters > MAX_TERM:
                    self._complain(
                        at,
                        f"term {one[:40]!r} has {letters} letters; 2 to {MAX_TERM} would be right",
                    )
                    continue
                yield plain
                for ending in endings:
                    yield plain + normal.term(ending).replace(" ", "")

    def _expanded(self, text: str, at: yaml.Node) -> list[str]:
        if "(" not in text:
            return [text]
        try:
            return alternatives.expand(text, MAX_EXPANDED)
        except ValueError as error:
            self._complain(at, f"term {text[:60]!r}: {error}")
            return []

    def _phrases(self, node: yaml.Node | None) -> Iterator[str]:
        for text, at in self._strings(node, "phrases"):
            try:
                if len(text) > MAX_PHRASE:
                    raise ValueError(f"has {len(text)} characters; {MAX_PHRASE} is the limit")
                yield alternatives.pattern(text)
            except ValueError as error:
                self._complain(at, f"phrase {text[:60]!r}: {error}")

    def _patterns(self, node: yaml.Node | None) -> Iterator[Pattern]:
        for text, at in self._strings(node, "patterns"):
            pattern = Pattern.of(text)
            try:
                compiled = pattern.compile()
            except re2.error as error:
                why = error.args[0] if error.args else error
                why = why.decode("utf-8", "replace") if isinstance(why, bytes) else why
                self._complain(at, f"pattern {text[:60]!r} is not valid RE2: {why}")
                continue
            if compiled.search("") is not None:
                self._complain(at, f"pattern {text[:60]!r} matches an empty text: left out")
                continue
            yield pattern

    def _pairs(self, node: yaml.MappingNode) -> list[tuple[str, yaml.Node]]:
        seen: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else _kind(key)
            if name in seen:
                self._complain(key, f"{name}: stands here twice; the first one counts")
                continue
            seen[name] = value
        return list(seen.items())

    def _strings(self, node: yaml.Node | None, key: str) -> Iterator[tuple[str, yaml.Node]]:
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self._complain(node, f"{key}: found {_kind(node)}; right would be a list")
            return
        for item in node.value:
            if isinstance(item, yaml.ScalarNode):
                yield str(item.value), item
            else:
                self._complain(item, f"{key}: found {_kind(item)}; right would be a word")

    def _text(self, keys: dict[str, yaml.Node], key: str, default: str) -> str:
        node = keys.get(key)
        if node is None:
            if key in ("id", "category"):
                at = next(iter(keys.values()), None)
                self._complain(at, f"{key}: is missing; {default!r} stands in")
            return default
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self._complain(node, f"{key}: found {_kind(node)}; right would be a text")
            return default
        return str(node.value)

    def _choice(
        self, keys: dict[str, yaml.Node], key: str, choices: tuple[str, ...], default: str
    ) -> str:
        node = keys.get(key)
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode) and node.value in choices:
            return str(node.value)
        found = repr(node.value) if isinstance(node, yaml.ScalarNode) else _kind(node)
        wanted = ", ".join(choices)
        stands = f": {default}" if default else ""
        self._complain(node, f"{key}: found {found}; one of {wanted} would be right{stands}")
        return default

    def _complain(self, node: yaml.Node | None, message: str) -> None:
        self.problems.append(Problem(str(self._path), _line(node), self._rule, message))


def _line(node: yaml.Node | None) -> int:
    return 1 if node is None else int(node.start_mark.line) + 1


def _kind(node: yaml.Node | None) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if isinstance(node, yaml.ScalarNode):
        return f"{str(node.value)[:40]!r}" if node.value else "nothing"
    return "nothing"


def _unknown(key: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
