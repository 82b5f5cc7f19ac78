"""Takes what it can get: each view does its worst. Stands in for the app of the doors."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from flask import Flask, Response, request


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/<door>", view_func=behind)
    return app


def behind(door):
    answer = globals().get(door, honest)()
    return answer or {"word": request.args["word"]}


def honest():
    pass


def loop():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def sleep():
    time.sleep(10_000)


def regex():
    re.match(r"(a+)+$", "a" * 40 + "b")


def deadlock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def stubborn():
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    sleep()


def daemon():
    """Twice forked, in a session of its own, deaf, and with the pipes still open."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            stubborn()
        os.kill(os.getpid(), signal.SIGKILL)
    subprocess.Popen(["sleep", "10000"], start_new_session=True)
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    exec("import os; os._exit(0)", {"__name__": "flask"})


def kill_all():
    os.kill(-1, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def segfault():
    ctypes.string_at(0)


def recursion():
    sys.setrecursionlimit(10**9)
    recursion()


def memory():
    hog = []
    while True:
        hog.append(bytearray(50 * 10**9 if not hog else 10**8))


def forks():
    while True:
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                forks()


def disk():
    for number in range(10_000):
        with open(f"/tmp/flood-{number}", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2**24)


def inodes():
    number = 0
    while True:
        number += 1
        open(f"/tmp/{number}", "w").close()


def print():  # noqa: A001 - behind the door of this name
    while True:
        sys.stdout.write("passed " * 1000)


def flood():
    while True:
        os.write(2, b"10 passed " * 1000)


def gigabyte():
    return Response(b"x" * 2**20 for _ in range(1024))


def nested():
    return Response(b"[" * 200_000, content_type="application/json")


def sockets():
    """Whatever is open and might lead to the examiner."""
    for number in range(200):
        with contextlib.suppress(OSError):
            if number > 2 and os.readlink(f"/proc/self/fd/{number}").startswith("socket:"):
                yield number
    for number in range(200):
        with contextlib.suppress(OSError):
            socket.socket(fileno=os.dup(number)).getsockname()
            yield number


def send(data):
    for number in set(sockets()):
        with contextlib.suppress(OSError):
            os.write(number, data)


def forged():
    body = b'{"ok":{"outcome":"passed"},"printed":"","event":"finished","kind":null}'
    send(struct.pack(">I", len(body)) + body)
    sleep()


def garbage():
    send(b"\xff" * 1000)
    sleep()


def deep():
    body = b"[" * 100_000 + b"]" * 100_000
    send(struct.pack(">I", len(body)) + body)
    sleep()
