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


SCHEMAS: dict[str, type] = {"licenses": Licenses}


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
) -> None:
    """Third-party models, voices and packages: their terms and what these ask."""
    try:
        entries = load_index()
        found = Licenses(str(notices_dir()), entries, installed(entries))
    except LicenseError as error:
        print(f"kitsu licenses: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
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


if __name__ == "__main__":
    app()
