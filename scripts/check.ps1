# NOT TRIED: the twin of scripts/check, never run on Windows yet.
. (Join-Path $PSScriptRoot 'lib.ps1')

Initialize-Venv 'dev'
Set-Location $Root
$failed = @()
foreach ($step in @(@('ruff', 'check', '.'), @('ruff', 'format', '--check', '.'), @('mypy'))) {
    & $Python -m @step
    if ($LASTEXITCODE -ne 0) { $failed += $step[0] }
}
& (Join-Path $Venv 'Scripts\lint-imports.exe')
if ($LASTEXITCODE -ne 0) { $failed += 'imports' }
& $Python -m pytest -q --quick -m 'not real and not e2e and not slow' @args
if ($LASTEXITCODE -ne 0) { $failed += 'fast tests' }
if ($failed.Count -gt 0) { Stop-WithReason ("failed: " + ($failed -join ', ')) }
