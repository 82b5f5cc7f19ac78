"""Exercise 4.2: the document as a file that CI can check, and as a page that anybody can read."""

import hashlib
import json
import re
import secrets
from html.parser import HTMLParser

ALONE = {"'self'"}


def run(calls: list[list[str]], files: dict[str, str], word: str = "") -> dict[str, object]:
    """``flask openapi`` with each of ``calls``, in a folder with ``files``.

    What is said of an author's name is ``word``, where one is given; for a call that begins with
    ``later``, it is another one. Bytes cross as Latin-1, which has a letter for each.
    """
    from contextlib import chdir
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from flask import current_app

    described = current_app.view_functions["authors.add_author"].contract.takes["json"]
    metadata = described.fields["name"].metadata
    before = metadata["description"]
    runner = current_app.test_cli_runner()
    ends = []
    with TemporaryDirectory() as folder, chdir(folder):
        for name, text in files.items():
            Path(name).write_bytes(text.encode("latin-1"))
        try:
            for call in calls:
                later = call[:1] == ["later"]
                says = f"later {word}" if later else word or before
                if metadata["description"] != says:
                    metadata["description"] = says
                    current_app.extensions.pop("openapi", None)
                result = runner.invoke(args=["openapi", *call[later:]])
                crash = result.exception
                crashed = crash is not None and not isinstance(crash, SystemExit)
                said = f"{type(crash).__name__}: {crash}" if crashed else result.output
                ends.append([result.exit_code, said, crashed])
        finally:
            metadata["description"] = before
        left = {file.name: file.read_bytes().decode("latin-1") for file in Path().iterdir()}
    return {"ends": ends, "files": left}


def files_of_swagger_ui() -> dict[str, str]:
    """The digest of each file."""
    import hashlib
    from pathlib import Path

    import flask_swagger_ui

    folder = Path(flask_swagger_ui.__file__).parent / "dist"
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.is_file()
    }


class Page(HTMLParser):
    """What a page loads, what it has inline, and its data."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.inline, self.open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open = tag
        names = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
        self.loads += [value or "" for name, value in attrs if name == names.get(tag)]
        self.inline += [f"{name}={value}" for name, value in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        self.open = None

    def handle_data(self, data):
        if self.open == "script" and data.strip():
            self.inline.append(data.strip())


def word():
    return f"{secrets.token_hex(4)} “ü” ✓"


def expect(end, code, what):
    got, said, crashed = end
    command = f"flask openapi {what}".strip()
    assert not crashed, f"{command} crashed: {said}"
    assert got == code, f"{command} ended with {got}, not with {code}: {said[-200:]!r}"
    return said


def utf8(text):
    return text.encode("latin-1").decode(errors="replace")


def parsed(text):
    try:
        return json.loads(utf8(text))
    except ValueError:
        return f"no JSON: {text[:40]!r}"


def sorted_pairs(pairs):
    names = [name for name, _ in pairs]
    assert names == sorted(names), "the keys of an object are not sorted"
    return dict(pairs)


def lines_of(diff, sign):
    return [
        line[1:] for line in diff.splitlines() if re.match(rf"{re.escape(sign)}(?!\{sign})", line)
    ]


def policy_of(answer):
    policies = answer.headers.getlist("Content-Security-Policy")
    assert len(policies) == 1, "the page has one Content-Security-Policy: of two, both count"
    parts = [part.split() for part in policies[0].split(";") if part.split()]
    return {part[0].lower(): set(part[1:]) for part in parts}


def show(anonymous):
    answer = anonymous.get("/docs/")
    assert answer.status_code == 200, f"GET /docs/ was answered with {answer.status_code}"
    assert answer.mimetype == "text/html", f"GET /docs/ answered {answer.mimetype}"
    return answer


def test_the_file_is_the_document(anonymous, inside):
    old = {"other.json": "old" * 200_000}
    done = inside(run, [[], ["-o", "other.json"]], old)
    for end, what in zip(done["ends"], ["", "-o other.json"], strict=True):
        expect(end, 0, what)

    served = anonymous.get("/openapi.json").json
    for name in ("openapi.json", "other.json"):
        text = done["files"].get(name)
        assert text is not None, f"{name} was not written"
        assert parsed(text) == served, f"{name} is not what GET /openapi.json answers"
    assert [path for path in served["paths"] if path.startswith("/docs/")] == [], (
        "the document names the pages for people"
    )


def test_the_file_can_be_reviewed(inside):
    said = word()
    done = inside(run, [[]], {}, said)
    expect(done["ends"][0], 0, "")
    data = done["files"].get("openapi.json", "").encode("latin-1")

    assert said.encode() in data, "a description is not there as it was written: UTF-8, no escapes"
    assert b"\r" not in data, "lines end with a line feed and nothing else, on every machine"
    assert data.endswith(b"}\n"), "the last line ends with a line feed, too, and is the last"
    text = data.decode(errors="replace")
    assert isinstance(parsed(done["files"]["openapi.json"]), dict), "the file is no JSON object"
    document = json.loads(text, object_pairs_hook=sorted_pairs)
    model = json.dumps(document, indent=2, ensure_ascii=False).splitlines()
    assert [re.match(" *", line)[0] for line in text.splitlines()] == [
        re.match(" *", line)[0] for line in model
    ], "each level is indented by two spaces, and each key has a line of its own"


def test_what_is_up_to_date_passes(inside):
    done = inside(run, [["-o", "a.json"], ["--check", "-o", "a.json"], [], ["--check"]], {}, word())
    for end, what in zip(done["ends"], ["-o", "--check -o", "", "--check"], strict=True):
        expect(end, 0, what)


def test_what_has_changed_is_shown_and_not_written(inside):
    said = word()
    done = inside(run, [[], ["later", "--check"]], {}, said)
    expect(done["ends"][0], 0, "")
    shown = expect(done["ends"][1], 1, "--check after a change of a schema")

    text = utf8(done["files"].get("openapi.json", ""))
    assert f'"description": "{said}"' in text, "--check wrote the file"
    assert re.search(r"^--- .*\n\+\+\+ .*\n@@ .* @@.*\n[ +-]", shown, re.MULTILINE), (
        "--check shows a unified diff: ---, +++, @@ and the lines themselves right below each"
        " other, with no empty line"
    )
    gone, come = ({line.strip(" ,") for line in lines_of(shown, sign)} for sign in "-+")
    assert gone == {f'"description": "{said}"'}, "the diff takes away what the file alone says"
    assert come == {f'"description": "later {said}"'}, "the diff adds what the app alone says"


def test_a_file_that_is_not_there_counts_as_empty(inside):
    done = inside(run, [["--check"]], {"another.json": ""}, word())
    shown = expect(done["ends"][0], 1, "--check without a file")

    assert list(done["files"]) == ["another.json"], "--check wrote the file"
    come = "\n".join(lines_of(shown, "+"))
    assert '"openapi": "3.1.0"' in come, "the diff adds the whole document"
    assert lines_of(shown, "-") == [], "the diff takes away lines that no file has"


def test_other_bytes_are_another_file(inside):
    said = word()
    done = inside(run, [[]], {}, said)
    expect(done["ends"][0], 0, "")
    data = done["files"].get("openapi.json", "")
    cases = {
        "with lines that end as on Windows": data.replace("\n", "\r\n"),
        "without the last line feed": data.rstrip("\n"),
        "with its keys in another order": json.dumps(parsed(data), indent=2),
        "that is no text": "\xff\xfe\x00{",
    }
    files = {f"{place}.json": text for place, text in enumerate(cases.values())}
    done = inside(run, [["--check", "-o", name] for name in files], files, said)
    for what, end, name in zip(cases, done["ends"], files, strict=True):
        expect(end, 1, f"--check on a file {what}")
        assert done["files"][name] == files[name], f"--check wrote over a file {what}"


def test_the_page_lets_no_script_in(anonymous):
    policy = policy_of(show(anonymous))
    fallback = policy.get("default-src", {"*"})

    for kind in ("script", "connect", "font", "frame", "object"):
        allowed = policy.get(f"{kind}-src", fallback)
        shut = kind in {"frame", "object"} and allowed == {"'none'"}
        assert allowed == (allowed if shut else ALONE), (
            f"{kind}-src, or default-src in its place, allows {' '.join(sorted(allowed))}"
        )
    extra = policy.keys() & {"script-src-elem", "script-src-attr"}
    assert all(policy[name] <= {*ALONE, "'none'"} for name in extra), f"{extra} allow too much"
    for name, also, why in (
        ("style-src", "'unsafe-inline'", "Swagger UI sets styles itself"),
        ("img-src", "data:", "its icons are such"),
    ):
        assert policy.get(name) == {*ALONE, also}, f"{name} is 'self' and {also}, no more: {why}"
    assert policy.get("frame-ancestors") == {"'none'"}, "as every page: nobody may frame it"
    assert policy.get("base-uri") == {"'none'"}, "as every page: no other base for addresses"


def test_the_page_has_the_headers_of_every_page(anonymous):
    answer, other = show(anonymous), anonymous.get("/api/v1/session")

    for name in (
        "X-Frame-Options",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Cache-Control",
    ):
        got = answer.headers.get(name)
        assert got == other.headers.get(name), f"{name} is what every page has"
    theirs = other.headers.get("Content-Security-Policy", "")
    assert "unsafe-inline" not in theirs, (
        "what Swagger UI needs is for its own page: after it the form to sign in allows it, too"
    )


def test_all_that_the_page_loads_is_here(anonymous):
    answer = show(anonymous)
    page = Page(answer.text)

    assert page.inline == [], "a script within the page: its own policy forbids that"
    elsewhere = [place for place in page.loads if not re.match(r"/(?!/)", place)]
    assert elsewhere == [], "the page loads from another host"
    for part in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert any(place.endswith(part) for place in page.loads), f"the page does not load {part}"
    assert "/openapi.json" in answer.text, "the page does not say which document it shows"
    for place in page.loads:
        status = anonymous.get(place).status_code
        assert status == 200, f"the page loads {place}, which was answered with {status}"


def test_the_files_are_those_of_the_package(anonymous, inside):
    for name, digest in inside(files_of_swagger_ui).items():
        answer = anonymous.get(f"/docs/{name}")
        assert answer.status_code == 200, f"GET /docs/{name} was answered {answer.status_code}"
        assert hashlib.sha256(answer.data).hexdigest() == digest, f"/docs/{name} is another file"
    kinds = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
    for name, kind in kinds.items():
        got = anonymous.get(f"/docs/{name}").mimetype
        assert got == kind, f"the type of {name}: a browser that may not guess loads nothing else"


def test_no_other_file_is_sent(anonymous):
    names = [f"{secrets.token_hex(4)}.js", "../__init__.py", "%2e%2e/__init__.py", "..%5csetup.py"]
    for name in names:
        answer = anonymous.get(f"/docs/{name}")
        assert answer.status_code == 404, f"GET /docs/{name} was answered {answer.status_code}"
        code = answer.json.get("code") if answer.is_json else None
        assert code == "not_found", f"GET /docs/{name}: a 404 has the envelope"
