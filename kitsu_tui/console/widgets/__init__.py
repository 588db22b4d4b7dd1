"""Parts of the desk that are no panes."""
