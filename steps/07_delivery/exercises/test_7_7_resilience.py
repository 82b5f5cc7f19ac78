"""Exercise 7.7: others may fail, and a request may come twice."""

import random
import secrets
from itertools import pairwise

API = "/api/v1"
PASSING = ["no connection", "timeout", 429, 502, 503, 504]
LASTING = [302, 400, 401, 403, 410, 500, 501]


def look_up(
    rounds: list[list[object]],
    reset_seconds: float = 1000,
    base: str = "https://books.example.org/v1",
) -> list[dict[str, object]]:
    """Look a book up once for each round; the service answers as the round says, in turn.

    An answer is a status, a body that comes with 200 (a text as it is, all else as JSON), or the
    name of a failure; the last one of a round is repeated.
    """
    import httpx

    from app.services.metadata import MetadataClient

    asked: list[dict[str, object]] = []
    slept: list[float] = []
    left: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        accept = request.headers.get("Accept")
        timeout = dict(request.extensions.get("timeout", {}))
        asked.append({"url": str(request.url), "accept": accept, "timeout": timeout})
        said = left.pop(0) if len(left) > 1 else left[0]
        if said == "no connection":
            raise httpx.ConnectError("no route", request=request)
        if said == "timeout":
            raise httpx.ReadTimeout("too long", request=request)
        if isinstance(said, int):
            return httpx.Response(said, headers={"Location": "/elsewhere"}, json={"pages": 3})
        if isinstance(said, str):
            return httpx.Response(200, text=said)
        return httpx.Response(200, json=said)

    transport = httpx.MockTransport(answer)
    client = MetadataClient(base, transport, slept.append, reset_seconds)
    found = []
    for number, one in enumerate(rounds):
        left[:] = one
        asked.clear()
        slept.clear()
        try:
            metadata = client.look_up(f"978000000000{number % 10}")
        except Exception as error:  # noqa: BLE001 - the test tells it
            return [{"raised": type(error).__name__}]
        said = {
            name: getattr(metadata, name, "nothing") for name in ("available", "publisher", "pages")
        }
        found.append(
            {"metadata": said, "asked": list(asked), "slept": list(slept), "state": client.state}
        )
    return found


def use_service(body: dict[str, object]) -> int:
    """Have the app ask a service that knows this; the id of a book to look up."""
    import httpx
    from flask import current_app

    import world
    from app.services.metadata import MetadataClient

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=body)

    transport = httpx.MockTransport(answer)
    client = MetadataClient("https://books.example.org", transport, lambda seconds: None, 1)
    current_app.extensions["metadata"] = client
    return world.add_book()


def stored(table: str) -> list[dict[str, object]]:
    import world

    return world.rows(table)


def a_copy_and_a_user() -> dict[str, int]:
    import world

    return {"copy_id": world.add_copy(), "user_id": world.add_user()}


def loans(count: int) -> list[int]:
    import world

    return [world.add_loan() for _ in range(count)]


def headers_of(role: str) -> dict[str, str]:
    import world

    return world.identity(role)


def set_moments(moments: dict[str, str]) -> None:
    """Have the rows of these keys expire then."""
    from sqlalchemy import text

    from app.extensions import db

    for key, moment in moments.items():
        change = text("UPDATE idempotency_keys SET expires_at = :moment WHERE key = :key")
        db.session.execute(change, {"moment": moment, "key": key})
    db.session.commit()


def ran() -> list[str]:
    """What was written since the last time, statement by statement, and the commits."""
    import world

    said = [one.split("(")[0].strip() for one in world.statements() if not one.startswith("SELECT")]
    world.forget_statements()
    return said


def slip_in(key: str) -> None:
    """Have another process store a row of this key just before ours is stored."""
    import world

    who = world.house()
    insert = "INSERT INTO idempotency_keys"
    columns = "principal, key, request_hash, status, headers, body, expires_at"
    values = f"'client:{who}', '{key}', 'x', 200, '{{}}', '', '2999-01-01 00:00:00.000000'"
    world.slip_in(insert, f"{insert} ({columns}) VALUES ({values})")


def without_cache(path: str, body: object, headers: dict[str, str]) -> list[list[object]]:
    """The same request twice, while the cache is down."""
    from flask import current_app

    import world

    with world.cache_down():
        answers = [
            current_app.test_client().post(path, json=body, headers=headers) for _ in range(2)
        ]
    return [[answer.status_code, answer.text] for answer in answers]


def plant(name: str) -> None:
    """Views that store an author and then do what they are asked for."""
    from flask import Response, abort, current_app, request

    import world
    from app.auth.guards import requires
    from app.extensions import cache
    from app.repeats import repeatable
    from app.services import authors

    heard: list[list[object]] = []
    current_app.extensions["heard"] = heard

    def ask_again(body: str) -> None:
        headers = {key: request.headers[key] for key in ("Authorization", "Idempotency-Key")}
        before = len(world.statements())
        again = current_app.test_client().post(request.path, data=body, headers=headers)
        code = (again.get_json(silent=True) or {}).get("code")
        heard.append([again.status_code, code, world.statements()[before:]])

    @requires()
    @repeatable
    def work(what: str) -> Response:
        if what == "meanwhile":
            if not heard:
                heard.append([])
                ask_again("the body")
                ask_again("another body")
                current_app.extensions["claimed"] = world.kept()
            return Response("done", 200)
        if what == "kept":
            return Response("kept", 202, {"ETag": '"7"', "X-Tried": what})
        if what == "empty":
            cache.clear()
            return Response("", 204)
        authors.add_author({"name": f"{name}-{what}"})
        if what == "crash":
            raise RuntimeError("a view that fails")
        if what == "refuse":
            abort(403)
        return Response(f"{name} fails", 400 if what == "decline" else 503, {"X-Tried": what})

    current_app.add_url_rule(f"/{name}/<what>", name, work, methods=["POST", "PUT"])


def heard() -> list[list[object]]:
    from flask import current_app

    return list(current_app.extensions["heard"])


def left_behind(path: str, headers: dict[str, str], seconds: int) -> list[object]:
    """What ``path`` answers so long after a process died in the midst of ``meanwhile``."""
    from flask import current_app

    import world

    with world.own_time() as clock:
        world.keep(current_app.extensions["claimed"])
        clock.ahead = seconds
        answer = current_app.test_client().post(path, data="the body", headers=headers)
    return [answer.status_code, answer.text]


def a_key() -> str:
    return secrets.token_urlsafe(random.randrange(9, 30))


def looked_up(inside, rounds, **options) -> list[dict[str, object]]:
    found = inside(look_up, rounds, **options)
    raised = found[0].get("raised")
    assert raised is None, f"look_up raised {raised}: who asks for a book need not know of it"
    return found


def send(client, path, body=None, key=None, **headers):
    if key is not None:
        headers["Idempotency-Key"] = key
    return client.post(path, json=body, headers=headers)


def code_of(answer) -> object:
    body = answer.get_json(silent=True)
    return body.get("code") if isinstance(body, dict) else None


def assert_refused(answer, status: int, code: str, what: str) -> None:
    got = [answer.status_code, code_of(answer)]
    assert got == [status, code], f"{what}: status and code"


def names_in(rows: list[dict[str, object]]) -> list[object]:
    return sorted(row["name"] for row in rows)


def test_the_service_is_asked_and_read(inside):
    publisher, pages = f"Publisher {secrets.token_hex(3)}", random.randrange(1, 900)
    whole = {"publisher": publisher, "pages": pages, "colour": ["red"]}
    answers = [whole, {}, {"pages": 1}, {"publisher": None, "pages": None}, 404]
    found = looked_up(inside, [[one] for one in answers])

    expected = [(publisher, pages), (None, None), (None, 1), (None, None), (None, None)]
    for one, (who, many) in zip(found, expected, strict=True):
        assert one["metadata"] == {"available": True, "publisher": who, "pages": many}, (
            "what look_up says of a service that answers with all, with nothing, or with 404"
        )
        assert len(one["asked"]) == 1, "a service that answers is asked once"
    urls = [one["asked"][0]["url"] for one in found]
    assert urls == [
        f"https://books.example.org/v1/isbn/978000000000{number}" for number in range(5)
    ], "the addresses that are asked"
    timeout = found[0]["asked"][0]["timeout"]
    assert timeout == {"connect": 1, "read": 2, "write": 2, "pool": 2}, (
        "the timeouts of each attempt, in seconds"
    )
    (nobody,) = looked_up(inside, [[whole]], base="")
    assert nobody["asked"] == [], "without a base_url there is nobody to ask"
    assert nobody["metadata"]["available"] is False, "nobody was asked, so nothing is available"


def test_what_may_pass_is_tried_again(inside):
    good = {"pages": random.randrange(1, 900)}
    passing = random.sample(PASSING, k=len(PASSING))
    rounds = [[one, good] for one in passing]
    rounds += [[one, other, good] for one, other in pairwise(passing)]
    for found, answers in zip(looked_up(inside, rounds), rounds, strict=True):
        what = ", then ".join(map(str, answers[:-1])) + ", then an answer"
        assert len(found["asked"]) == len(answers), f"{what}: how often the service was asked"
        assert found["metadata"].get("pages") == good["pages"], f"{what}: what is known in the end"
        assert len(found["slept"]) == len(answers) - 1, f"{what}: how often look_up has waited"
    for one in passing:
        (found,) = looked_up(inside, [[one]])
        assert len(found["asked"]) == 3, f"{one}, again and again: the service is asked three times"
        assert len(found["slept"]) == 2, "after the last attempt there is nothing to wait for"
        assert found["metadata"]["available"] is False, "after three failures nothing is available"


def test_each_wait_is_longer_and_none_like_another(inside):
    waits = [looked_up(inside, [[random.choice(PASSING)]])[0]["slept"] for _ in range(6)]

    for place, (least, most) in enumerate([(0.2, 0.4), (0.4, 0.6)]):
        seconds = [one[place] for one in waits if len(one) > place]
        assert len(seconds) == 6, "between three attempts there are two waits"
        outside = [one for one in seconds if not least - 1e-9 <= one <= most + 1e-9]
        assert outside == [], f"wait number {place + 1} is {least} to {most} seconds"
        assert len(set(seconds)) > 1, (
            "all who have failed together wait equally long, and come back together"
        )


def test_what_lasts_is_not_tried_again(inside):
    broken = ["<html>", "[1", ["pages"], {"pages": "12"}, {"pages": 0}, {"pages": True}, 7]
    broken += [{"pages": 1.5}, {"publisher": 7}, {"publisher": ["Puffin"], "pages": 3}]
    for answer in [*LASTING, *(one if one != 7 else "7" for one in broken)]:
        (found,) = looked_up(inside, [[answer]])
        assert len(found["asked"]) == 1, f"{answer!r}: asked again, it would be the same"
        assert found["metadata"]["available"] is False, f"{answer!r}: nothing can be known of it"


def test_a_service_that_is_down_is_left_alone(inside):
    good = [{"pages": 3}]
    for bad in ([random.choice(PASSING)], [random.choice(LASTING)]):
        calm = [bad] * 4 + [random.choice([good, [404]])] + [bad] * 4
        states = [one["state"] for one in looked_up(inside, calm)]
        assert states == ["closed"] * 9, (
            "four failures, one that is none, and four failures again: five in a row are too many"
        )
    found = looked_up(inside, [*[bad] * 5, good, good])
    assert [one["state"] for one in found] == ["closed"] * 4 + ["open"] * 3, (
        "the circuit, after each of five failures and two more look-ups"
    )
    for one in found[5:]:
        assert one["asked"] == [], "the circuit is open, and the service was asked"
        assert one["metadata"]["available"] is False, "while the circuit is open nothing is known"
    trial = looked_up(inside, [*[bad] * 6, good, bad, good], reset_seconds=0)
    assert [one["state"] for one in trial[4:]] == ["open", "open", "closed", "closed", "closed"], (
        "the time of an open circuit is over: one look-up may try; if it fails, it is open again"
    )
    assert len(trial[5]["asked"]) > 0, "the time of an open circuit is over, and nobody has tried"


def test_a_book_has_metadata(client, inside):
    known = {"publisher": f"Publisher {secrets.token_hex(3)}", "pages": random.randrange(1, 900)}
    book = inside(use_service, known)

    answer = client.get(f"{API}/books/{book}/metadata")
    assert answer.status_code == 200, "the metadata of a book"
    assert answer.json == {"available": True, **known}, "the metadata of a book"


def test_without_a_key_nothing_is_kept(client, inside):
    name = f"Author {secrets.token_hex(4)}"
    for _ in range(2):
        assert send(client, f"{API}/authors", {"name": name}).status_code == 201, "a new author"

    assert names_in(inside(stored, "authors")) == [name, name], "without a key, twice is twice"
    assert inside(stored, "idempotency_keys") == [], "without a key there is nothing to keep"


def test_the_same_request_does_its_work_once(client, inside):
    ids = inside(a_copy_and_a_user)
    (renewed,) = inside(loans, 1)
    cases = [
        ("authors", {"name": f"Author {secrets.token_hex(4)}"}, 201),
        ("loans", ids, 201),
        (f"loans/{renewed}/renewals", None, 200),
        (f"loans/{renewed}/return", None, 200),
    ]
    keys = [a_key() for _ in cases]
    first = [
        send(client, f"{API}/{path}", body, key)
        for (path, body, _), key in zip(cases, keys, strict=True)
    ]
    again = [
        send(client, f"{API}/{path}", body, key)
        for (path, body, _), key in zip(cases, keys, strict=True)
    ]

    for (path, _, status), one, other in zip(cases, first, again, strict=True):
        assert [one.status_code, other.status_code] == [status, status], (
            f"POST {path}, twice with one key: the same status"
        )
        same = one.data == other.data
        assert same, f"POST {path}, twice with one key: the same answer, byte for byte"
        for header in ("Content-Type", "Location", "ETag"):
            assert other.headers.get(header) == one.headers.get(header), (
                f"POST {path}, sent again: {header} is what it was"
            )
        told = [answer.headers.get("Idempotency-Replayed") for answer in (one, other)]
        assert told == [None, "true"], f"POST {path}, twice: Idempotency-Replayed, on the second"
    names = names_in(inside(stored, "authors"))
    times = names.count(cases[0][1]["name"])
    assert times == 1, "an author was sent twice with one key: how often it was stored"
    loan = {row["id"]: row for row in inside(stored, "loans")}[renewed]
    assert loan["renewals"] == 1, "a renewal that was sent twice with one key counts once"
    rows = inside(stored, "idempotency_keys")
    got = sorted([row["key"], row["status"], row["body"]] for row in rows)
    expected = sorted(
        [key, one.status_code, one.text] for key, one in zip(keys, first, strict=True)
    )
    assert got == expected, "the rows of idempotency_keys: key, status and body"


def test_another_request_needs_another_key(client, inside):
    planted = f"planted-{secrets.token_hex(3)}"
    inside(plant, planted)
    one, other = inside(loans, 2)
    name, key, third = f"Author {secrets.token_hex(4)}", a_key(), a_key()
    send(client, f"{API}/authors", {"name": name}, key)
    send(client, f"{API}/loans/{one}/renewals", None, third)
    cases = [
        ("another body", "authors", {"name": name + "!"}, key),
        ("another address", f"loans/{other}/renewals", None, third),
        ("another query string", f"loans/{one}/renewals?again=1", None, third),
    ]

    for what, path, body, used in cases:
        answer = send(client, f"{API}/{path}", body, used)
        assert_refused(answer, 422, "idempotency_key_reused", f"{what}, and the same key")
    headers = {"Idempotency-Key": a_key()}
    first, again, changed = (
        client.post(f"/{planted}/kept", data=body, headers=headers)
        for body in ("one text", "one text", "another text")
    )
    assert_refused(changed, 422, "idempotency_key_reused", "another text, and the same key")
    put = client.put(f"/{planted}/kept", data="one text", headers=headers)
    assert_refused(put, 422, "idempotency_key_reused", "PUT after POST, and the same key")
    assert [first.status_code, again.status_code] == [202, 202], "the same text, and the same key"
    got = [again.headers.get("ETag"), again.headers.get("X-Tried")]
    assert got == ['"7"', None], "an answer with ETag and X-Tried, sent again: ETag is kept alone"
    assert name + "!" not in names_in(inside(stored, "authors")), "a refused author was stored"
    renewals = {row["id"]: row["renewals"] for row in inside(stored, "loans")}
    assert [renewals[one], renewals[other]] == [1, 0], "how often two loans were renewed"


def test_a_key_belongs_to_who_sent_it(client, inside):
    key = a_key()
    names = [f"Author {secrets.token_hex(4)}" for _ in range(2)]
    answers = [
        send(client, f"{API}/authors", {"name": names[0]}, key),
        send(client, f"{API}/authors", {"name": names[1]}, key, **inside(headers_of, "librarian")),
    ]

    assert [answer.status_code for answer in answers] == [201, 201], (
        "two callers happen to use the same key: neither learns of the other"
    )
    assert names_in(inside(stored, "authors")) == sorted(names), "each has sent an author"
    owners = {row["principal"] for row in inside(stored, "idempotency_keys")}
    assert len(owners) == 2, "each key belongs to the subject of a principal"


def test_a_key_is_a_word(client, inside):
    letters = "ABCXYZabcxyz0189._-"
    longest = "".join(random.choices(letters, k=64))
    for key in (longest + "x", "two words", "a:b", "{}", "k\xe9y", ""):
        answer = send(client, f"{API}/authors", {"name": "Nobody"}, key)
        assert_refused(answer, 400, "idempotency_key_invalid", f"Idempotency-Key: {key}")
    assert inside(stored, "authors") == [], "a request with a key that is none was carried out"
    for key in (longest, random.choice(letters)):
        status = send(client, f"{API}/authors", {"name": "Somebody"}, key).status_code
        assert status == 201, f"Idempotency-Key: {key}"


def test_nobody_waits_for_somebody_else(client, inside):
    name, key = f"planted-{secrets.token_hex(3)}", a_key()
    inside(plant, name)
    path = f"/{name}/meanwhile"
    headers = {"Idempotency-Key": key}
    first = client.post(path, data="the body", headers=headers)
    again = client.post(path, data="the body", headers=headers)

    told = inside(heard)[1:]
    assert [one[:2] for one in told] == [[409, "idempotency_key_in_use"]] * 2, (
        "while a request is answered, the same key comes again, with the same body and another one"
    )
    asked = [statement for one in told for statement in one[2] if "idempotency_keys" in statement]
    assert asked == [], "while a request is answered, the same key comes: the database is not asked"
    assert [first.status_code, first.text] == [200, "done"], "the request that came first"
    assert [again.status_code, again.text] == [200, "done"], "and once more, when it was answered"
    assert again.headers.get("Idempotency-Replayed") == "true", "it was answered before"
    ours, theirs = ({**headers, **inside(headers_of, role)} for role in ("client", "librarian"))
    assert inside(left_behind, path, theirs, 0) == [200, "done"], (
        "while a request is answered, somebody else sends the same word, which is another key"
    )
    assert inside(left_behind, path, ours, 31) == [200, "done"], (
        "31 seconds after a process died while it was at a request, the same key again"
    )


def test_the_constraint_has_the_last_word(client, inside):
    key, name = a_key(), f"Author {secrets.token_hex(4)}"
    inside(slip_in, key)
    answer = send(client, f"{API}/authors", {"name": name}, key)

    assert_refused(
        answer, 409, "idempotency_key_in_use", "another process has stored the key a moment ago"
    )
    assert inside(stored, "authors") == [], "their key counts, and our author was stored, too"
    headers = {**inside(headers_of, "client"), "Idempotency-Key": a_key()}
    one, other = inside(without_cache, f"{API}/authors", {"name": name}, headers)
    assert [one[0], other] == [201, one], "the same request twice, while the cache is down"
    assert names_in(inside(stored, "authors")) == [name], "it does its work once, cache or not"


def test_the_answer_is_committed_with_the_work(client, inside):
    inside(ran)
    send(client, f"{API}/authors", {"name": f"Author {secrets.token_hex(4)}"}, a_key())

    transactions = "; ".join(inside(ran)).split("COMMIT")
    together = next((one for one in transactions if "INSERT INTO authors" in one), "nothing")
    assert "INSERT INTO idempotency_keys" in together, (
        f"what was written in the transaction of the author: {together!r}. A crash right after it"
        " leaves an author, and no answer for when the client asks again"
    )


def test_what_fails_is_free_to_be_tried_again(client, inside):
    name = f"planted-{secrets.token_hex(3)}"
    inside(plant, name)
    statuses = {"decline": 400, "crash": 500, "refuse": 403, "fail": 503}
    for what, status in statuses.items():
        for _ in range(2):
            answer = send(client, f"/{name}/{what}", None, name)
            assert answer.status_code == status, f"{what}, twice with one key: the same refusal"
            replayed = answer.headers.get("Idempotency-Replayed")
            assert replayed is None, f"{what}, answered with {status}: it was kept, and sent again"
    assert inside(stored, "authors") == [], (
        "a request that failed in the end has stored what it did before"
    )
    assert answer.headers.get("X-Tried") == "fail", "an answer that fails goes out as it is"
    ids = inside(a_copy_and_a_user)
    send(client, f"{API}/loans", ids)
    key = a_key()
    (loan,) = inside(stored, "loans")
    refused = send(client, f"{API}/loans", ids, key)
    client.post(f"{API}/loans/{loan['id']}/return")
    lent = send(client, f"{API}/loans", ids, key)
    assert [refused.status_code, lent.status_code] == [409, 201], (
        "the copy was out, came back, and was asked for again with the same key"
    )
    kept = [row["status"] for row in inside(stored, "idempotency_keys")]
    assert kept == [201], "of all that failed nothing is kept"


def test_an_answer_without_a_body_and_a_cache_that_forgets(client, inside):
    name = f"planted-{secrets.token_hex(3)}"
    inside(plant, name)
    for _ in range(2):
        answer = send(client, f"/{name}/empty", None, name)
        assert [answer.status_code, answer.text] == [204, ""], "an empty answer, twice"


def test_a_key_is_kept_for_a_day(client, inside):
    from datetime import UTC, datetime, timedelta

    keys = sorted(a_key() for _ in range(4))
    old, other, fresh, theirs = random.sample(keys, k=4)
    for key in (old, other, fresh):
        send(client, f"{API}/authors", {"name": key}, key)
    send(client, f"{API}/authors", {"name": theirs}, theirs, **inside(headers_of, "librarian"))
    rows = inside(stored, "idempotency_keys")
    ends = [datetime.fromisoformat(row["expires_at"]) for row in rows]
    day = datetime.now(UTC) + timedelta(hours=24)
    late = [end.isoformat() for end in ends if abs(end - day) > timedelta(minutes=1)]
    assert [len(ends), late] == [4, []], "the rows expire in 24 hours"

    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%d %H:%M:%S.%f")
    inside(set_moments, dict.fromkeys([old, other, theirs], past))
    answer = send(client, f"{API}/authors", {"name": "Another"}, old)
    assert answer.status_code == 201, "a key that has expired is free again, for any request"
    kept = {row["key"] for row in inside(stored, "idempotency_keys")}
    assert kept == {old, fresh, theirs}, (
        "when a row is stored, those of the same principal that have expired go, and no others"
    )
    again = send(client, f"{API}/authors", {"name": "Another"}, old)
    assert again.data == answer.data, "the new answer is kept in place of the old one"
