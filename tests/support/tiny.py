"""The smallest engine there is: standard library only, up in 20 ms. For tests of its supervisor.

    python -S tests/support/tiny.py [FLAG ...]

Flags, each one trait (and --name=NAME, what it calls itself):

    deaf         says that it is ready and never reads its input
    dies         exits with 9 once it is ready
    stubborn     ignores TERM, shutdown and the end of input
    slow         takes 0.3 s to leave when it is asked
    loading      never gets ready, but answers pings
    ghost        dies once it is ready, and a grandchild says `ready` on its pipe 0.2 s later
    spills       says on stderr what stands in MY_TOKEN, and bytes that are no UTF-8
    chatters     says `ready` again and again, 200 times
    babbles      400 lines that are no frames
    kin          starts a process of its own
    old          speaks another version of the wire
"""

import json
import os
import signal
import subprocess
import sys
import time

FLAGS = set(sys.argv[1:])
NAME = next((flag[7:] for flag in FLAGS if flag.startswith("--name=")), "echo")


def say(**frame: object) -> None:
    """One line on the wire."""
    os.write(1, json.dumps(frame).encode() + b"\n")


def status(state: str, detail: str = "") -> None:
    """How it is."""
    say(type="event", name="status", data={"state": state, "detail": detail})


def leave(code: int = 0) -> None:
    """Exit as asked."""
    if "slow" in FLAGS:
        time.sleep(0.3)
    if "stubborn" not in FLAGS:
        os._exit(code)


def after_ready() -> None:
    """What the flags want once it is up."""
    if "spills" in FLAGS:
        os.write(2, b"the token is " + os.environ["MY_TOKEN"].encode() + b"\n\xff\xfe broken\n")
    if "chatters" in FLAGS:
        for _ in range(200):
            status("ready")
    if "babbles" in FLAGS:
        os.write(1, b"this is no frame\n" * 400)
    if "ghost" in FLAGS:
        words = '{"type":"event","name":"status","data":{"state":"ready","detail":"boo"}}'
        code = f"import time; time.sleep(0.2); print({words!r}, flush=True); time.sleep(2)"
        subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True)
        os._exit(9)
    if "kin" in FLAGS:
        code = "import time; time.sleep(60)"
        subprocess.Popen([sys.executable, "-S", "-c", code])
    if "dies" in FLAGS:
        os._exit(9)
    if "deaf" in FLAGS:
        time.sleep(3600)


def main() -> None:
    """Live."""
    if "stubborn" in FLAGS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(getattr(signal, "SIGQUIT", signal.SIGTERM), signal.SIG_IGN)
    say(type="hello", wire=[0 if "old" in FLAGS else 1], engine=NAME, version="0", pid=os.getpid())
    for line in sys.stdin:
        frame = json.loads(line)
        if frame["type"] == "init":
            status("loading")
            if "loading" not in FLAGS:
                status("ready")
                after_ready()
        elif frame["type"] == "ping":
            say(type="pong", n=frame["n"])
        elif frame["type"] == "shutdown":
            leave()
        elif frame["type"] == "request" and frame["name"] == "echo.say":
            say(type="response", id=frame["id"], ok=True, data=frame["data"])
    leave()
    time.sleep(3600)


if __name__ == "__main__":
    main()
