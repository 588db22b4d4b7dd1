# NOT TRIED: the twin of scripts/start, never run on Windows yet.
#   powershell -ExecutionPolicy Bypass -File scripts\start.ps1 [-PrepareOnly] [arguments of kitsu-tui]
param([switch]$PrepareOnly, [Parameter(ValueFromRemainingArguments)][string[]]$Rest = @())
. (Join-Path $PSScriptRoot 'lib.ps1')

Initialize-Venv 'starter'
Get-StarterModels
if ($PrepareOnly) {
    Say 'ready; scripts\start.ps1 opens the console'
    exit 0
}
if (-not ($Rest -match '^(--profile(=.*)?|-p)$')) { $Rest = @('--profile', 'starter') + $Rest }
& (Join-Path $Venv 'Scripts\kitsu-tui.exe') @Rest
exit $LASTEXITCODE
