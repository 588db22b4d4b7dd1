"""The running show: supervisor, director, safety, panic, journal. No screen, no engine inside."""
