"""Screens that come in front of the desk: help, quit, confirm."""
