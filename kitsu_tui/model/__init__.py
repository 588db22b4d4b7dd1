"""Read models: pure reducers from the show's events to what console, status and replay show."""
