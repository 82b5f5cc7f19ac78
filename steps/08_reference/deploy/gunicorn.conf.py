"""How gunicorn runs the library: ``gunicorn -c deploy/gunicorn.conf.py wsgi:app``."""

bind = "127.0.0.1:8000"  # nginx is on the same machine, and nobody else gets in
timeout = 30  # as long as nginx waits
control_socket_disable = True  # signals will do; one less way in
# workers: WEB_CONCURRENCY of the environment, 1 by default; more of them need REDIS_URL.
