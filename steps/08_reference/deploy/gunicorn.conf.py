"""How gunicorn runs the library: ``gunicorn -c deploy/gunicorn.conf.py wsgi:app``.

Who gets in
    127.0.0.1:8000: nginx is on the same machine; in a container ``--bind`` says otherwise. There
    is no other door: gunicorn's control socket stays off, as signals will do.
Several at a time
    Each worker has 4 threads (``gthread``): who sends slowly keeps one of them busy, and the
    others answer. How many workers: ``WEB_CONCURRENCY`` of the environment, 1 by default; more of
    them need ``REDIS_URL``.
Patience
    A worker that shows no sign of life for 30 seconds, as long as nginx waits, is replaced. After
    SIGTERM nobody new is let in, and requests that are being answered have 25 seconds: whoever
    runs it kills it after 30.
Recycling
    A worker is replaced after 10000 requests, and up to 1000 more, by chance, so that not all of
    them are at once.
Signs of life
    are written to a file in ``/dev/shm``, where there is such a folder: memory, not a disk, and
    the root may be read-only.
"""

from pathlib import Path

MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes its file there in a safe way

bind = "127.0.0.1:8000"
worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = 25
max_requests = 10_000
max_requests_jitter = 1_000
worker_tmp_dir = MEMORY if Path(MEMORY).is_dir() else None
control_socket_disable = True
