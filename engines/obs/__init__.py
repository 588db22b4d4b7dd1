"""`obs`: OBS Studio, by obs-websocket."""
