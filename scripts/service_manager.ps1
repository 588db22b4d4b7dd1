# NOT TRIED: never run on Windows yet.
# Services are engines of the running show, by their own names or the older ones (tts or tts_worker, in any case).
#   powershell -ExecutionPolicy Bypass -File scripts\service_manager.ps1 list
#   ... restart tts_worker,asr_worker    one or several, after commas
#   ... -Action stop -Service obs_controller
#   ... start, stop, restart, kill NAME; status [NAME]; list
# Where the older system had one process for a service, a show has one engine; `orchestrator` and
# `control_panel_backend` are both `gateway`. What PIPELINE_DISABLE names stays off until it is started here.
param(
    [Parameter(Position = 0)]
    [ValidateSet('list', 'status', 'start', 'stop', 'restart', 'kill')]
    [string]$Action = 'list',
    [Parameter(Position = 1)][string[]]$Service = @()
)
. (Join-Path $PSScriptRoot 'lib.ps1')

$Kitsu = Join-Path $Venv 'Scripts\kitsu.exe'
if (-not (Test-Path $Kitsu)) { Stop-WithReason 'nothing is installed here yet. Run: scripts\run_pipeline.ps1 start' }
Set-Location $Root  # .env and a relative KITSU_LOG_ROOT are looked for here

# -File hands `a,b` over as one text.
$names = @($Service | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim().ToLowerInvariant() } | Where-Object { $_ })

function Get-Aliases {
    # One place knows them: kitsu_tui/config/schema.py.
    $code = 'import json; from kitsu_tui.config.schema import ALIASES; print(json.dumps(ALIASES))'
    $text = & $Python -c $code
    if ($LASTEXITCODE -ne 0) { Stop-WithReason 'the names of the engines cannot be read. Run: scripts\start.ps1 -PrepareOnly' }
    return ($text -join '') | ConvertFrom-Json
}

function Get-Engines {
    $text = & $Kitsu status --json
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
    return (($text -join '') | ConvertFrom-Json).engines
}

if ($Action -eq 'list' -or $Action -eq 'status') {
    $engines = Get-Engines
    $aliases = Get-Aliases
    $meant = @($names | ForEach-Object { if ($aliases.$_) { $aliases.$_ } else { $_ } })
    $known = @($engines.PSObject.Properties.Name)
    foreach ($name in $meant) {
        if ($known -notcontains $name) { Stop-WithReason "the show has no engine $name; it has: $($known -join ', ')" 2 }
    }
    foreach ($name in $known) {
        if ($meant.Count -gt 0 -and $meant -notcontains $name) { continue }
        $older = @($aliases.PSObject.Properties | Where-Object { $_.Value -eq $name } | ForEach-Object { $_.Name })
        $view = $engines.$name
        $line = '{0,-10} {1,-13} pid {2,-7} restarts {3,-4} {4} {5}' -f @(
            $name, $view.state, $view.pid, $view.restarts, ($older -join ' '), $view.detail
        )
        Write-Output $line.TrimEnd()
    }
    exit 0
}

if ($names.Count -eq 0) { Stop-WithReason "say which: scripts\service_manager.ps1 $Action NAME; list names them" 2 }
$worst = 0
foreach ($name in $names) {
    & $Kitsu $Action $name
    if ($LASTEXITCODE -gt $worst) { $worst = $LASTEXITCODE }
}
exit $worst
