# shellcheck shell=bash
# What start, test and check share; sourced, not run. Works with bash 3.2 (macOS).

ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${KITSU_VENV:-$ROOT/.venv}
ME="scripts/$(basename "$0")"
YES=0

# Another environment's settings would reach into ours.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV

say() { printf '%s\n' "kitsu: $*" >&2; }
die() {
    say "$1"
    exit "${2:-1}"
}

trap 'say "stopped; run $ME again to go on"; exit 130' INT

# --- Python -----------------------------------------------------------------------------------------------------

PROBE='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'

python_works() { "$1" -I -c "$PROBE" >/dev/null 2>&1; }

# Prints a Python that can make an environment. With no such Python, says what to install and leaves.
find_python() {
    local name found without_venv=""
    for name in ${KITSU_PYTHON:+"$KITSU_PYTHON"} python3.14 python3.13 python3.12 python3.11 python3 python; do
        found=$(command -v "$name" 2>/dev/null) || continue
        python_works "$found" || continue
        if "$found" -I -c 'import ensurepip, venv' >/dev/null 2>&1; then
            printf '%s\n' "$found"
            return
        fi
        without_venv=${without_venv:-$found}
    done
    if [ -n "$without_venv" ]; then
        name=$("$without_venv" -I -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if install_system "$name"; then
            printf '%s\n' "$without_venv"
            return
        fi
        die "$without_venv cannot make a virtual environment. Run: $(install_command "$name")"
    fi
    if command -v apt-get >/dev/null 2>&1; then
        die "Python 3.11 to 3.14 is needed and not found. Run: $(install_command python3 python3-venv)"
    fi
    die "Python 3.11 to 3.14 is needed and not found; install it, or name it: KITSU_PYTHON=/path/to/python3 $ME"
}

# --- packages of the system ----------------------------------------------------------------------------------

as_root() { [ "$(id -u)" = 0 ]; }

install_command() {
    local sudo="sudo "
    as_root && sudo=""
    printf '%s\n' "${sudo}apt-get install -y --no-install-recommends $*"
}

# With --yes as root on a Debian: installs the packages. Otherwise fails at once and says nothing.
install_system() {
    if [ "$YES" != 1 ] || ! as_root || ! command -v apt-get >/dev/null 2>&1; then return 1; fi
    local log try options="-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
    log=$(mktemp)
    say "installing with apt-get: $*"
    for try in 1 2 3; do
        # shellcheck disable=SC2086 # options are words
        if DEBIAN_FRONTEND=noninteractive apt-get $options update </dev/null >"$log" 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get $options install -y --no-install-recommends "$@" \
                </dev/null >>"$log" 2>&1; then
            rm -f "$log"
            return 0
        fi
        # Another apt-get may hold the lists.
        [ "$try" = 3 ] || sleep 5
    done
    say "apt-get failed: $(grep -E '^E:' "$log" | head -n 1)"
    rm -f "$log"
    return 1
}

have_package() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# system_packages start|test: sees to the list in scripts/system-packages. Only tests fail for want of one.
system_packages() {
    local who=$1 name for_whom missing=""
    if ! command -v dpkg-query >/dev/null 2>&1; then
        [ "$(uname -s)" = Linux ] && ! (ldconfig -p 2>/dev/null | grep -q libportaudio) &&
            say "warning: PortAudio seems to be missing; install it with your package manager, or there is no sound"
        return 0
    fi
    while read -r name for_whom _; do
        case "$name" in '' | '#'*) continue ;; esac
        [ "$for_whom" = start ] || [ "$for_whom" = "$who" ] || continue
        have_package "$name" || missing="$missing $name"
    done <"$ROOT/scripts/system-packages"
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # names are words
    if install_system $missing; then return 0; fi
    # shellcheck disable=SC2086
    if [ "$who" = start ]; then
        say "warning: no PortAudio, so she neither hears nor is heard here. Run: $(install_command $missing)"
    else
        die "the tests need${missing}. Run: $(install_command $missing), or: $ME --yes as root"
    fi
}

# --- the environment -----------------------------------------------------------------------------------------

hash_of() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# What an environment was made from: the lock first, then the project.
lock_stamp() { hash_of <"$ROOT/requirements/$1.txt"; }
stamp_of() { { lock_stamp "$1" && cat "$ROOT/pyproject.toml"; } | hash_of; }

is_installed() {
    [ "$(cat "$VENV/.kitsu-stamp" 2>/dev/null)" = "$1 $(stamp_of "$1")" ] && in_place && python_works "$VENV/bin/python"
}

# A moved environment's commands point to the old place. One that somebody made by hand is taken as it is.
in_place() {
    local place
    place=$(cat "$VENV/.kitsu-place" 2>/dev/null) || return 0
    [ "$place" = "$VENV" ]
}

# pip's own words stay on the screen; the reason is said once more in one line.
pip_reason() {
    if grep -qiE 'No space left on device|Errno 28|Disk quota' "$1"; then
        echo "the disk is full"
    elif grep -qiE 'DO NOT MATCH THE HASHES' "$1"; then
        echo "a package is not the one that was locked (wrong hash): $(grep -m 1 -iE '^ *[a-z0-9._-]+==' "$1" | tr -d ' ')"
    elif grep -qiE 'NewConnectionError|NameResolution|name resolution|Network is unreachable|Connection refused|timed out|ProxyError|RemoteDisconnected' "$1"; then
        echo "no network, or the package index is out of reach"
    else
        grep -E '^ERROR' "$1" | tail -n 1 | cut -c 1-300
    fi
}

pip_install() {
    local log=$VENV/.kitsu-pip.log bar=on
    [ -t 1 ] || bar=off
    if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --retries 2 --timeout 30 \
        --progress-bar "$bar" --no-deps "$@" 2> >(tee "$log" >&2); then
        sleep 0.2 # tee's last words
        die "installing failed: $(pip_reason "$log"). Run $ME again"
    fi
}

make_venv() {
    local python
    python=$(find_python) || exit 1
    say "making an environment in $VENV with $("$python" --version 2>&1)"
    if [ -e "$VENV" ]; then
        [ -f "$VENV/pyvenv.cfg" ] || die "$VENV is in the way and no virtual environment; move it away"
        rm -rf "$VENV"
    fi
    "$python" -m venv "$VENV" >/dev/null || die "$python cannot make an environment in $VENV"
}

# prepare starter|dev: an environment with exactly what is locked, and the project in it. Quick when nothing changed.
prepare() {
    local want=$1 locked=""
    is_installed "$want" && return 0
    # What the tests need includes what a show needs.
    [ "$want" = starter ] && is_installed dev && return 0
    if command -v flock >/dev/null 2>&1; then
        exec 9>"$VENV.lock" || die "cannot write beside $VENV"
        flock -w 900 9 || die "another start or test has been preparing $VENV for 15 minutes" 75
        locked=1
    fi
    is_installed "$want" || install "$want"
    # The console must not inherit the lock.
    [ -z "$locked" ] || exec 9>&-
}

install() {
    local want=$1
    # Do not go back from what the tests need because the project changed.
    if [ "$(cat "$VENV/.kitsu-lock" 2>/dev/null)" = "dev $(lock_stamp dev 2>/dev/null)" ]; then want=dev; fi
    # Half an installation may look whole to pip, so it is not mended but made anew.
    if [ -e "$VENV/.kitsu-installing" ] || ! in_place || ! python_works "$VENV/bin/python"; then make_venv; fi
    rm -f "$VENV/.kitsu-stamp"
    if [ "$(cat "$VENV/.kitsu-lock" 2>/dev/null)" != "$want $(lock_stamp "$want")" ]; then
        : >"$VENV/.kitsu-installing"
        rm -f "$VENV/.kitsu-lock"
        say "installing the locked packages ($want)"
        pip_install --only-binary :all: --require-hashes -r "$ROOT/requirements/$want.txt"
        printf '%s\n' "$want $(lock_stamp "$want")" >"$VENV/.kitsu-lock"
        rm -f "$VENV/.kitsu-installing"
    fi
    pip_install --quiet --no-index --no-build-isolation -e "$ROOT"
    printf '%s\n' "$VENV" >"$VENV/.kitsu-place"
    printf '%s\n' "$want $(stamp_of "$want")" >"$VENV/.kitsu-stamp"
    rm -f "$VENV/.kitsu-pip.log"
}

models() {
    "$VENV/bin/python" -m kitsu_tui.cli.models pull --starter ||
        die "the starter models are not complete (the reason is above). Run $ME again" "$?"
}
