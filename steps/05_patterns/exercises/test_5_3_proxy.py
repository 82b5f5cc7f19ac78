"""Exercise 5.3: behind a proxy, and one id for each request."""

import random
import re
import secrets
import string
from ipaddress import ip_address, ip_network

import pytest

API = "/api/v1"
ALLOWED = string.ascii_letters + string.digits + "._-"
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")


def plant(name: str) -> None:
    """A view that says by which id it is asked, from where, and for what."""
    from flask import current_app, g, request

    from app.auth.guards import public

    def tell() -> dict[str, object]:
        return {
            "id": getattr(g, "request_id", None),
            "address": request.remote_addr,
            "scheme": request.scheme,
            "host": request.host,
            "root": request.script_root,
        }

    current_app.add_url_rule(f"/{name}", name, public(tell))


def heard_behind(proxies: int, requests: list[dict[str, str]]) -> list[dict[str, object]]:
    """What an app with so many proxies of ours in front knows of who sends these headers."""
    from flask import request

    import world
    from app.auth.guards import public

    app = world.new_app(TRUSTED_PROXIES=str(proxies))

    def tell() -> dict[str, object]:
        return {
            "address": request.remote_addr,
            "scheme": request.scheme,
            "host": request.host,
            "root": request.script_root,
        }

    app.add_url_rule("/tell", "tell", public(tell))
    client, place = app.test_client(), {"REMOTE_ADDR": "192.0.2.1"}
    return [
        client.get("/tell", headers=headers, environ_overrides=place).get_json()
        for headers in requests
    ]


def largest_body() -> int:
    from flask import current_app

    return current_app.config["MAX_CONTENT_LENGTH"]


def some_id(length):
    return "".join(secrets.choice(ALLOWED) for _ in range(length))


def address():
    return f"198.51.100.{random.randint(2, 250)}"


def test_a_request_keeps_its_id(client, inside):
    name = f"planted_{secrets.token_hex(4)}"
    inside(plant, name)
    paths = [f"{API}/", f"{API}/books/77", f"/{secrets.token_hex(4)}"]
    paths += ["/probe/crash?kind=KeyError&cause=x", f"/{name}"]
    ids = [some_id(length) for length in (1, 64, random.randint(2, 63))]
    for sent in [*ids, "._-", "-.0"]:
        for path in paths:
            answer = client.get(path, headers={"X-Request-ID": sent})
            got = answer.headers.get("X-Request-ID")
            assert got == sent, f"GET {path}: the answer has another X-Request-ID than the request"
        inner = answer.json.get("id") if answer.json else None
        assert inner == sent, "g.request_id is not the id that the request came with"


def test_an_id_that_does_not_fit_is_replaced(client, inside):
    name = f"planted_{secrets.token_hex(4)}"
    inside(plant, name)
    bad = ["", some_id(65), f"{some_id(5)} {some_id(5)}", f"{some_id(8)}\n", f"{some_id(4)}é"]
    bad += [f"{some_id(4)}/", '"; drop', f"{some_id(9)},{some_id(9)}", f"{some_id(4)}²"]
    ids = []
    for sent in [None, *bad]:
        environ = {} if sent is None else {"HTTP_X_REQUEST_ID": sent}
        answer = client.get(f"/{name}", environ_overrides=environ)
        got = answer.headers.get("X-Request-ID", "")
        came = "without X-Request-ID" if sent is None else f"X-Request-ID {sent!r} does not fit"
        assert re.fullmatch("[0-9a-fA-F]{32}", got), (
            f"{came}: the answer has a new one, 32 hexadecimal digits, and not {got!r}"
        )
        inner = answer.json.get("id") if answer.json else None
        assert inner == got, "g.request_id is another id than the answer's"
        ids.append(got)
    assert len(set(ids)) == len(ids), "two requests were given the same id"


@pytest.mark.about("app/proxy.py", "init_proxy")
def test_with_no_proxy_nobody_is_believed(anonymous, inside):
    name = f"planted_{secrets.token_hex(4)}"
    inside(plant, name)
    forged = {
        "X-Forwarded-For": address(),
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "bank.example.org",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Prefix": "/elsewhere",
        "X-Real-IP": address(),
    }
    place = {"REMOTE_ADDR": "192.0.2.1"}
    plain = anonymous.get(f"/{name}", environ_overrides=place).json
    told = anonymous.get(f"/{name}", headers=forged, environ_overrides=place).json
    for fact in ("address", "scheme", "host", "root"):
        before, now = (body.get(fact) if body else None for body in (plain, told))
        assert now == before, (
            f"TRUSTED_PROXIES is 0, and the request's {fact} is what X-Forwarded- says: anybody"
            " can write that"
        )


@pytest.mark.about("app/proxy.py", "init_proxy")
@pytest.mark.parametrize("proxies", [1, 2, 3])
def test_as_many_proxies_are_believed_as_are_ours(inside, proxies):
    ours = [[address(), secrets.choice(["http", "https"])] for _ in range(proxies)]
    hosts = [f"h{number}.example.org" for number in range(proxies)]
    made_up = [[address(), "ftp"] for _ in range(random.randint(1, 3))]
    values = {
        "X-Forwarded-For": [one for one, _ in made_up + ours],
        "X-Forwarded-Proto": [one for _, one in made_up + ours],
        "X-Forwarded-Host": [*(f"evil{n}.example.org" for n in range(len(made_up))), *hosts],
    }
    sent = {name: ", ".join(all_of) for name, all_of in values.items()}
    others = {"X-Forwarded-Port": "8443", "X-Forwarded-Prefix": "/elsewhere"}
    fewer = {name: ", ".join(all_of[: proxies - 1]) for name, all_of in values.items()}
    plain, told, more, short = inside(
        heard_behind, proxies, [{}, sent, {**sent, **others}, fewer if proxies > 1 else {}]
    )

    wanted = {"address": ours[0][0], "scheme": ours[0][1], "host": hosts[0]}
    for fact, value in wanted.items():
        assert told[fact] == value, (
            f"{proxies} of ours in front, and the {fact} is not what the outermost of them says:"
            f" the {proxies} last of {', '.join(values['X-Forwarded-For'])} are ours"
        )
    for fact, value in {**wanted, "root": plain["root"]}.items():
        assert more[fact] == value, f"X-Forwarded-Port or -Prefix changed the {fact}"
    for fact in plain:
        assert short[fact] == plain[fact], (
            f"{proxies} of ours in front, and headers with fewer values changed the {fact}: they"
            " did not pass by all of ours"
        )


# From here on: what nginx.conf promises, worked out as nginx would.

SEEN = {  # what nginx sees of a request, but for its headers
    "remote_addr": "192.0.2.7",
    "scheme": "https",
    "https": "on",
    "host": "library.example.org",
    "http_host": "library.example.org",
    "server_port": "443",
    "request_id": "0123456789abcdef0123456789abcdef",
}


class Nginx:
    """A configuration, as crossplane parses it."""

    def __init__(self, directives):
        self.http = [each for block in every(directives, "http") for each in block["block"]]
        self.maps = {
            one["args"][1].lstrip("$"): (one["args"][0], one["block"])
            for one in every(self.http, "map")
            if len(one["args"]) == 2
        }

    def servers(self, tls):
        """Those that listen, with TLS or without."""
        found = []
        for server in every(self.http, "server"):
            listens = [one["args"] for one in every(server["block"], "listen")] or [["80"]]
            if any(("ssl" in args[1:]) is tls for args in listens):
                found.append(server["block"])
        return found

    def path(self, server, address):
        """The blocks that a request for this address goes through, the outermost first."""
        blocks = [self.http, server]
        while (found := location(blocks[-1], address)) is not None:
            blocks.append(found["block"])
        return blocks

    def places(self, server, address):
        """What the locations on the way say of this address: ``= /metrics``, ``/``."""
        found, inner = [], server
        while (one := location(inner, address)) is not None:
            found.append(" ".join(one["args"]))
            inner = one["block"]
        return found

    def passed_to(self, server, address):
        """Where a request for this address goes; None where nobody passes it on unchanged."""
        blocks, place = [server], None
        while (found := location(blocks[-1], address)) is not None:
            blocks.append(found["block"])
            place = found["args"][-1]
        targets = [one["args"][0] for one in every(blocks[-1], "proxy_pass")]
        if len(targets) != 1:
            return None
        target = targets[0].removesuffix("$request_uri")
        target = target.removesuffix("/") if place == "/" else target
        name = target.removeprefix("http://")
        upstreams = {
            one["args"][0]: [each["args"][0] for each in every(one["block"], "server")]
            for one in every(self.http, "upstream")
        }
        return upstreams.get(name, [name])

    def said(self, blocks, name):
        """The directives that count: those of the innermost block that has any."""
        for block in reversed(blocks):
            if found := [one["args"] for one in every(block, name)]:
                return found
        return []

    def value(self, text, sent, depth=9, captured=None):
        """``text`` with its variables filled in, for a client that sent these headers."""
        assert depth, f"{text} depends on itself"

        def fill(found):
            name = found[1] or found[2]
            if captured and name in captured:
                return captured[name] or ""
            if name in self.maps:
                return self.choice(name, sent, depth - 1)
            if name.startswith("http_") and name not in SEEN:
                return sent.get(name, "")
            if name == "proxy_add_x_forwarded_for":
                before = sent.get("http_x_forwarded_for")
                return f"{before}, {SEEN['remote_addr']}" if before else SEEN["remote_addr"]
            return SEEN.get(name, found[0])

        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", fill, text)

    def choice(self, name, sent, depth):
        source, block = self.maps[name]
        value, default = self.value(source, sent, depth), ""
        exact, patterns = {}, []
        for one in block:
            key, (result, *_) = one["directive"], one["args"] or [""]
            if key == "default":
                default = result
            elif key.startswith("~"):
                patterns.append((key, result))
            else:
                exact[key.removeprefix("\\").lower()] = result
        if value.lower() in exact:
            return self.value(exact[value.lower()], sent, depth)
        for key, result in patterns:
            flags = re.IGNORECASE if key.startswith("~*") else 0
            found = re.search(in_python(key.lstrip("~*")), value, re.ASCII | flags)
            if found:
                numbered = {str(place): part for place, part in enumerate(found.groups(), start=1)}
                return self.value(result, sent, depth, {**numbered, **found.groupdict()})
        return self.value(default, sent, depth)

    def told(self, server, path, sent):
        """The headers that the app gets with a request for ``path``, by their small names."""
        headers = {"host": "$proxy_host"}  # what nginx says when nobody says otherwise
        headers |= {
            name.removeprefix("http_").replace("_", "-"): value for name, value in sent.items()
        }
        for name, value in self.said(self.path(server, path), "proxy_set_header"):
            headers[name.lower()] = self.value(value, sent)
        return headers


CLASSES = {
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:word:]": r"\w",
    "[:xdigit:]": "A-Fa-f0-9",
}


def in_python(pattern):
    """A pattern as nginx reads it, PCRE, in the words of Python."""
    for name, characters in CLASSES.items():
        pattern = pattern.replace(name, characters)
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace(r"\z", r"\Z")
    try:
        re.compile(pattern)
    except re.error as error:
        pytest.fail(f"the pattern {pattern} of nginx.conf cannot be read here: {error}")
    return pattern


def every(directives, name):
    return [one for one in directives if one["directive"] == name]


def locations(server):
    """All that others can ask for: not those that nginx itself goes to."""
    return [
        one
        for one in every(list(all_of(server)), "location")
        if not one["args"][-1].startswith("@") and not every(one["block"], "internal")
    ]


def all_of(directives):
    for one in directives:
        yield one
        yield from all_of(one.get("block", []))


def location(block, path):
    """The location that answers ``path``, by nginx's own rules."""
    prefixes, patterns = {}, []
    for one in every(block, "location"):
        *kind, place = one["args"]
        if kind == ["="]:
            if place == path:
                return one
        elif kind and kind[0].startswith("~"):
            patterns.append((kind[0], place, one))
        elif path.startswith(place):
            prefixes[place] = (kind, one)
    longest = max(prefixes, key=len, default=None)
    if longest is not None and prefixes[longest][0] == ["^~"]:
        return prefixes[longest][1]
    for kind, pattern, inner in patterns:
        ignore = re.IGNORECASE if kind == "~*" else 0
        if re.search(in_python(pattern), path, re.ASCII | ignore):
            return inner
    return None if longest is None else prefixes[longest][1]


def number_of(args, units):
    """The one number that a directive says, in the smallest of its units; None for no number."""
    found = re.fullmatch(r"(\d+)([a-z]*)", args[0][0].lower()) if args else None
    return int(found[1]) * units[found[2]] if found and found[2] in units else None


BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
PATHS = (f"{API}/books", "/", "/metrics")
DECODED = re.compile(r"\$\{?(document_)?uri\b")


@pytest.fixture
def nginx(source, tmp_path):
    """The learner's configuration. It parses, and has no ``if``."""
    import crossplane

    file = tmp_path / "nginx.conf"
    file.write_text(source("deploy/nginx.conf").text, encoding="utf-8")
    (parsed,) = crossplane.parse(str(file), single=True, comments=False)["config"]
    errors = [error["error"].replace(f" in {file}", " in nginx.conf") for error in parsed["errors"]]
    assert errors == [], f"nginx would not start: {errors[0]}"

    ifs = [one["line"] for one in all_of(parsed["parsed"]) if one["directive"] == "if"]
    assert ifs == [], f"there is an `if` in line {ifs[0]} of nginx.conf"
    return Nginx(parsed["parsed"])


@pytest.fixture
def secure(nginx):
    """The one server that speaks TLS."""
    servers = [one for one in nginx.servers(tls=True) if nginx.passed_to(one, f"{API}/books")]
    assert len(servers) == 1, (
        f"{len(servers)} servers listen with ssl and pass the API on, and one should"
    )
    return servers[0]


def test_plain_http_only_redirects(nginx, secure):
    plain = nginx.servers(tls=False)
    assert plain, "nobody listens on port 80: who types the address without https sees nothing"
    for server in plain:
        assert server is not secure, "the server that speaks TLS answers plain HTTP as well"
        for path in (f"{API}/books", "/"):
            for block in nginx.path(server, path)[1:]:
                if found := [one["args"] for one in every(block, "return")]:
                    break
            else:
                found = [["nothing"]]
            status, *target = found[0]
            assert status in {"301", "308"}, (
                f"plain HTTP for {path} is answered {status}, and not sent on with 301 or 308"
            )
            target = "".join(target)
            assert not DECODED.search(target), (
                f"plain HTTP is sent on to {target}: $uri is decoded, so /%0d%0aA: writes a"
                " header of the answer; $request_uri is what was asked for"
            )
            asked = f"{path}?page=2"
            got = nginx.value(target.replace("$request_uri", asked), {})
            wanted = f"https://library.example.org{asked}"
            assert got == wanted, f"plain HTTP for {asked} is sent somewhere else"
        others = [] if every(server, "return") else locations(server)
        other = [" ".join(one["args"]) for one in others if not every(one["block"], "return")]
        assert other == [], f"plain HTTP: location {other[0]} has no return, and answers by itself"


def test_tls_is_not_of_yesterday(nginx, secure):
    ports = [one["args"][0].rpartition(":")[2] for one in every(secure, "listen")]
    assert "443" in ports, f"TLS is spoken on {ports}, and not on 443"
    blocks = [nginx.http, secure]
    spoken = {word for args in nginx.said(blocks, "ssl_protocols") for word in args}
    assert spoken == {"TLSv1.2", "TLSv1.3"}, "ssl_protocols says what is spoken: TLS 1.2 and 1.3"
    for name, file in (("ssl_certificate", "crt"), ("ssl_certificate_key", "key")):
        said = nginx.said(blocks, name)
        assert said == [[f"/etc/nginx/tls/library.{file}"]], f"{name} names another file"


def test_json_is_compressed_and_no_body_is_too_large(nginx, secure, inside):
    largest = inside(largest_body)
    for path in PATHS:
        blocks = nginx.path(secure, path)
        assert nginx.said(blocks, "gzip") == [["on"]], f"gzip is not on for {path}"
        kinds = {kind for args in nginx.said(blocks, "gzip_types") for kind in args}
        assert kinds & {"application/json", "*"}, (
            f"{path}: JSON is not among the gzip_types, and nginx compresses nothing but HTML"
        )
        size = number_of(nginx.said(blocks, "client_max_body_size") or [["1m"]], BYTES)
        assert size == largest, f"{path}: nginx lets {size} bytes in, the app {largest}"
        named = nginx.said(blocks, "client_max_body_size")
        assert named, "the size of a body is nginx's default by luck: say it"


def test_what_is_asked_for_goes_on_unchanged(nginx, secure):
    for path in PATHS:
        *_, innermost = nginx.path(secure, path)
        for one in every(innermost, "proxy_pass"):
            (target,) = one["args"]
            *_, found = re.split(r"^https?://[^/$]+(?=[/$])", target)
            exact = f"= {found}" in nginx.places(secure, path)
            assert found in {target, "$request_uri"} or exact, (
                f"proxy_pass {target}: with {found} behind the host nginx writes the address anew,"
                f" in its own spelling, and what a client asked for as {path}%2Fx is lost;"
                " with nothing there it goes on as it came"
            )


def test_the_app_hears_who_asks_from_nginx_alone(nginx, secure):
    forged = {
        "http_x_forwarded_for": address(),
        "http_x_forwarded_proto": "http",
        "http_x_forwarded_host": "evil.example.org",
    }
    wanted = {
        "x-forwarded-for": SEEN["remote_addr"],
        "x-forwarded-proto": "https",
        "x-forwarded-host": SEEN["host"],
        "host": SEEN["host"],
    }
    for path in PATHS:
        believed = nginx.said(nginx.path(secure, path), "set_real_ip_from")
        assert believed == [], (
            f"{path}: with set_real_ip_from a header says who asks, and $remote_addr repeats it:"
            " nobody stands in front of nginx"
        )
        for sent in ({}, forged):
            told = nginx.told(secure, path, sent)
            for name, value in wanted.items():
                got = told.get(name)
                if got == f"{SEEN['host']}:443":
                    got = SEEN["host"]  # the port of https, said as well
                assert got == value, (
                    f"{path}: the app is told {name}: {got}, and nginx sees {value}; what counts is"
                    " in the innermost block that has any proxy_set_header"
                )


def test_one_id_from_end_to_end(nginx, secure):
    good = [some_id(length) for length in (1, 64, random.randint(2, 63))]
    bad = ["", some_id(65), f"{some_id(4)} {some_id(4)}", '"; drop', f"{some_id(4)}/{some_id(4)}"]
    formats = {one["args"][0]: "".join(one["args"][1:]) for one in every(nginx.http, "log_format")}
    for sent in [*good, *bad]:
        headers = {"http_x_request_id": sent}
        wanted = sent if sent in good else SEEN["request_id"]
        for path in PATHS:
            got = nginx.told(secure, path, headers).get("x-request-id")
            assert got == wanted, (
                f"{path}: a client sent X-Request-ID {sent!r}, and the app is told {got!r}"
            )
            logs = nginx.said(nginx.path(secure, path), "access_log")
            lines = [nginx.value(formats.get(log[1], ""), headers) for log in logs if log[1:]]
            assert any(wanted in re.split(r"[^A-Za-z0-9._-]", line) for line in lines), (
                f"{path}: the id that the app gets is not in nginx's log: a log_format has it, and"
                " access_log names that"
            )


def test_a_weak_tag_still_names_a_version(nginx, secure):
    for sent, wanted in {'"7"': '"7"', 'W/"7"': '"7"', "": ""}.items():
        for path in (f"{API}/books", "/"):
            got = nginx.told(secure, path, {"http_if_match": sent}).get("if-match")
            assert got == wanted, (
                f"a client sent If-Match {sent}, and the app is told {got}: a block with headers of"
                " its own takes none from around it"
            )


def test_nobody_waits_for_ever(nginx, secure):
    for path in PATHS:
        blocks = nginx.path(secure, path)
        for name in ("client_header_timeout", "client_body_timeout", "send_timeout"):
            got = number_of(nginx.said(blocks, name), SECONDS)
            assert got == 10, f"{path}: {name} is {got}, and a client has 10 seconds"
        got = number_of(nginx.said(blocks, "proxy_read_timeout"), SECONDS)
        assert got == 30, f"{path}: proxy_read_timeout is {got}, and the app has 30 seconds"
        for name in ("proxy_connect_timeout", "proxy_send_timeout"):
            got = number_of(nginx.said(blocks, name), SECONDS)
            assert got is not None and got <= 30, (  # noqa: PT018 - one sentence for both
                f"{path}: {name} is {got}; where nothing is said, nginx waits for 60 seconds"
            )


def covers(whom, address):
    if whom == "all":
        return True
    try:
        return ip_address(address) in ip_network(whom, strict=False)
    except ValueError:  # unix:, for one
        return False


def test_metrics_are_for_this_machine(nginx, secure):
    blocks = nginx.path(secure, "/metrics")
    rules = []
    for block in reversed(blocks):
        rules = [
            (one["directive"], one["args"][0])
            for one in block
            if one["directive"] in {"allow", "deny"}
        ]
        if rules:
            break
    strangers = [SEEN["remote_addr"], "10.0.0.5", "172.17.0.1", "192.168.1.20", "2001:db8::7"]
    for who, wanted in [("127.0.0.1", "allow"), *((one, "deny") for one in strangers)]:
        first = next((said for said, whom in rules if covers(whom, who)), "allow")
        assert first == wanted, f"/metrics: {who} meets {first}"
    open_to_all = nginx.path(secure, f"{API}/books")
    denied = [one for block in open_to_all for one in every(block, "deny")]
    assert denied == [], "the API itself is denied"
    places = [one["args"] for one in locations(secure)]
    others = [args[-1] for args in places if not args[0].startswith("~")]
    for path in [*PATHS, *others]:
        assert nginx.passed_to(secure, path) == ["127.0.0.1:8000"], (
            f"{path} is not passed on to the app, unchanged"
        )
