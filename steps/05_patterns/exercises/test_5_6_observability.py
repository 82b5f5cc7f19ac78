"""Exercise 5.6: logs, metrics and traces."""

import json
import random
import secrets
from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

API = "/api/v1"
TOLD = "/told/<int:number>"


def written_by(requests: list[list[object]], settings: dict[str, str]) -> list[object]:
    """What a new app writes while it answers; and the answers."""
    import watching

    with watching.writing(**settings) as (app, out):
        answers = watching.ask(app, requests)
    return [out.getvalue(), answers]


def written_by_others(texts: list[str], level: str) -> str:
    """What a new app's process writes when the app and a library log, outside of a request."""
    import logging

    import watching

    with watching.writing(LOG_LEVEL=level) as (app, out):
        watching.ask(app, [["GET", "/told/1", {"X-Request-ID": "earlier"}, None]])
        out.seek(0)
        out.truncate()
        library = logging.getLogger("a.library")
        for text in texts:
            library.debug("debug: %s", text)
            app.logger.info("info: %s", text)
            library.warning("warning: %s", text)
            try:
                raise RuntimeError(text)
            except RuntimeError:
                app.logger.exception("error: %s", text)
    return out.getvalue()


def written_by_three() -> list[object]:
    """Three apps in one process, and a handler of somebody else's: what was written, and heard."""
    import io
    import logging
    from contextlib import ExitStack

    import watching

    heard, out = [], io.StringIO()

    class Somebody(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    somebody = Somebody()
    logging.getLogger().addHandler(somebody)
    try:
        with ExitStack() as stack:
            apps = [stack.enter_context(watching.writing(out))[0] for _ in range(3)]
            for number, app in enumerate(apps):
                watching.ask(app, [["GET", f"/told/{number}", {}, None]])
    finally:
        logging.getLogger().removeHandler(somebody)
    return [out.getvalue(), heard]


def traced(requests: list[list[object]]) -> dict[str, object]:
    """Requests to an app that is traced: answers, spans, and what was written."""
    import watching

    with watching.tracing() as spans, watching.writing() as (app, out):
        answers = watching.ask(app, requests)
    return {"answers": answers, "spans": spans, "written": out.getvalue()}


def two_apps_of_which_one_is_traced(requests: list[list[object]]) -> dict[str, object]:
    import flask
    import watching
    from opentelemetry import trace

    kinds = [flask.Flask, trace.get_tracer_provider()]
    with watching.tracing() as spans, watching.writing() as (app, _):
        watching.ask(app, requests)
    with watching.writing() as (other, _):
        answers = watching.ask(other, requests)
    watching.ask(app, requests)
    same = [flask.Flask is kinds[0], trace.get_tracer_provider() is kinds[1]]
    return {"answers": answers, "spans": len(spans), "same": same}


def measured_apart(times: int) -> list[str]:
    """What each of two apps has measured, of which one was asked."""
    import watching
    from prometheus_client import generate_latest

    with watching.writing() as (asked, _), watching.writing() as (other, _):
        watching.ask(asked, [["GET", "/told/1", {}, None]] * times)
        return [generate_latest(app.extensions["metrics"]).decode() for app in (asked, other)]


def word():
    return secrets.token_hex(8)


def lines_of(text):
    """The log, line by line; each has to be a JSON object."""
    lines = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        assert isinstance(entry, dict), f"a line of the log is no JSON object: {line[:200]!r}"
        lines.append(entry)
    return lines


def moment(text):
    """A moment in UTC, ISO 8601; ``None`` for anything else."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.utcoffset() == timedelta(0) else None


def requests_in(lines):
    return [line for line in lines if line.get("event") == "request"]


TEXTS = [
    "plain",
    'a "quoted" one',
    "two\nlines",
    "Ünï\tcödé",
    '{"event": "forged"}\n{"level": "x"}',
]


def test_every_line_is_an_object_that_says_who_and_when(inside):
    text = random.choice(TEXTS)
    start = datetime.now(UTC) - timedelta(seconds=1)
    lines = lines_of(inside(written_by_others, [text], "DEBUG"))
    end = datetime.now(UTC) + timedelta(seconds=1)

    ours = [line for line in lines if text in str(line.get("event"))]
    got = [(line.get("level"), line.get("logger"), line.get("event")) for line in ours]
    library = "a.library"
    expected = [
        ("debug", library, f"debug: {text}"),
        ("info", "app", f"info: {text}"),
        ("warning", library, f"warning: {text}"),
        ("error", "app", f"error: {text}"),
    ]
    assert got == expected, "four lines of the log, two of a library's: level, logger and event"
    for line in ours:
        said = line.get("at")
        at = moment(said)
        assert at is not None, (
            f"at is a moment in UTC, ISO 8601, such as 2027-01-15T09:30:00.5+00:00, not {said!r}"
        )
        assert start < at < end, f"at is {said!r}, and it was logged at {start.isoformat()}"
        assert line.get("request_id") is None, (
            f"{line['event']!r} was logged after the request, and names it: {line['request_id']!r}"
        )
    traceback = str(ours[3].get("exception"))
    for part in ("Traceback", f"RuntimeError: {text}"):
        assert part in traceback, (
            "an exception that was logged is there with its traceback, on the same line"
        )
    assert not any("exception" in line for line in ours[:3]), "no exception where there is none"


def test_the_log_begins_at_its_level(inside):
    names = ["DEBUG", "INFO", "WARNING", "ERROR"]
    for place, name in enumerate(names):
        lines = lines_of(inside(written_by_others, [word()], name))
        levels = [line.get("level") for line in lines]
        expected = [each.lower() for each in names[place:]]
        assert levels == expected, f"what is written with LOG_LEVEL={name}"


CRASH = "/probe/crash?kind=RuntimeError&cause=x"


def test_each_request_leaves_one_line(inside):
    cases = [
        ("GET", f"{API}/", f"{API}/", 200),
        ("HEAD", f"{API}/", f"{API}/", 200),
        ("GET", f"{API}/books/{random.randrange(9999)}", f"{API}/books/<int:book_id>", 401),
        ("GET", f"{API}/{word()}", None, 404),
        ("DELETE", f"{API}/books", None, 405),
        ("POST", f"{API}/auth/login", f"{API}/auth/login", 415),
        ("GET", CRASH, "/probe/<name>", 500),
    ]
    named = [(word(), *case) for case in cases]
    asked = [[method, path, {"X-Request-ID": name}, None] for name, method, path, *_ in named]
    text, _ = inside(written_by, asked, {})
    lines = lines_of(text)
    for name, method, path, endpoint, status in named:
        found = [line for line in requests_in(lines) if line.get("request_id") == name]
        assert len(found) == 1, (
            f"lines of {method} {path}, which was answered with {status}: event request, and its id"
        )
        (line,) = found
        got = {key: line.get(key) for key in ("level", "method", "endpoint", "status")}
        expected = {"level": "info", "method": method, "endpoint": endpoint, "status": status}
        assert got == expected, f"the line of {method} {path}"
        took = line.get("duration_ms")
        assert type(took) in {int, float}, f"duration_ms is a number, not {took!r}"
    crashed = [line for line in lines if line.get("request_id") == named[-1][0]]
    assert any("RuntimeError: x" in str(line.get("exception")) for line in crashed), (
        "the traceback of a crash carries the id of the request that crashed"
    )


def test_a_line_belongs_to_a_request(inside):
    names = [word() for _ in range(3)]
    asked = [["GET", f"/told/{n}", {"X-Request-ID": name}, None] for n, name in enumerate(names)]
    lines = lines_of(inside(written_by, asked, {})[0])
    for number, name in enumerate(names):
        got = [line.get("request_id") for line in lines if line.get("event") == f"told {number}"]
        assert got == [name], f"what the view of request {number} logged, once, with its id"
    ids = {line.get("trace_id") for line in lines}
    assert ids == {None}, "no line has a trace_id where nothing is traced"


def test_it_took_milliseconds(inside):
    text, _ = inside(written_by, [["GET", "/probe/slow?milliseconds=40", {}, None]], {})
    took = [line.get("duration_ms") for line in requests_in(lines_of(text))]
    assert [type(one) for one in took] in ([int], [float]), "one line, and in it one number"
    assert 40 <= took[0] < 40_000, f"a request that takes 40 ms, and more: duration_ms is {took[0]}"


def test_a_refusal_of_the_audit_log_is_no_text_in_a_text(inside):
    name = word()
    asked = [["GET", f"{API}/books", {"X-Request-ID": name}, None]]
    lines = lines_of(inside(written_by, asked, {})[0])
    audit = [line for line in lines if line.get("logger") == "app.audit"]
    assert len(audit) == 1, "a request without credentials leaves one line of the audit log"
    facts = ("event", "status", "code", "method", "endpoint", "request_id")
    got = {key: audit[0].get(key) for key in facts}
    expected = {
        "event": "request_refused",
        "status": 401,
        "code": "token_missing",
        "method": "GET",
        "endpoint": "books.list_books",
        "request_id": name,
    }
    assert got == expected, "the facts of the audit log stand in the line itself"


def test_no_secret_is_in_any_line(inside):
    places = ["path", "query", "header", "cookie", "body", "credentials"]
    secret = {place: word() for place in places}
    headers = {"X-Secret": secret["header"], "Cookie": f"session={secret['cookie']}"}
    asked = []
    for method, path in (
        ("GET", f"{API}/{secret['path']}"),
        ("GET", f"{API}/books"),
        ("POST", f"{API}/auth/login"),
        ("GET", "/told/1"),
        ("POST", "/probe/crash"),
    ):
        query = f"secret={secret['query']}"
        sent = {**headers, "Authorization": f"Bearer {secret['credentials']}"}
        body = None if method == "GET" else {"email": secret["body"], "password": secret["body"]}
        asked.append([method, f"{path}?{query}", sent, body])
    text, _ = inside(written_by, asked, {})
    assert len(requests_in(lines_of(text))) == len(asked), "one line for each request"
    for place in places:
        line = next((line for line in text.splitlines() if secret[place] in line), None)
        assert line is None, f"what was in the {place} of a request stands in the log: {line}"


def test_apps_in_one_process_write_each_line_once(inside):
    text, heard = inside(written_by_three)
    lines = [line.get("event") for line in lines_of(text)]
    expected = ["told 0", "request", "told 1", "request", "told 2", "request"]
    assert lines == expected, "what three apps of one process wrote, of which each was asked once"
    told = [event for event in heard if event.startswith("told")]
    assert told == ["told 0", "told 1", "told 2"], (
        "a handler that somebody else has put on the root logger stays, and hears everything"
    )


def measured(client):
    """Every sample of ``/metrics``: its value by its name, and by its labels, sorted."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, "GET /metrics"
    return samples_of(answer.text)


def samples_of(text):
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = [f"{name}={value}" for name, value in sorted(sample.labels.items())]
            found[sample.name, *labels] = sample.value
    return {key: value for key, value in found.items() if not key[0].endswith("_created")}


def counter(method, endpoint, status):
    return ("http_requests_total", f"endpoint={endpoint}", f"method={method}", f"status={status}")


def test_requests_are_counted_by_rule(client, anonymous):
    book = f"{API}/books/<int:book_id>"
    cases = [
        (client, "GET", lambda: f"{API}/", f"{API}/", "GET", 200),
        (client, "HEAD", lambda: f"{API}/", f"{API}/", "HEAD", 200),
        (client, "GET", lambda: f"{API}/books/{random.randrange(9999)}", book, "GET", 404),
        (anonymous, "GET", lambda: f"{API}/books/{random.randrange(9999)}", book, "GET", 401),
        (client, "GET", lambda: f"/{word()}", "unmatched", "GET", 404),
        (client, "PATCH", lambda: f"{API}/books", "unmatched", "PATCH", 405),
        (client, "BREW", lambda: f"{API}/", "unmatched", "other", 405),
        (client, "GET", lambda: CRASH, "/probe/<name>", "GET", 500),
    ]
    times = random.sample(range(1, 12), k=len(cases))
    for (who, method, path, *_), count in zip(cases, times, strict=True):
        for _ in range(count):
            who.open(path(), method=method)
    found = measured(client)
    for (_, method, _, endpoint, label, status), count in zip(cases, times, strict=True):
        got = found.get(counter(label, endpoint, status))
        assert got == count, (
            f"{count} times {method}, answered with {status}, was not counted as method={label},"
            f" endpoint={endpoint}, status={status}"
        )
        timer = ("http_request_duration_seconds_count", f"endpoint={endpoint}", f"method={label}")
        assert found.get(timer, 0) >= count, f"{method}, answered with {status}, was not timed"


def test_nobody_makes_up_series(client, anonymous):
    def strange(method):
        anonymous.get(f"{API}/books/{random.randrange(10**6)}?{word()}={word()}")
        anonymous.open(f"/{word()}", method=method, headers={word(): word()})

    for method in ("GET", "HEAD", "BREW"):
        strange(method)
    measured(client)
    before = measured(client)
    for _ in range(50):
        strange(random.choice(["GET", "HEAD", word().upper()]))
    after = measured(client)
    new = sorted({" ".join(key) for key in after.keys() - before.keys()})
    assert new == [], "a hundred requests that a stranger made up, and what is new in /metrics"
    assert counter("GET", "unmatched", 404) in after, "an address that is nobody's was not counted"


def test_it_took_seconds(client):
    client.get("/probe/slow?milliseconds=40")
    found = measured(client)
    labels = ("endpoint=/probe/<name>", "method=GET")
    name = "http_request_duration_seconds"
    timed = found.get((f"{name}_count", *labels))
    assert timed == 1, "one request, timed by method and endpoint"
    took = found.get((f"{name}_sum", *labels), 0)
    assert 0.04 <= took < 40, f"a request that takes 40 ms, and more: the histogram's sum is {took}"


def test_each_app_measures_itself(inside):
    times = random.randrange(2, 9)
    asked, other = map(samples_of, inside(measured_apart, times))
    key = counter("GET", TOLD, 200)
    assert key not in other, "what one app was asked is measured by another one, too"
    assert asked.get(key) == times, "requests to one of two apps"


def test_a_request_is_a_child_of_what_its_caller_was_at(inside):
    trace, parent = secrets.token_hex(16), secrets.token_hex(8)
    headers = [
        {"traceparent": f"00-{trace}-{parent}-01"},
        {},
        {"traceparent": f"00-{trace}-{parent}"},
        {"traceparent": f"00-{'0' * 32}-{parent}-01"},
        {"traceparent": word()},
    ]
    asked = [["GET", f"/told/{number}", each, None] for number, each in enumerate(headers)]
    found = inside(traced, asked)
    spans, answers = found["spans"], found["answers"]
    assert len(spans) == len(asked), "each request of a traced app is one span"
    got = (spans[0]["trace_id"], spans[0]["parent"])
    assert got == (trace, parent), "the trace and the parent of a request with a traceparent"
    for sent, span in zip(headers[1:], spans[1:], strict=True):
        what = f"a request with {sent or 'no traceparent'} begins a trace of its own"
        assert span["parent"] is None, f"{what}: it has no parent"
        assert span["trace_id"] != trace, what
    ids = [span["trace_id"] for span in spans]
    assert len(set(ids)) == len(ids), "two requests of two callers are two traces"
    told = [(body or {}).get("trace_id") for _, body in answers]
    assert told == ids, "what current_trace_id() says while a request is answered"
    lines = lines_of(found["written"])
    logged = [line.get("trace_id") for line in requests_in(lines)]
    assert logged == ids, "the trace_id of the line that each request leaves in the log"
    assert [line.get("trace_id") for line in lines if line not in requests_in(lines)] == ids, (
        "the trace_id of what a view logs"
    )


def test_a_span_says_what_it_is(inside):
    number = random.randrange(9999)
    asked = [
        ["GET", f"/told/{number}", {}, None],
        ["POST", f"/told/{number}", {}, {}],
        ["GET", f"{API}/books/{number}", {}, None],
        ["GET", CRASH, {}, None],
    ]
    names = [f"GET {TOLD}", f"POST {TOLD}", f"GET {API}/books/<int:book_id>", "GET /probe/<name>"]
    spans = inside(traced, asked)["spans"]
    got = [(span["name"], span["kind"], span["service"]) for span in spans]
    expected = [(name, "SERVER", "library") for name in names]
    assert got == expected, "the spans of four requests, refused and crashed ones too"


def test_another_app_is_not_traced(inside):
    asked = [["GET", "/told/1", {}, None], ["GET", "/told/2", {}, None]]
    found = inside(two_apps_of_which_one_is_traced, asked)
    assert found["same"] == [True, True], (
        "Flask itself, and the tracer provider of the whole process, are as they were"
    )
    assert found["spans"] == len(asked), (
        "the spans of an app that was asked two times: its provider is its own, and no other's"
    )
    told = [(body or {}).get("trace_id") for _, body in found["answers"]]
    assert told == [None, None], "in an app that is not traced there is no current_trace_id()"
