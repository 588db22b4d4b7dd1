# NOT TRIED: the twin of scripts/test, never run on Windows yet.
#   powershell -ExecutionPolicy Bypass -File scripts\test.ps1 [pytest paths and arguments]
param([Parameter(ValueFromRemainingArguments)][string[]]$Rest = @())
. (Join-Path $PSScriptRoot 'lib.ps1')

Initialize-Venv 'dev'
Get-StarterModels
Set-Location $Root
if ($Rest.Count -gt 0) {
    & $Python -m pytest @Rest
    exit $LASTEXITCODE
}
$failed = @()
function Step([string]$Name, [string[]]$Arguments) {
    Say "--- $Name"
    & $Python -m @Arguments
    # pytest's 5: nothing of this kind was found.
    if ($LASTEXITCODE -ne 0 -and -not ($LASTEXITCODE -eq 5 -and $Arguments[0] -eq 'pytest')) { $script:failed += $Name }
}
Step 'lint' @('ruff', 'check', '.')
Step 'format' @('ruff', 'format', '--check', '.')
Step 'types' @('mypy')
Say '--- imports'
& (Join-Path $Venv 'Scripts\lint-imports.exe')
if ($LASTEXITCODE -ne 0) { $failed += 'imports' }
Step 'fast tests' @('pytest', '-m', 'not real and not e2e', '-n', '2', '--dist', 'loadfile')
Step 'tests with real models' @('pytest', '-m', 'real and not e2e')
Step 'end-to-end tests' @('pytest', '-m', 'e2e')
if ($failed.Count -gt 0) { Stop-WithReason ("failed: " + ($failed -join ', ')) }
Say 'all gates and tests passed'
