"""The engine that gives a second opinion on a text."""
