"""`kitsu licenses`: whose work this is, under which terms, and what these ask."""

import re
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

app = typer.Typer(help="Third-party models, voices and packages: their terms and what these ask.")

Kind = Literal["model", "voice", "avatar", "package"]


class LicenseError(Exception):
    """The index cannot be read; one line."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of licenses/index.yaml; see the comment at its top."""

    title: str
    kind: Kind
    names: list[str]
    licence: str
    notice: str
    shipped: Literal["fetched", "installed", "yours"]
    obligations: list[str]
    attribution: str
    document: str = ""
    credit: Literal["required", "courtesy"] = "courtesy"
    match: list[str] = []
    warning: str = ""


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    entries: list[Entry]


class Package(msgspec.Struct, frozen=True):
    """An installed package; `licence` is what its metadata says, or "unknown"."""

    name: str
    version: str
    licence: str
    notice: str = ""


class Licenses(msgspec.Struct, frozen=True):
    """Output of `kitsu licenses --json`; `notices` is the folder with the notice files."""

    notices: str
    entries: list[Entry]
    packages: list[Package]


class Credit(msgspec.Struct, frozen=True):
    """What is said of one part that is used.

    `used_as` is what the profile calls it, or how else it came in; `credit` is "required" where
    the terms ask for `text` in sight of the audience. `obligations` are our summary; `document`
    decides, and `notice` says more.
    """

    title: str
    used_as: str
    credit: Literal["required", "courtesy"]
    text: str
    licence: str
    document: str
    notice: str
    obligations: list[str]
    warning: str = ""


class Unknown(msgspec.Struct, frozen=True):
    """A model whose terms are not in the index: `key` is where the profile names it."""

    key: str
    model: str


class Credits(msgspec.Struct, frozen=True):
    """Output of `kitsu licenses --credits --json`; `text` is for the stream's description."""

    profile: str
    text: str
    credits: list[Credit]
    warnings: list[str]
    unknown: list[Unknown]


SCHEMAS: dict[str, type] = {"licenses": Licenses, "licenses.credits": Credits}


def notices_dir() -> Path:
    """The folder of notices: the checkout's, or in a built wheel the package's."""
    package = Path(str(resources.files("kitsu_tui")))
    for folder in (package / "_licenses", package.parent / "licenses"):
        if (folder / "index.yaml").is_file():
            return folder
    raise LicenseError(f"licenses/index.yaml is neither in {package.parent} nor in {package}")


def load_index() -> list[Entry]:
    """The entries of licenses/index.yaml. LicenseError says what is wrong with it."""
    path = notices_dir() / "index.yaml"
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=_Index).entries
    except (OSError, msgspec.MsgspecError) as error:
        raise LicenseError(f"{path}: {error}") from None


def installed(entries: list[Entry]) -> list[Package]:
    """Every installed package by name, with the notice of its entry where there is one."""
    from importlib.metadata import distributions

    index = {name: entry for entry in entries if entry.kind == "package" for name in entry.names}
    found = {}
    for distribution in distributions():
        metadata = distribution.metadata
        name = re.sub(r"[-_.]+", "-", metadata["Name"] or "").lower()
        if not name or name == "kitsu-tui":
            continue
        classifiers = [
            line.rpartition("::")[2].strip()
            for line in metadata.get_all("Classifier") or []
            if line.startswith("License ::") and "::" in line[len("License ::") :]
        ]
        free_text = (metadata.get_all("License") or [""])[0].strip()
        expression = (metadata.get_all("License-Expression") or [""])[0]
        entry = index.get(name)
        licence = (
            (entry.licence if entry else "")
            or expression
            or " OR ".join(classifiers)
            or free_text.partition("\n")[0][:60]
            or "unknown"
        )
        notice = entry.notice if entry else ""
        found[name] = Package(name, distribution.version, licence, notice)
    return [found[name] for name in sorted(found)]


@app.callback(invoke_without_command=True)
def licenses(
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    credits: Annotated[
        bool,
        typer.Option("--credits", help="the text for the screen or the stream's description"),
    ] = False,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            "-p",
            help="with --credits: of what this profile uses",
            show_default="starter",
        ),
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="with --credits: of everything in the index")
    ] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--with", help="with --credits: also of this, such as the avatar: lumi, live2d-sample"
        ),
    ] = None,
) -> None:
    """Third-party models, voices and packages: their terms and what these ask."""
    from kitsu_tui.config import ConfigError

    try:
        if credits:
            from kitsu_tui.cli.credits import gather, words

            told = gather(profile, everything=everything, also=also or [])
            print(_pretty(told) if json else "\n".join(words(told)))
            return
        if profile or everything or also:
            raise LicenseError("--profile, --all and --with go with --credits")
        entries = load_index()
        found = Licenses(str(notices_dir()), entries, installed(entries))
    except (LicenseError, ConfigError) as error:
        print(f"kitsu licenses: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if json:
        print(_pretty(found))
        return
    for entry in found.entries:
        origin = {"fetched": "", "installed": "", "yours": " (you bring it)"}[entry.shipped]
        print(f"{entry.title}{origin}\n  {entry.licence}; {Path(found.notices) / entry.notice}")
        for duty in entry.obligations:
            print(f"  - {duty}")
        if entry.attribution:
            print(f"  Credit: {entry.attribution}")
    print("\nInstalled packages")
    for package in found.packages:
        print(f"  {package.name} {package.version}: {package.licence}")


def _pretty(value: msgspec.Struct) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


if __name__ == "__main__":
    app()
