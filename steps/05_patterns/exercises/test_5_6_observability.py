"""Exercise 5.6: logs, metrics and traces."""

import json
import random
import secrets
from datetime import UTC, datetime, timedelta

import pytest
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
    """What a new app's process writes: one request, then the app and a library log."""
    import logging

    import watching

    with watching.writing(LOG_LEVEL=level) as (app, out):
        watching.ask(app, [["GET", "/told/1", {"X-Request-ID": "earlier"}, None]])
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


def written_as_it_is(texts: list[str]) -> str:
    """What a new app's process writes when the app and a library log these texts."""
    import logging

    import watching

    with watching.writing() as (app, out):
        for text in texts:
            for logger in (app.logger, logging.getLogger("a.library")):
                logger.warning(text)
    return out.getvalue()


def written_by_two() -> list[object]:
    """Two apps in one process, and a handler of somebody else's: what was written, and heard."""
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
            apps = [stack.enter_context(watching.writing(out))[0] for _ in range(2)]
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
    from unittest.mock import patch

    import flask
    import watching
    from opentelemetry import propagate, trace
    from opentelemetry.propagators.composite import CompositePropagator
    from opentelemetry.util._once import Once

    kind, before = flask.Flask, propagate.get_global_textmap()
    ours = CompositePropagator([before])
    propagate.set_global_textmap(ours)
    # A process sets its provider once; here as if nobody had done so yet, and taken back below.
    fresh = {"_TRACER_PROVIDER": None, "_TRACER_PROVIDER_SET_ONCE": Once()}
    try:
        with patch.multiple(trace, **fresh):
            with watching.tracing() as spans, watching.writing() as (app, _):
                watching.ask(app, requests)
            other = watching.dressed(flask.current_app._get_current_object())
            answers = watching.ask(other, requests)
            provider = trace.get_tracer_provider()
        process = {
            "Flask itself": flask.Flask is kind,
            "the tracer provider": isinstance(provider, trace.ProxyTracerProvider),
            "the propagator": propagate.get_global_textmap() is ours,
        }
    finally:
        propagate.set_global_textmap(before)
    changed = [what for what, same in process.items() if not same]
    return {"answers": answers, "spans": len(spans), "changed": changed}


def measured_by_another() -> str:
    """What a new app has measured, which nobody has asked anything."""
    import watching
    from prometheus_client import generate_latest

    with watching.writing() as (app, _):
        return generate_latest(app.extensions["metrics"]).decode()


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


@pytest.mark.about("app/logs.py")
def test_every_line_is_an_object_that_says_who_and_when(inside):
    start = datetime.now(UTC) - timedelta(seconds=1)
    lines = lines_of(inside(written_by_others, TEXTS, "DEBUG"))
    end = datetime.now(UTC) + timedelta(seconds=1)

    who = {"debug": "a.library", "info": "app", "warning": "a.library", "error": "app"}
    ours = [
        line for line in lines if str(line.get("event")).startswith(tuple(f"{w}: " for w in who))
    ]
    got = [(line.get("level"), line.get("logger"), line.get("event")) for line in ours]
    expected = [(level, name, f"{level}: {text}") for text in TEXTS for level, name in who.items()]
    assert got == expected, (
        "lines of the app and of a library on standard output: level, logger and event"
    )
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
        if line["level"] != "error":
            assert "exception" not in line, "no exception where there is none"
            continue
        error = line["event"].replace("error: ", "RuntimeError: ")
        for part in ("Traceback", error):
            assert part in str(line.get("exception")), (
                "an exception that was logged is there with its traceback, on the same line"
            )


@pytest.mark.about("app/logs.py")
def test_only_the_audit_log_is_taken_for_facts(inside):
    texts = [json.dumps({"event": "request", "level": "info", "status": 200}), "[1]", "null", "{}"]
    lines = lines_of(inside(written_as_it_is, texts))

    got = [(line.get("logger"), line.get("level"), line.get("event")) for line in lines]
    expected = [(name, "warning", text) for text in texts for name in ("app", "a.library")]
    assert got == expected, (
        "messages that look like JSON, of the app and of a library: they are messages, and only"
        " what app.audit logs is taken for facts, or whoever is quoted in a log writes it"
    )


@pytest.mark.about("app/logs.py")
def test_the_log_begins_at_its_level(inside):
    names = ["debug", "info", "warning", "error"]
    place = random.randrange(1, 4)
    lines = lines_of(inside(written_by_others, [word()], names[place].upper()))
    levels = {str(line.get("level")) for line in lines}
    expected = names[place:]
    assert sorted(levels) == sorted(expected), (
        f"the levels of what is written with LOG_LEVEL={names[place].upper()}; the line of a"
        " request is one of info"
    )


CRASH = "/probe/crash?kind=RuntimeError&cause=x"


@pytest.mark.about("app/logs.py")
def test_each_request_leaves_one_line(inside):
    cases = [
        ("GET", f"{API}/", f"{API}/", 200),
        ("HEAD", f"{API}/", f"{API}/", 200),
        ("GET", f"{API}/books/{random.randrange(9999)}", f"{API}/books/<int:book_id>", 401),
        ("GET", f"{API}/{word()}", None, 404),
        ("DELETE", f"{API}/books", None, 405),
        ("POST", f"{API}/auth/login", f"{API}/auth/login", 415),
        ("OPTIONS", f"{API}/books", f"{API}/books", 200),
        ("GET", "/static/docs.js", "/static/<path:filename>", 200),
        ("GET", "/metrics", "/metrics", 200),
        ("GET", "/probe/slow?milliseconds=40", "/probe/<name>", 200),
        ("GET", "/told/7", TOLD, 200),
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
        if "slow" in path:
            slow = f"a request that takes 40 ms, and more: duration_ms is {took}"
            assert 40 <= took < 40_000, slow
    crashed = [line for line in lines if line.get("request_id") == named[-1][0]]
    assert any("RuntimeError: x" in str(line.get("exception")) for line in crashed), (
        "the traceback of a crash carries the id of the request that crashed"
    )
    told = [line.get("request_id") for line in lines if line.get("event") == "told 7"]
    assert told == [named[-2][0]], "what the view itself logged, once, with the request's id"
    ids = {line.get("trace_id") for line in lines}
    assert ids == {None}, "no line has a trace_id where nothing is traced"


@pytest.mark.about("app/logs.py")
def test_a_refusal_is_told_with_its_facts_and_no_secret(inside):
    places = ["path", "query", "header", "host", "cookie", "body", "credentials"]
    secret = {place: word() for place in places}
    secret["path, a number,"] = f"{random.randrange(10**14, 10**15)}"
    names = ("X-Secret", "User-Agent", "Referer", "Origin", "Accept-Language", "X-Forwarded-For")
    headers = dict.fromkeys(names, secret["header"])
    headers |= {"Host": f"{secret['host']}.example.org", "Cookie": f"session={secret['cookie']}"}
    headers["X-Request-ID"] = f"{secret['header']} is no id"
    asked = []
    for method, path in (
        ("GET", f"{API}/{secret['path']}"),
        ("GET", f"{API}/books"),
        ("GET", f"{API}/books/{secret['path, a number,']}"),
        ("POST", f"{API}/auth/login"),
        ("GET", "/told/1"),
        ("POST", "/probe/crash"),
    ):
        query = f"secret={secret['query']}"
        sent = {**headers, "Authorization": f"Bearer {secret['credentials']}"}
        body = None if method == "GET" else {"email": secret["body"], "password": secret["body"]}
        asked.append([method, f"{path}?{query}", sent, body])
    name = word()
    asked.append(["GET", f"{API}/books", {**headers, "X-Request-ID": name}, None])
    text, _ = inside(written_by, asked, {})
    lines = lines_of(text)
    assert len(requests_in(lines)) == len(asked), "one line for each request"
    for place, sent in secret.items():
        line = next((line for line in text.splitlines() if sent in line), None)
        assert line is None, f"what was in the {place} of a request stands in the log: {line}"

    audit = [line for line in lines if line.get("logger") == "app.audit"]
    audit = [line for line in audit if line.get("request_id") == name]
    assert len(audit) == 1, "a request without credentials leaves one line of the audit log"
    facts = ("event", "status", "code", "method", "endpoint")
    got = {key: audit[0].get(key) for key in facts}
    expected = {
        "event": "request_refused",
        "status": 401,
        "code": "token_missing",
        "method": "GET",
        "endpoint": "books.list_books",
    }
    assert got == expected, "the facts of the audit log stand in the line itself"


@pytest.mark.about("app/logs.py")
def test_apps_in_one_process_write_each_line_once(inside):
    text, heard = inside(written_by_two)
    lines = [line.get("event") for line in lines_of(text)]
    expected = ["told 0", "request", "told 1", "request"]
    assert lines == expected, "what two apps of one process wrote, of which each was asked once"
    told = [event for event in heard if event.startswith("told")]
    assert told == ["told 0", "told 1"], (
        "a handler that somebody else has put on the root logger stays, and hears everything"
    )


def measured(client):
    """Every sample of ``/metrics``: its value by its name, and by its labels, sorted."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, "GET /metrics"
    return samples_of(answer.text)


def samples_of(text):
    """By name and labels; without the buckets of a histogram, which are many."""
    lines = [line for line in text.splitlines() if "_bucket{" not in line]
    found = {}
    for family in text_string_to_metric_families("\n".join(lines)):
        for sample in family.samples:
            labels = [f"{name}={value}" for name, value in sorted(sample.labels.items())]
            found[sample.name, *labels] = sample.value
    return {key: value for key, value in found.items() if not key[0].endswith("_created")}


def counter(method, endpoint, status):
    return ("http_requests_total", f"endpoint={endpoint}", f"method={method}", f"status={status}")


@pytest.mark.about("app/metrics.py")
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
        (anonymous, "OPTIONS", lambda: f"{API}/books", f"{API}/books", "OPTIONS", 200),
        (anonymous, "GET", lambda: "/static/docs.js", "/static/<path:filename>", "GET", 200),
        (anonymous, "GET", lambda: "/metrics", "/metrics", "GET", 200),
    ]
    times = random.choices(range(1, 5), k=len(cases))
    for (who, method, path, *_), count in zip(cases, times, strict=True):
        for _ in range(count):
            who.open(path(), method=method)
    known = ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    for method in known:
        anonymous.open(f"/{word()}", method=method)
    client.post("/probe/slow?milliseconds=40")
    found = measured(client)
    for (_, method, _, endpoint, label, status), count in zip(cases, times, strict=True):
        got = found.get(counter(label, endpoint, status))
        assert got == count, (
            f"{count} times {method}, answered with {status}, was not counted as method={label},"
            f" endpoint={endpoint}, status={status}"
        )
        timer = ("http_request_duration_seconds_count", f"endpoint={endpoint}", f"method={label}")
        assert found.get(timer, 0) >= count, f"{method}, answered with {status}, was not timed"

    for method in known:
        assert counter(method, "unmatched", 404) in found, (
            f"{method} of nobody's address: its method"
        )
    labels = ("endpoint=/probe/<name>", "method=POST")
    took = found.get(("http_request_duration_seconds_sum", *labels), 0)
    assert 0.04 <= took < 40, f"a request that takes 40 ms, and more: the histogram's sum is {took}"


@pytest.mark.about("app/metrics.py")
def test_nobody_makes_up_series(client, anonymous):
    def strange(method):
        anonymous.get(f"{API}/books/{random.randrange(10**6)}?{word()}={word()}")
        anonymous.open(f"/{word()}", method=method, headers={word(): word()})

    for method in ("GET", "HEAD", "BREW"):
        strange(method)
    client.get("/metrics")
    before = measured(client)
    for _ in range(25):
        strange(random.choice(["GET", "HEAD", word().upper()]))
    after = measured(client)
    new = sorted({" ".join(key) for key in after.keys() - before.keys()})
    assert new == [], "fifty requests that a stranger made up, and what is new in /metrics"
    assert counter("GET", "unmatched", 404) in after, "an address that is nobody's is counted, too"


@pytest.mark.about("app/metrics.py")
def test_each_app_measures_itself(client, inside):
    client.get(f"/{word()}")
    key = counter("GET", "unmatched", 404)
    assert key in measured(client), "an address that is nobody's was not counted"
    other = samples_of(inside(measured_by_another))
    assert key not in other, "what one app was asked is measured by another one, too"


@pytest.mark.about("app/tracing.py")
def test_a_request_is_a_child_of_what_its_caller_was_at(inside):
    trace, parent = f"0{secrets.token_hex(16)[1:]}", secrets.token_hex(8)
    headers = [
        {"traceparent": f"00-{trace}-{parent}-01"},
        {},
        {"traceparent": f"00-{trace}-{parent}"},
        {"traceparent": f"00-{'0' * 32}-{parent}-01"},
        {"traceparent": f"00-{trace}-{'0' * 16}-01"},
        {"traceparent": f"00-{trace[1:]}-{parent}-01"},
        {"traceparent": f"00-{trace[:-1]}g-{parent}-01"},
        {"traceparent": f"00-{trace[:-2]}_a-{parent}-01"},
        {"traceparent": f"00-{trace[:-1].upper()}A-{parent}-01"},
        {"traceparent": f"00-{trace}-{parent}-1x"},
        {"traceparent": f"00-{trace}-{parent}-01-more"},
        {"traceparent": f"ff-{trace}-{parent}-01"},
        {"traceparent": word()},
    ]
    asked = [["GET", f"/told/{number}", each, None] for number, each in enumerate(headers)]
    number = random.randrange(9999)
    others = {
        f"POST {TOLD}": ["POST", f"/told/{number}", {}, {}],
        f"GET {API}/books/<int:book_id>": ["GET", f"{API}/books/{number}", {}, None],
        "GET /probe/<name>": ["GET", CRASH, {}, None],
        "GET /metrics": ["GET", "/metrics", {}, None],
    }
    found = inside(traced, [*asked, *others.values()])
    spans, answers = found["spans"], found["answers"][: len(asked)]
    got = [(span["name"], span["kind"], span["service"]) for span in spans]
    names = [f"GET {TOLD}"] * len(asked) + list(others)
    expected = [(name, "SERVER", "library") for name in names]
    assert got == expected, "the spans of all requests, refused and crashed ones too"
    spans = spans[: len(asked)]
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
    logged = [line.get("trace_id") for line in requests_in(lines)][: len(asked)]
    assert logged == ids, "the trace_id of the line that each request leaves in the log"
    told = [line for line in lines if str(line.get("event")).startswith("told")][: len(asked)]
    assert [line.get("trace_id") for line in told] == ids, "the trace_id of what a view logs"


@pytest.mark.about("app/tracing.py")
def test_another_app_is_not_traced(inside):
    asked = [["GET", "/told/1", {}, None], ["GET", "/told/2", {}, None]]
    found = inside(two_apps_of_which_one_is_traced, asked)
    assert found["changed"] == [], (
        "what belongs to the whole process, and is not as it was: another app would be traced, too"
    )
    assert found["spans"] == len(asked), (
        "the spans of an app that was asked two times: its provider is its own, and no other's"
    )
    told = [(body or {}).get("trace_id") for _, body in found["answers"]]
    assert told == [None, None], "in an app that is not traced there is no current_trace_id()"
