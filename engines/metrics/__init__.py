"""`metrics`: figures of the host and its GPUs."""
