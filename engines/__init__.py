"""Kitsu's engines: child processes that speak JSON lines over stdin and stdout.

Start one alone with ``kitsu engine NAME``. `engines.echo` is the template for a new one and
`engines/wire/PROTOCOL.md` describes the wire for engines in other languages.
"""
