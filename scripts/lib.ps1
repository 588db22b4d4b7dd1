# NOT TRIED: written beside scripts/lib.sh and never run on Windows yet.
# What start, test and check share; dot-sourced, not run.
$ErrorActionPreference = 'Stop'
$Root = Split-Path -Parent $PSScriptRoot
$Venv = if ($env:KITSU_VENV) { $env:KITSU_VENV } else { Join-Path $Root '.venv' }
$Python = Join-Path $Venv 'Scripts\python.exe'

foreach ($name in 'PYTHONHOME', 'PYTHONPATH', 'VIRTUAL_ENV') {
    Remove-Item "env:$name" -ErrorAction SilentlyContinue
}

function Say([string]$Text) { [Console]::Error.WriteLine("kitsu: $Text") }

function Stop-WithReason([string]$Text, [int]$Code = 1) {
    Say $Text
    exit $Code
}

function Test-Python([string[]]$Command) {
    $probe = 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
    $head, $tail = $Command
    try { & $head @tail -I -c $probe 2>$null | Out-Null; return $LASTEXITCODE -eq 0 } catch { return $false }
}

function Find-Python {
    $candidates = @()
    if ($env:KITSU_PYTHON) { $candidates += , @($env:KITSU_PYTHON) }
    foreach ($version in '3.14', '3.13', '3.12', '3.11') { $candidates += , @('py', "-$version") }
    $candidates += , @('python')
    foreach ($candidate in $candidates) {
        if (Test-Python $candidate) { return , $candidate }
    }
    Stop-WithReason 'Python 3.11 to 3.14 is needed and not found. Run: winget install Python.Python.3.13'
}

function Get-Stamp([string]$Want) {
    $text = (Get-Content -Raw (Join-Path $Root "requirements\$Want.txt")) +
        (Get-Content -Raw (Join-Path $Root 'pyproject.toml')) + $Root + $Venv
    $bytes = [Text.Encoding]::UTF8.GetBytes($text)
    $digest = [Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
    return "$Want " + [BitConverter]::ToString($digest).Replace('-', '').ToLowerInvariant()
}

function Test-Installed([string]$Want) {
    $file = Join-Path $Venv '.kitsu-stamp'
    if (-not (Test-Path $file)) { return $false }
    return ((Get-Content -Raw $file).Trim() -eq (Get-Stamp $Want)) -and (Test-Python @($Python))
}

function Invoke-Pip([string[]]$Arguments) {
    & $Python -m pip install --disable-pip-version-check --no-input --retries 2 --timeout 30 --no-deps @Arguments
    if ($LASTEXITCODE -ne 0) { Stop-WithReason "installing failed (pip's reason is above). Run this again" }
}

function Initialize-Venv([string]$Want) {
    if (Test-Installed $Want) { return }
    if ($Want -eq 'starter' -and (Test-Installed 'dev')) { return }
    $marker = Join-Path $Venv '.kitsu-installing'
    # Half an installation may look whole to pip: make it anew.
    if ((Test-Path $marker) -or -not (Test-Python @($Python))) {
        $command = Find-Python
        $head, $tail = $command
        Say "making an environment in $Venv"
        if (Test-Path $Venv) { Remove-Item -Recurse -Force $Venv }
        & $head @tail -m venv $Venv
        if ($LASTEXITCODE -ne 0) { Stop-WithReason "cannot make an environment in $Venv" }
    }
    New-Item -ItemType File -Force $marker | Out-Null
    Remove-Item (Join-Path $Venv '.kitsu-stamp') -ErrorAction SilentlyContinue
    Say "installing the locked packages ($Want)"
    $lock = Join-Path $Root "requirements\$Want.txt"
    Invoke-Pip @('--only-binary', ':all:', '--require-hashes', '-r', $lock)
    Invoke-Pip @('--quiet', '--no-index', '--no-build-isolation', '-e', $Root)
    Set-Content -NoNewline (Join-Path $Venv '.kitsu-stamp') (Get-Stamp $Want)
    Remove-Item $marker
}

function Get-StarterModels {
    & $Python -m kitsu_tui.cli.models pull --starter
    if ($LASTEXITCODE -ne 0) { Stop-WithReason 'the starter models are not complete. Run this again' $LASTEXITCODE }
}
