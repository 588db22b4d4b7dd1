"""`kitsu doctor`: looks at everything a show needs and says what to do where something is wrong.

One file a family of checks. A check is a function from `Context` to what it found; it runs on its
own with a timeout, and what it raises becomes a finding too. Nothing here changes anything: no
folder is made, no model fetched, no show disturbed.
"""
