"""`tts`: sentences in, sound and mouth shapes out."""
