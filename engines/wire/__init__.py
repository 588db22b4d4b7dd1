"""The wire between the show, its engines and its operators: JSON lines, described once.

`envelope` holds the frame every line has, `codec` turns bytes into frames and back, `message`
ties a name to the type of its body, `stale` decides what is too old to be heard, `outbox` keeps
control traffic ahead of data. One module a domain holds the bodies: `common`, `echo`, `audio`,
`asr`, `policy`, `tts`, `show`. PROTOCOL.md says the same for readers without Python.
"""
