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
        above: 1.6                            # from which log-odds, -10 to 10 (default: 1.6)
        soft: true                            # a guess: does not count where the whole line reads
                                              # as an ordinary one
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

import re2
import yaml
from msgspec import Struct

from engines.wire.lines import Action
from kitsu_tui.show.safety import alternatives, nodes, normal
from kitsu_tui.show.safety.compiled import Pattern
from kitsu_tui.show.safety.meaning import KINDS
from kitsu_tui.show.safety.nodes import Nodes
from kitsu_tui.show.safety.rule import VIEWS, Match, Problem, Rule, SafetyError

ACTIONS = get_args(Action)
MAX_TERM = 80
MAX_EXPANDED = 500
MAX_PHRASE = 4_000
MAX_FILE_BYTES = 4_000_000
ABOVE = 1.6
"""Log-odds from which a meaning counts where the rule names no other."""

_KEYS = frozenset((
    "id", "category", "severity", "action", "input", "match", "squeeze", "endings", "replace",
    "terms", "patterns", "note", "languages", "sounds", "without", "allow", "phrases", "meaning",
    "above", "soft",
))  # fmt: skip


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
        root = nodes.compose(text)
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


class _Reader(Nodes):
    """Walks the nodes of one file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._languages: tuple[str, ...] = ()

    def file(self, root: yaml.Node | None) -> RuleFile:
        found = RuleFile(rules=[], allow=[], problems=self.problems)
        ids: dict[str, int] = {}
        if not isinstance(root, yaml.MappingNode):
            line = nodes.line(root) if root is not None else 1
            raise SafetyError(
                f"{self.path}:{line}: found {nodes.kind(root)}; right would be `rules:` with a list"
            )
        pairs = self.pairs(root)
        self._languages = self._codes(dict(pairs).get("languages"))
        for key, node in pairs:
            if key == "languages":
                continue
            if key == "allow":
                found.allow += [text for text, _ in self.strings(node, "allow")]
            elif key == "rules" and isinstance(node, yaml.SequenceNode):
                for item in node.value:
                    rule = self._read_rule(item)
                    if rule is None:
                        continue
                    if rule.id in ids:
                        self.complain(
                            item, f"id {rule.id!r} stands in line {ids[rule.id]} too; both hold"
                        )
                    ids.setdefault(rule.id, rule.line)
                    found.rules.append(rule)
            elif key == "rules":
                self.complain(
                    node, f"rules: found {nodes.kind(node)}; right would be a list of rules"
                )
            else:
                self.complain(node, nodes.unknown(key, frozenset({"allow", "rules", "languages"})))
        if not found.rules and not found.allow:
            why = "".join(f"\n  {problem}" for problem in self.problems[:20])
            raise SafetyError(f"{self.path}:1: no valid rule in this file{why}")
        return found

    def _read_rule(self, node: yaml.Node) -> Rule | None:
        self.rule = ""
        if not isinstance(node, yaml.MappingNode):
            self.complain(
                node, f"found {nodes.kind(node)}; right would be a rule with id and terms"
            )
            return None
        keys = dict(self.pairs(node))
        self.rule = self.text(keys, "id", f"line-{nodes.line(node)}")
        for key, value in keys.items():
            if key not in _KEYS:
                self.complain(value, nodes.unknown(key, _KEYS))
        action = self.choice(keys, "action", ACTIONS, "drop")
        match = self.choice(keys, "match", ("word", "stem", "inside"), "word")
        endings = [text for text, _ in self.strings(keys.get("endings"), "endings")]
        terms = tuple(dict.fromkeys(self._terms(keys.get("terms"), endings)))
        patterns = tuple(self._patterns(keys.get("patterns")))
        phrases = tuple(self._phrases(keys.get("phrases")))
        meaning = self.choice(keys, "meaning", KINDS, "")
        if not terms and not patterns and not phrases and not meaning:
            self.complain(node, "no valid term or pattern; right would be `terms:` with a list")
            return None
        replace = self.text(keys, "replace", "")
        if action in ("replace", "sanitise") and not replace:
            self.complain(node, f"action {action} needs `replace:`; it drops until then")
            action = "drop"
        return Rule(
            id=self.rule,
            category=self.text(keys, "category", "unsafe"),
            severity=int(self.choice(keys, "severity", ("1", "2", "3", "4", "5"), "3")),
            action=cast(Action, action),
            input=cast(Action, self.choice(keys, "input", ACTIONS, action)),
            match=cast(Match, match),
            squeeze=self.choice(keys, "squeeze", ("false", "true"), "false") == "true",
            replace=replace,
            terms=terms,
            patterns=patterns,
            file=self.path.name,
            line=nodes.line(node),
            phrases=phrases,
            languages=self._codes(keys.get("languages")) or self._languages,
            without=self._without(keys),
            allow=tuple(text for text, _ in self.strings(keys.get("allow"), "allow")),
            meaning=meaning,
            above=self._above(keys.get("above")),
            soft=self.choice(keys, "soft", ("false", "true"), "false") == "true",
        )

    def _above(self, node: yaml.Node | None) -> float:
        if node is None:
            return ABOVE
        try:
            found = float(node.value) if isinstance(node, yaml.ScalarNode) else math.nan
        except ValueError:
            found = math.nan
        if not -10 <= found <= 10:
            self.complain(
                node, f"above: found {nodes.kind(node)}; a number from -10 to 10 would be right"
            )
            return ABOVE
        return found

    def _codes(self, node: yaml.Node | None) -> tuple[str, ...]:
        found = []
        for text, at in self.strings(node, "languages"):
            if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?", text):
                found.append(text[:3].rstrip("-_").lower())
            else:
                self.complain(at, f"languages: found {text[:40]!r}; right would be one like en")
        return tuple(found)

    def _without(self, keys: dict[str, yaml.Node]) -> frozenset[str]:
        found = set()
        if self.choice(keys, "sounds", ("true", "false"), "true") == "false":
            found.add("sound")
        for text, at in self.strings(keys.get("without"), "without"):
            if text in VIEWS:
                found.add(text)
            else:
                wanted = ", ".join(VIEWS)
                self.complain(at, f"without: found {text[:40]!r}; one of {wanted} would be right")
        return frozenset(found)

    def _terms(self, node: yaml.Node | None, endings: list[str]) -> Iterator[str]:
        for text, at in self.strings(node, "terms"):
            for one in self._expanded(text, at):
                plain = normal.term(one)
                letters = len(plain) - plain.count(" ")
                if letters < (2 if plain.isascii() else 1) or letters > MAX_TERM:
                    self.complain(
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
            self.complain(at, f"term {text[:60]!r}: {error}")
            return []

    def _phrases(self, node: yaml.Node | None) -> Iterator[str]:
        for text, at in self.strings(node, "phrases"):
            try:
                if len(text) > MAX_PHRASE:
                    raise ValueError(f"has {len(text)} characters; {MAX_PHRASE} is the limit")
                yield alternatives.pattern(text)
            except ValueError as error:
                self.complain(at, f"phrase {text[:60]!r}: {error}")

    def _patterns(self, node: yaml.Node | None) -> Iterator[Pattern]:
        for text, at in self.strings(node, "patterns"):
            pattern = Pattern.of(text)
            try:
                compiled = pattern.compile()
            except re2.error as error:
                why = error.args[0] if error.args else error
                why = why.decode("utf-8", "replace") if isinstance(why, bytes) else why
                self.complain(at, f"pattern {text[:60]!r} is not valid RE2: {why}")
                continue
            if compiled.search("") is not None:
                self.complain(at, f"pattern {text[:60]!r} matches an empty text: left out")
                continue
            yield pattern
