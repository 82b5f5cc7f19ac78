"""Whose address is it? A header that anybody may write, and one proxy in front."""

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)


@app.get("/")
def who() -> str:
    return str(request.remote_addr)


# section: ask
sent = {"X-Forwarded-For": "203.0.113.7, 198.51.100.9"}  # the client's claim, then the proxy's
print("trusted proxies: 0 ", app.test_client().get("/", headers=sent).text)
for proxies in (1, 2):
    trusting = ProxyFix(app.wsgi_app, x_for=proxies)
    app.wsgi_app = trusting  # type: ignore[method-assign]
    print(f"trusted proxies: {proxies} ", app.test_client().get("/", headers=sent).text)
    app.wsgi_app = trusting.app  # type: ignore[method-assign]
# end section: ask
