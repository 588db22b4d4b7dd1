"""Measurements of a running show and of its parts."""
