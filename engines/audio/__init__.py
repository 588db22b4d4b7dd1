"""`audio`: the one engine that owns microphone and loudspeaker."""
