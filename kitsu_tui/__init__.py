"""Kitsu: the show, its console and its commands. See `kitsu --help`."""

__version__ = "0.1.0"
