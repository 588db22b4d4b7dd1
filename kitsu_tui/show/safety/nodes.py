"""A YAML file as nodes, so that every complaint names file and line.

Scalars are taken as written, so `no` and 1488 are words, and no time goes into what type they
might be.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kitsu_tui.show.safety.rule import Problem

_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    def resolve(self, _kind: type, _value: object, _implicit: object) -> str:
        return "tag:yaml.org,2002:str"

    def descend_resolver(self, _node: object, _index: object) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


def compose(text: str) -> yaml.Node | None:
    """The node that a whole file is; None where it is empty. `yaml.YAMLError` as it raises it."""
    root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return root


class Nodes:
    """What is asked of the nodes of one file.

    Attributes:
        path: the file.
        rule: the id of the rule that is read; complaints name it.
        problems: the complaints.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rule = ""
        self.problems: list[Problem] = []

    def pairs(self, node: yaml.MappingNode) -> list[tuple[str, yaml.Node]]:
        """The keys of a mapping and what stands under them; one that comes twice counts once."""
        seen: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else kind(key)
            if name in seen:
                self.complain(key, f"{name}: stands here twice; the first one counts")
                continue
            seen[name] = value
        return list(seen.items())

    def strings(self, node: yaml.Node | None, key: str) -> Iterator[tuple[str, yaml.Node]]:
        """The words of a list, each with where it stands; no node: none."""
        if node is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, f"{key}: found {kind(node)}; right would be a list")
            return
        for item in node.value:
            if isinstance(item, yaml.ScalarNode):
                yield str(item.value), item
            else:
                self.complain(item, f"{key}: found {kind(item)}; right would be a word")

    def text(self, keys: dict[str, yaml.Node], key: str, default: str) -> str:
        """A text; `default` without one."""
        node = keys.get(key)
        if node is None:
            if key in ("id", "category"):
                at = next(iter(keys.values()), None)
                self.complain(at, f"{key}: is missing; {default!r} stands in")
            return default
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self.complain(node, f"{key}: found {kind(node)}; right would be a text")
            return default
        return str(node.value)

    def choice(
        self, keys: dict[str, yaml.Node], key: str, choices: tuple[str, ...], default: str
    ) -> str:
        """One of some; `default` where there is none, or another."""
        node = keys.get(key)
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode) and node.value in choices:
            return str(node.value)
        found = repr(node.value) if isinstance(node, yaml.ScalarNode) else kind(node)
        wanted = ", ".join(choices)
        stands = f": {default}" if default else ""
        self.complain(node, f"{key}: found {found}; one of {wanted} would be right{stands}")
        return default

    def complain(self, node: yaml.Node | None, message: str) -> None:
        """Something that could not be used as it stands."""
        self.problems.append(Problem(str(self.path), line(node), self.rule, message))


def line(node: yaml.Node | None) -> int:
    """Where it stands, from 1."""
    return 1 if node is None else int(node.start_mark.line) + 1


def kind(node: yaml.Node | None) -> str:
    """What it is, for a person."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if isinstance(node, yaml.ScalarNode):
        return f"{str(node.value)[:40]!r}" if node.value else "nothing"
    return "nothing"


def unknown(key: str, known: frozenset[str]) -> str:
    """What is wrong with a key, and which one may be meant."""
    near = difflib.get_close_matches(key, known, n=1)
    return f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
