"""The console: a Textual app that watches a show and asks things of it. Holds nothing of its own.

`textual` is imported only below this package, and only after `terminal.prepare` has run: it reads
its settings from the environment at import.
"""
