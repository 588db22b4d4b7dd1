"""`python -m kitsu_tui.cli`: the same as `kitsu`."""

from kitsu_tui.cli import main

main()
