"""`kitsu models`: list, pull, verify and find the models of the store."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import msgspec
import typer

from kitsu_tui.cli.tell import tell, warn
from kitsu_tui.config.models import ModelError, ModelStatus, ModelStore, Problem, Progress

if TYPE_CHECKING:
    from rich.progress import TaskID

app = typer.Typer(
    help="The models: which there are, are they whole, get them.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
PARALLEL = 3


class ModelsList(msgspec.Struct, frozen=True):
    """Output of `kitsu models list --json`: the store's folder and every model of the manifest."""

    store: str
    models: list[ModelStatus]


class ModelsVerify(msgspec.Struct, frozen=True):
    """Output of `kitsu models verify --json`: `ok` is true when `problems` is empty."""

    store: str
    ok: bool
    checked: list[str]
    problems: list[Problem]


class ModelsPull(msgspec.Struct, frozen=True):
    """Output of `kitsu models pull --json`: name and path of what is now in place."""

    store: str
    models: dict[str, str]


SCHEMAS: dict[str, type] = {
    "models.list": ModelsList,
    "models.verify": ModelsVerify,
    "models.pull": ModelsPull,
}


@app.command("list")
def list_models(json: Json = False) -> None:
    """Every model: its role, state, size and licence."""
    store = _store()
    found = ModelsList(store=str(store.root), models=store.status())
    if json:
        _print_json(found)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from kitsu_tui.console.lines import visible

    # Texts, not strings: those would be markup.
    title = Text(visible(f"Models in {store.root}"))
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("name", "set", "role", "state", "MB", "licence", "purpose"):
        table.add_column(
            heading, justify="right" if heading == "MB" else "left", no_wrap=heading != "purpose"
        )
    for model in found.models:
        group = "starter" if model.starter else ""
        size = f"{model.size / 1e6:.0f}"
        cells = (model.name, group, model.role, model.state, size, model.licence, model.purpose)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    Console().print(table)


@app.command()
def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names as `kitsu models list` shows them.")
    ] = None,
    starter: Annotated[bool, typer.Option("--starter", help="The starter set.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every model.")] = False,
    json: Json = False,
) -> None:
    """Fetch models and check them. What is here and whole is left alone."""
    store = _store()
    wanted = list(names or [])
    if starter:
        wanted += store.starter()
    if everything:
        wanted += list(store.manifest)
    wanted = list(dict.fromkeys(wanted))
    if not wanted:
        _fail(ModelError("say which: kitsu models pull NAME, --starter or --all", 2))
    try:
        for name in wanted:
            store.model(name)
        # What is already whole needs no display.
        missing = [name for name in wanted if store.verify(name, use_cache=True)]
        if missing:
            with _display({name: store.model(name).download for name in missing}) as report:
                _pull(store, missing, report)
        paths = {name: str(store.path(name)) for name in wanted}
    except ModelError as error:
        _fail(error)
    if json:
        _print_json(ModelsPull(store=str(store.root), models=paths))
    else:
        said = "fetched and checked" if missing else "already here and whole"
        tell(f"{len(paths)} model(s) {said} in {store.root}")


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Default: every model that is here.")
    ] = None,
    json: Json = False,
) -> None:
    """Read every byte again and compare. Exit code 4 when something is wrong."""
    store = _store()
    checked = list(names or [])
    problems: list[Problem] = []
    try:
        if not checked:
            checked = [name for name in store.manifest if (store.root / name).exists()]
        for name in checked:
            problems += store.verify(name)
    except ModelError as error:
        _fail(error)
    if json:
        _print_json(ModelsVerify(str(store.root), not problems, checked, problems))
    else:
        for problem in problems:
            place = store.root / problem.model / problem.file
            tell(f"{place} {problem.detail}; run: kitsu models pull {problem.model}")
        wrong = len({problem.model for problem in problems})
        tell(f"{len(checked)} checked, {len(checked) - wrong} whole, {wrong} not, in {store.root}")
    if problems:
        raise typer.Exit(4)


@app.command()
def path(
    name: str,
    file: Annotated[
        str | None,
        typer.Argument(help='One of its files, or "." for the folder. Default: its entry.'),
    ] = None,
) -> None:
    """Print where a model lies, for scripts. Exit code 4 when it is not there."""
    try:
        tell(_store().path(name, file))
    except ModelError as error:
        _fail(error)


def _store() -> ModelStore:
    try:
        return ModelStore.default(os.environ)
    except ModelError as error:
        _fail(error)


def _pull(store: ModelStore, names: list[str], report: Callable[[Progress], None]) -> None:
    """Fetch side by side; the first error is raised after the others have come to an end."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        jobs = [pool.submit(store.pull, name, report) for name in names]
    for job in jobs:
        job.result()


@contextmanager
def _display(totals: dict[str, int]) -> Iterator[Callable[[Progress], None]]:
    """Bars on a terminal, a line at each tenth elsewhere; always on stderr."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {
            name: bars.add_task(f"{name}: starting", total=total) for name, total in totals.items()
        }

        def report(progress: Progress) -> None:
            said = {
                "wait": "another pull is at it, waiting",
                "download": "fetching",
                "unpack": "checking",
            }
            bars.update(
                tasks[progress.model],
                description=f"{progress.model}: {said.get(progress.phase, 'done')}",
                completed=progress.done,
                total=progress.total or None,
            )

        yield report


class _Lines:
    """Progress for logs and CI: one line a tenth, each model on its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[tuple[str, str], int] = {}

    def __call__(self, progress: Progress) -> None:
        tenth = progress.done * 10 // progress.total if progress.total else 0
        key = (progress.model, progress.phase)
        with self._lock:
            if self._last.get(key) == tenth:
                return
            self._last[key] = tenth
        words = {"wait": "waiting for another pull", "download": "fetched", "unpack": "checked"}
        size = (
            f" {progress.done / 1e6:.0f} of {progress.total / 1e6:.0f} MB" if progress.total else ""
        )
        warn(f"{progress.model}: {words.get(progress.phase, 'done')}{size}")


def _print_json(value: msgspec.Struct) -> None:
    tell(msgspec.json.format(msgspec.json.encode(value), indent=2).decode(), as_json=True)


def _fail(error: ModelError) -> NoReturn:
    warn(f"kitsu models: {error}")
    raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    app()
