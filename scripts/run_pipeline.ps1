# NOT TRIED: written beside scripts/start and never run on Windows yet.
#   powershell -ExecutionPolicy Bypass -File scripts\run_pipeline.ps1 start|stop|status [arguments of kitsu]
#   ... start -ProfileName live   a show without a screen; kitsu-tui attaches to it
#   ... -Action stop              the same action by its name
# PIPELINE_DISABLE (in the environment or in .env) names engines to leave out, also by their older names.
param(
    [Parameter(Position = 0)][ValidateSet('start', 'stop', 'status')][string]$Action = 'start',
    [string]$ProfileName = '',  # $Profile is PowerShell's own
    [Parameter(ValueFromRemainingArguments)][string[]]$Rest = @()
)
. (Join-Path $PSScriptRoot 'lib.ps1')

$NoShow = 3  # kitsu's exit code for it; also: one runs already
$Kitsu = Join-Path $Venv 'Scripts\kitsu.exe'
Set-Location $Root  # .env and a relative KITSU_LOG_ROOT are looked for here

if ($Action -eq 'start') {
    Initialize-Venv 'starter'
    if ($ProfileName) { $Rest = @('--profile', $ProfileName) + $Rest }
    if (-not ($Rest -match '^(--profile(=.*)?|-p)$') -and -not $env:KITSU_CONFIG_FILE) {
        $Rest = @('--profile', 'starter') + $Rest
        Get-StarterModels
    }
    if ($env:PIPELINE_DISABLE) { Say "left out by PIPELINE_DISABLE: $env:PIPELINE_DISABLE" }
    & $Kitsu run --detach @Rest
    exit $LASTEXITCODE
}

# Stopping and asking must not begin with an installation.
if (-not (Test-Path $Kitsu)) { Stop-WithReason 'nothing is installed here yet. Run: scripts\run_pipeline.ps1 start' }
& $Kitsu $Action @Rest
$code = $LASTEXITCODE
# That nothing ran is what was wanted; kitsu has said so.
if ($Action -eq 'stop' -and $code -eq $NoShow) { exit 0 }
exit $code
