"""Two at once, over HTTP: ``test_postgresql.py`` runs this inside a copy of a solved step.

Prints, as JSON, how often which status was answered.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app import create_app
from app.extensions import db
from app.services.users import add_user

API = "/api/v1"
PASSWORD = "a long enough password"
AT_ONCE = 6

app = create_app("testing")
with app.app_context():
    db.create_all()
    add_user({"email": "eve@example.org", "name": "Eve", "password": PASSWORD, "role": "admin"})
login = {"email": "eve@example.org", "password": PASSWORD}
token = app.test_client().post(f"{API}/auth/login", json=login).get_json()["access_token"]


def send(method: str, path: str, body: object, **more: str) -> tuple[int, dict[str, int]]:
    """The status, and the id in the answer, if there is one."""
    headers = {"Authorization": f"Bearer {token}", **more}
    answer = app.test_client().open(f"{API}{path}", method=method, json=body, headers=headers)
    return answer.status_code, answer.get_json(silent=True) or {}


def together(ask: Callable[[int], tuple[int, object]]) -> Counter[int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(status for status, _ in pool.map(ask, range(AT_ONCE)))


author = send("POST", "/authors", {"name": "Tove Jansson"})[1]["id"]
isbns = ["9780140309577", "9780306406157"]
bodies = [{"title": "x", "isbn13": isbn, "author_ids": [author]} for isbn in isbns]
books = [send("POST", "/books", body)[1]["id"] for body in bodies]
codes = [f"R-{number:03}" for number in range(60)]


def replace(tag: str) -> Callable[[int], tuple[int, object]]:
    def ask(_number: int) -> tuple[int, object]:
        body = {**bodies[0], "title": secrets.token_hex(4)}
        return send("PUT", f"/books/{books[0]}", body, **{"If-Match": tag})

    return ask


def add_many(number: int) -> tuple[int, object]:
    items = [{"barcode": code} for code in (codes if number % 2 else reversed(codes))]
    return send("POST", f"/books/{books[number % 2]}/copies/bulk", {"items": items})


found = {
    "the same version": together(replace('"1"')),
    "any version": together(replace("*")),
    "the same barcodes in two orders": together(add_many),
}
with app.app_context():
    db.engine.dispose()
print(json.dumps(found))
