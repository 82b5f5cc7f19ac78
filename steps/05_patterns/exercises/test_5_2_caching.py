"""Exercise 5.2: an answer is worked out once, and nobody can tell."""

import random
import secrets

import pytest

API = "/api/v1"
BOOKS = f"{API}/books"
AUTHORS = f"{API}/authors"
LOANS = f"{API}/loans"


def remember_all(values: list[object]) -> list[list[object]]:
    """Each under a key of its own, asked for twice: how often it was made, and what came."""
    from app.memo import remember

    found = []
    for number, value in enumerate(values):
        made = []
        got = [
            remember(f"key {number}", 60, ["books"], lambda: made.append(1) or value)  # noqa: B023
            for _ in range(2)
        ]
        found.append([len(made), *got])
    return found


def make_and_fail(makers: list[str]) -> list[object]:
    """What the caller of each was given; and how many seconds they slept, altogether."""
    import world
    from app.memo import remember

    def fail() -> None:
        raise LookupError("nothing there")

    does = {"none": lambda: None, "fail": fail, "value": lambda: "made"}
    given: list[object] = []
    with world.own_time() as clock:
        for maker in makers:
            try:
                given.append(remember("key", 60, ["books"], does[maker]))
            except LookupError as error:
                given.append(f"raised {error}")
        return [given, clock.ahead]


def make_within_a_making() -> list[object]:
    """What came of another key, asked for while one is made, and how long that took."""
    import world
    from app.memo import remember

    with world.own_time() as clock:
        inner = remember(
            "outer", 60, ["books"], lambda: remember("inner", 60, ["books"], lambda: "made")
        )
        return [inner, clock.ahead]


def runs_of_a_kept_view(calls: list[dict[str, int]]) -> list[int]:
    """Which run of it each of the calls is answered with."""
    from flask import current_app, jsonify

    from app.caching import cached

    runs = []

    def view(values: object) -> object:
        runs.append(values)
        return jsonify(len(runs))

    kept = cached(60, "books", shared=True)(view)
    with current_app.test_request_context("/api/v1/books"):
        return [kept(values).get_json() for values in calls]


def headers_of_a_kept_view() -> list[str]:
    """What the contract of a view says of them that had one before it was kept."""
    from app.caching import cached
    from app.openapi.contracts import contract_for

    def view() -> dict[str, str]:
        return {}

    contract_for(view).headers["X-Mine"] = "Of the view's own."
    return list(contract_for(cached(60, "books", shared=True)(view)).headers)


def made_again(seconds: int, keys: int, moments: list[float]) -> list[int]:
    """Of so many keys, made together after a write: how many were made anew at each moment."""
    import world
    from app.extensions import db
    from app.memo import remember
    from app.models import Author

    again = []
    with world.own_time() as clock:
        db.session.add(Author(name="Tove Jansson"))
        db.session.commit()
        for key in range(keys):
            remember(f"key {key}", seconds, ["authors", "books"], lambda: "first")
        for moment in moments:
            kept = world.kept()
            clock.ahead = moment
            found = [
                remember(f"key {key}", seconds, ["authors", "books"], lambda: "again")
                for key in range(keys)
            ]
            world.keep(kept)  # as if nobody had asked
            again.append(found.count("again"))
    return again


def forgotten_after(kinds: list[str], table: str, savepoint: bool) -> list[list[object]]:
    """For each kind of write: whether ``table``, and then another, was forgotten after it."""
    from sqlalchemy import delete, insert, update
    from sqlalchemy.orm import Session

    import world
    from app.extensions import db
    from app.memo import remember
    from app.models import Author

    def row() -> None:
        db.session.add(Author(name=world.word()))

    def change() -> None:
        db.session.get(Author, ids[0]).name = world.word()

    def remove() -> None:
        db.session.delete(db.session.get(Author, ids.pop()))

    def other_session() -> None:
        with Session(db.engine) as session:
            session.add(Author(name=world.word()))
            session.commit()

    authors = Author.__table__
    writes = {
        "a new row": row,
        "a changed row": change,
        "a removed row": remove,
        "an insert": lambda: db.session.execute(insert(Author).values(name=world.word())),
        "an update": lambda: db.session.execute(update(Author).values(name=world.word())),
        "a delete": lambda: db.session.execute(delete(Author).where(Author.id == ids.pop())),
        "an update of the table": lambda: db.session.execute(authors.update().values(name="x")),
        "another session": other_session,
    }
    ids = [world.add_author() for _ in range(4)]
    seen = []
    for kind in kinds:
        keys = {f"{kind} 1": ["users", table], f"{kind} 2": ["users", "loans"]}
        for key, tables in keys.items():
            remember(key, 60, tables, lambda: "before")
        db.session.rollback()
        if savepoint:
            with db.session.begin_nested():
                writes[kind]()
            for key, tables in keys.items():  # somebody else reads, who cannot see it yet
                remember(key, 60, tables, lambda: "before")
        else:
            writes[kind]()
        db.session.commit()
        got = [remember(key, 60, tables, lambda: "after") for key, tables in keys.items()]
        seen.append([kind, *got])
    return seen


def written_meanwhile(how: str) -> list[object]:
    """What was kept, when a write was committed while it was made."""
    from sqlalchemy.orm import Session

    import world
    from app.extensions import db
    from app.memo import remember
    from app.models import Author

    def make() -> str:
        with Session(db.engine) as session:
            session.add(Author(name=world.word()))
            session.commit()
        return "read before the commit"

    if how == "not the first":
        remember("key", 60, ["authors"], lambda: "earlier")
        make()
    first = remember("key", 60, ["authors"], make)
    return [first, remember("key", 60, ["authors"], lambda: "read after the commit")]


def as_another_process_sees_it() -> list[object]:
    """What is remembered, by what lies in the cache alone: before a write, and after it."""
    import world
    from app.extensions import db
    from app.memo import remember
    from app.models import Author

    remember("key", 60, ["authors"], lambda: "before")
    before = world.kept()
    db.session.add(Author(name=world.word()))
    db.session.commit()
    after = world.kept()
    world.keep(before)
    unaware = remember("key", 60, ["authors"], lambda: "made again")
    world.keep({**before, **after} if set(after) >= set(before) else after)
    return [unaware, remember("key", 60, ["authors"], lambda: "made again")]


def waited_for_another_process() -> float:
    """How long somebody slept, where the cache is as another process has it that is at it."""
    import world
    from app.memo import remember

    during = []

    def make() -> str:
        during.append(world.kept())
        return "made"

    remember("at it", 60, ["authors"], make)
    world.keep(during[0])
    with world.own_time() as clock:
        remember("at it", 60, ["authors"], lambda: "made here")
        return clock.ahead


def written_after_a_loss() -> list[str]:
    """For each thing in the cache: what is given after writes, where it had been dropped.

    A cache that is full drops what it likes.
    """
    import itertools

    import world
    from app.extensions import db
    from app.memo import remember
    from app.models import Author

    def write() -> None:
        db.session.add(Author(name=world.word()))
        db.session.commit()

    world.keep({})
    remember("key", 60, ["authors"], lambda: "before")
    write()
    kept, given = world.kept(), []
    for dropped in kept:
        world.keep({name: entry for name, entry in kept.items() if name != dropped})
        given.append(remember("key", 60, ["authors"], lambda: "after"))
    world.keep({})
    write()
    remember("key", 60, ["authors"], lambda: "before")
    kept = world.kept()
    for dropped, writes in itertools.product(kept, (1, 2, 3)):
        world.keep({name: entry for name, entry in kept.items() if name != dropped})
        for _ in range(writes):
            write()
        given.append(remember("key", 60, ["authors"], lambda: "after"))
    return given


def made_between(place: int) -> list[object] | None:
    """Who made it, and what we are given, where somebody else comes whole within our asking.

    They come right before our ``place``-th step. A step is whatever we ask of the cache. ``None``
    where we took fewer of them, and where the other one had to wait for us.
    """
    import world
    from app.memo import remember

    made: list[str] = []

    def make(who: str) -> str:
        made.append(who)
        return who

    with (
        world.own_time() as clock,
        world.intruded_cache(
            place, lambda: remember(f"step {place}", 60, ["books"], lambda: make("the other"))
        ) as intruders,
    ):
        clock.at_most = 60
        try:
            given = remember(f"step {place}", 60, ["books"], lambda: make("we"))
        except world.Overslept:
            return None
        waited = clock.ahead > 0
    return None if intruders or waited else [made, given]


def made_at_once(callers: int) -> list[object]:
    """How often it was made for so many threads, and what they were given."""
    import threading

    from flask import current_app

    from app.memo import remember

    app, made, given = current_app._get_current_object(), [], []
    start, twice = threading.Barrier(callers), threading.Event()

    def make() -> str:
        made.append(1)
        if len(made) > 1:
            twice.set()
        twice.wait(0.1)  # for what must not come
        return "made"

    def call() -> None:
        with app.app_context():
            start.wait(5)
            given.append(remember("key", 60, ["books"], make))

    threads = [threading.Thread(target=call, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(8)
    return [len(made), given]


def wait_for_another() -> dict[str, object]:
    """Somebody makes it in a thread, and a second one comes who is in a transaction."""
    import threading

    from flask import current_app
    from sqlalchemy import text

    from app.extensions import db
    from app.memo import remember

    app, seen = current_app._get_current_object(), {}
    making, waiting, done = threading.Event(), threading.Event(), threading.Event()

    def make() -> str:
        making.set()
        waiting.wait(5)
        for _ in range(200):
            if not seen["session"].in_transaction():
                break
            done.wait(0.01)
        seen["in a transaction"] = seen["session"].in_transaction()
        return "by the first"

    def first() -> None:
        with app.app_context():
            remember("key", 60, ["books"], make)

    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    making.wait(5)
    db.session.execute(text("SELECT 1"))
    seen["session"] = db.session()
    waiting.set()
    seen["given"] = remember("key", 60, ["books"], lambda: "by the second")
    thread.join(8)
    return {key: value for key, value in seen.items() if key != "session"}


def wait_for_nobody() -> dict[str, object]:
    """Somebody hangs while they make it. Two wait for them, who hang as well, and then a last one.

    What each was given, and for how many seconds they slept.
    """
    import threading

    from flask import current_app

    import world
    from app.memo import remember

    app, seen = current_app._get_current_object(), {}
    making, done = threading.Event(), threading.Event()
    start, both = threading.Barrier(2), threading.Barrier(2)

    def hang() -> str:
        making.set()
        done.wait(8)
        return "by the first"

    def make(who: str) -> str:
        try:
            both.wait(3)  # until the other one makes it as well
        except threading.BrokenBarrierError:
            return f"{who}, while the other one waited"
        return who

    def call(who: str, how: object) -> None:
        with app.app_context():
            if who != "first":
                start.wait(3)
            seen[who] = remember("hangs", 60, ["books"], how)

    threads = [threading.Thread(target=call, args=["first", hang], daemon=True)]
    threads[0].start()
    making.wait(5)
    with world.own_time() as clock:
        for who in ("second", "third"):
            how = lambda who=who: make(f"by the {who}")  # noqa: E731
            threads.append(threading.Thread(target=call, args=[who, how], daemon=True))
            threads[-1].start()
        for thread in threads[1:]:
            thread.join(3)
        if any(thread.is_alive() for thread in threads[1:]):
            done.set()
            return seen
        seen["slept"] = max(clock.slept.values(), default=0)
        before = clock.ahead
        seen["last"] = remember("hangs", 60, ["books"], lambda: "by the last")
        seen["slept at last"] = clock.ahead - before
    done.set()
    threads[0].join(8)
    return seen


def without_a_cache() -> list[object]:
    from redis import RedisError

    import world
    from app.extensions import db
    from app.memo import remember
    from app.models import Author

    def call(function: object) -> object:
        try:
            return function()
        except RedisError as error:
            return f"raised {type(error).__name__}"

    def warnings() -> int:
        return sum(record["level"] == "WARNING" for record in world.LISTENER.records)

    def write() -> str:
        db.session.add(Author(name="Tove Jansson"))
        db.session.commit()
        return "written"

    world.LISTENER.start()
    with world.cache_down():
        given = [call(lambda: remember("key", 60, ["authors"], lambda: "made")) for _ in range(2)]
        read = warnings()
        wrote = call(write)
    return [given, wrote, read, warnings() - read]


def plant(name: str) -> None:
    """Views that say how often they ran, below ``cached``."""
    from collections import Counter

    from flask import abort, current_app, jsonify, request

    from app.auth.guards import granted, public, requires
    from app.auth.principal import current_principal
    from app.caching import cached

    runs = current_app.extensions["planted"] = Counter()

    def count(**values: object) -> object:
        runs["count"] += 1
        return jsonify(run=runs["count"], **values)

    def scopes() -> object:
        return jsonify(scopes=sorted(granted(current_principal())))

    def answer(status: str) -> object:
        runs[status] += 1
        if status == "418":
            abort(418)
        return {"run": runs[status]}, int(status), {"X-Planted": "yes"}

    def tagged() -> object:
        runs["tagged"] += 1
        response = jsonify(run=runs["tagged"])
        response.set_etag("mine")
        response.headers["X-Run"] = str(runs["tagged"])
        response.headers.add("X-Twice", "one")
        response.headers.add("X-Twice", "two")
        return response

    def method(number: int) -> object:
        runs["method"] += 1
        return {"run": runs["method"], "method": request.method}

    def add(path: str, view: object, guard: object, **options: object) -> None:
        shared = options.pop("shared", True)
        kept = cached(60, "authors", shared=shared)(view)
        current_app.add_url_rule(f"/{name}/{path}", view.__name__ + name, guard(kept), **options)

    add("<part>/<int:number>", count, public)
    add("scopes", scopes, requires("books:read"), shared=False)
    add("answers/<status>", answer, public)
    add("tagged", tagged, public)
    add("methods/<int:number>", method, public, methods=["GET", "POST", "PUT", "DELETE"])


def token(role: str, scope: str) -> dict[str, str]:
    import world

    return world.bearer(str(world.person(role)), scope)


def add_book(title: str) -> int:
    """Behind the cache's back: what it keeps stays."""
    import world

    kept = world.kept()
    book = world.add_book(title)
    world.keep(kept)
    return book


def borrowers() -> list[dict[str, object]]:
    """Two members and a librarian, each with a loan."""
    import world

    people = []
    for role in ("member", "member", "librarian"):
        user = world.account(role)["id"]
        loan = world.add_loan(user_id=user)
        headers = world.bearer(str(user), "loans:read")
        people.append({"role": role, "loan": loan, "headers": headers})
    return people


def set_role(role: str, new: str) -> None:
    import world
    from app.extensions import db

    users = world.table("users")
    changed = users.update().where(users.c.id == world.person(role)).values(role=new)
    db.session.execute(changed)
    db.session.commit()


def kept_entries() -> int:
    import world

    return len(world.kept())


def asked_later(path: str, headers: dict[str, str], seconds: float) -> dict[str, object]:
    """The answer in so many seconds, and the SQL that it took."""
    from flask import current_app

    import world

    with world.own_time() as clock:
        clock.ahead = seconds
        world.forget_statements()
        answer = current_app.test_client().get(path, headers=headers)
        told = [list(pair) for pair in answer.headers if pair[0] not in world.VARYING]
        return {
            "status": answer.status_code,
            "body": answer.get_json(),
            "headers": dict(told),
            "statements": world.statements(),
        }


def titles(answer):
    body = answer["body"] if isinstance(answer, dict) else answer.json
    items = body.get("items", []) if isinstance(body, dict) else []
    return [item["title"] for item in items]


def test_what_was_made_once_is_kept(inside):
    values = [secrets.token_hex(4), random.randint(1, 99), {"a": [1, {"b": None}]}]
    values += [0, "", [], {}, False]

    for value, (times, *given) in zip(values, inside(remember_all, values), strict=True):
        assert times == 1, f"asked twice for the same key, and made {times} times: {value!r}"
        assert given == [value, value], f"made {value!r}"


def test_none_and_a_failure_are_not_kept(inside):
    given, slept = inside(make_and_fail, ["none", "fail", "none", "value", "fail"])

    assert given == [None, "raised nothing there", None, "made", "made"], (
        "None is not kept, nor what make raises: the next caller makes it"
    )
    assert slept == 0, "after None, or a failure, the next caller waited for nobody"


def test_it_holds_for_the_time_that_was_asked_for(inside):
    seconds, keys = random.randint(500, 5000), 40
    moments = [part * seconds for part in (0.79, 0.9, 1.01)]
    early, between, late = inside(made_again, seconds, keys, moments)

    assert early == 0, f"made anew before four fifths of the {seconds} seconds were over"
    assert late == keys, f"still given after more than {seconds} seconds"
    assert 0 < between < keys, (
        f"{keys} keys made together: after nine tenths of their time {between} were made anew;"
        " each has its own span, by chance, or all end in the same moment"
    )
    assert inside(made_again, 1, keys, [1.01]) == [keys], "still given after more than 1 second"


def test_a_write_makes_it_forgotten(inside):
    kinds = ["a new row", "a changed row", "a removed row", "an insert", "an update", "a delete"]
    kinds += ["an update of the table", "another session"]
    random.shuffle(kinds)
    for kind, same, other in inside(forgotten_after, kinds, "authors", False):
        assert same == "after", f"{kind} was committed, and what was read before was given"
        assert other == "before", f"{kind} made the cache forget what another table holds"


def test_a_savepoint_is_not_the_commit(inside):
    for kind, same, _ in inside(forgotten_after, ["a new row", "an update"], "authors", True):
        assert same == "after", (
            f"{kind}, within a savepoint: what somebody read before the commit was given after it"
        )


@pytest.mark.parametrize("how", ["the first", "not the first"])
def test_what_was_read_before_a_commit_is_not_kept(inside, how):
    first, second = inside(written_meanwhile, how)
    assert first == "read before the commit", "what make returns is given to its caller"
    assert second == "read after the commit", (
        "while it was made, a write was committed: it is older than the write, and was given after"
    )


def test_all_of_it_lies_in_the_cache(inside):
    unaware, aware = inside(as_another_process_sees_it)
    assert unaware == "before", (
        "a process that shares the cache has only what lies there: what you remember elsewhere,"
        " another one does not know"
    )
    assert aware == "made again", "a commit changed nothing in the cache that others could see"
    for given in inside(written_after_a_loss):
        assert given == "after", (
            "a write was committed, and the cache was full and had dropped something, before or"
            " after that: what was read before the write came back"
        )


def test_one_makes_it_for_all(inside):
    callers = random.randint(3, 6)
    times, given = inside(made_at_once, callers)
    assert times == 1, f"{callers} asked at once for the same key, and it was made {times} times"
    assert given == ["made"] * callers, "each is given what the one has made"
    for place in range(8):
        made, given = inside(made_between, place) or (["nobody"], "nobody")
        assert len(made) == 1, (
            "between your looking and your making somebody else has made it, and you made it again:"
            " whoever may make it looks once more"
        )
        assert given == made[0], "what somebody else has made meanwhile is what you are given"


def test_another_key_waits_for_nobody(inside):
    made, slept = inside(make_within_a_making)
    assert made == "made", "what is made may itself remember something else"
    assert slept == 0, "one key was made, and whoever asked for another one waited"


def test_who_waits_holds_nothing_and_not_for_ever(inside):
    seen = inside(wait_for_another)
    assert seen.get("in a transaction") is False, (
        "who waits holds a transaction of db.session: whoever is waited for may need its locks"
    )
    assert seen.get("given") == "by the first", "who waited is given what was made meanwhile"
    seen = inside(wait_for_nobody)
    given = [seen.get("second"), seen.get("third")]
    assert given == ["by the second", "by the third"], (
        "whoever was waited for never came back: each of two others makes it after"
        " PATIENCE_SECONDS, and neither waits for the other again"
    )
    slept = seen["slept"]
    assert slept < 6, (
        f"whoever was waited for never came back, and one of two others slept for {slept:.1f}"
        " seconds: PATIENCE_SECONDS count from the first look on, not for each who makes it anew"
    )
    slept = seen["slept at last"]
    assert slept == 0, (
        f"somebody never came back, two others made it, and the next caller waited for {slept:.1f}"
        " seconds again"
    )
    assert inside(waited_for_another_process) > 0, (
        "another process was at it, and this one made it as well: who makes it lies in the cache,"
        " too"
    )


def test_without_the_cache_it_is_only_slower(inside):
    given, wrote, *warned = inside(without_a_cache)
    assert given == ["made", "made"], "the cache does not answer: then make is called"
    assert wrote == "written", "the cache does not answer, and a write failed"
    for what, least, warnings in zip(("two readings", "a commit"), (2, 1), warned, strict=True):
        assert warnings >= least, f"the cache does not answer: {what}, and a warning each time"


def test_a_hit_asks_the_database_nothing(client, inside):
    headers = inside(token, "member", "books:read")
    old, new = secrets.token_hex(4), secrets.token_hex(4)
    book = inside(add_book, old)
    path = f"{BOOKS}?sort=title&per_page=7"
    first = inside(asked_later, path, headers, 0)
    assert titles(first) == [old], "the list of one book"
    inside(add_book, new)
    again = inside(asked_later, path, headers, 1)

    assert titles(again) == [old], "asked for again within the time it is kept: it was made anew"
    assert again["statements"] == [], f"a hit ran SQL: {again['statements'][:1]}"
    assert again["headers"] == first["headers"], "a kept answer has other headers than a new one"
    hint = first["headers"].get("Cache-Control")
    assert hint == "private, no-cache", f"Cache-Control is {hint!r}"
    assert first["headers"].get("ETag"), "an answer of 200 says its ETag"
    one = [inside(asked_later, f"{BOOKS}/{book}", headers, moment) for moment in (0, 1)]
    assert one[1]["statements"] == [], "the second time, one book ran SQL"
    assert one[0]["body"] == one[1]["body"], "one book, kept"
    late = inside(asked_later, path, headers, 61)
    assert titles(late) == sorted([old, new]), "kept for 60 seconds at most, and given after 61"


def test_the_query_is_in_the_key_and_junk_is_not(client, inside):
    names = [secrets.token_hex(4) for _ in range(3)]
    for name in names:
        inside(add_book, name)
    up = titles(client.get(f"{BOOKS}?sort=title"))
    down = titles(client.get(f"{BOOKS}?sort=-title"))
    assert (up, down) == (sorted(names), sorted(names)[::-1]), (
        "the books sorted by title, and then from the end: what the query says is in the key"
    )
    parts = [titles(client.get(f"{BOOKS}?per_page=1&page={page}")) for page in (1, 2, 3)]
    assert parts == [[name] for name in names], "three pages of one book each"

    before = inside(kept_entries)
    for _ in range(4):
        junk = f"{secrets.token_hex(3)}={secrets.token_hex(3)}"
        query = ["page=1", "sort=title", junk]
        random.shuffle(query)
        answer = client.get(f"{BOOKS}?{'&'.join(query)}", headers={"X-Junk": junk})
        assert titles(answer) == up, "the same list, asked for in other words"
        link = answer.headers.get("Link", "")
        assert junk in link, "Link keeps the query of this request, not of the one before"
        assert inside(kept_entries) == before, (
            "this request means the same as one before, in other words, and is kept once more:"
            " whoever makes up parameters fills the cache"
        )


def test_the_order_of_values_means_nothing(inside):
    one, other = random.sample(range(9), 2)
    calls = [{"page": one, "size": 5}, {"size": 5, "page": one}, {"page": other, "size": 5}]
    got = inside(runs_of_a_kept_view, calls)
    assert got == [1, 1, 2], "the same validated values in another order, and then others"


def test_what_is_not_the_same_is_kept_apart(client, inside):
    name = f"planted_{secrets.token_hex(4)}"
    inside(plant, name)
    paths = ["a/1", "a/2", "b/1"]
    bodies = [client.get(f"/{name}/{path}").json for path in [*paths, *paths]]
    assert bodies[:3] == bodies[3:], "asked for again, and the view ran again"
    told = [[body.get("part"), body.get("number")] for body in bodies[:3] if body]
    assert told == [["a", 1], ["a", 2], ["b", 1]], "an answer for another path was given"

    everything = "books:read loans:read"
    callers = [
        (role, scope, inside(token, role, scope))
        for scope in (everything, "books:read", everything)
        for role in ("member", "librarian")
    ]
    for role, scope, headers in callers:
        body = client.get(f"/{name}/scopes", headers=headers).json
        wanted = {"scopes": sorted(scope.split())}
        assert body == wanted, f"a {role} with {scope} was given another caller's answer"
    headers = inside(token, "librarian", "books:read books:write")
    body = client.get(f"/{name}/scopes", headers=headers).json
    assert body == {"scopes": ["books:read", "books:write"]}, "a librarian with both scopes"
    inside(set_role, "librarian", "member")
    body = client.get(f"/{name}/scopes", headers=headers).json
    assert body == {"scopes": ["books:read"]}, (
        "a librarian became a member, and with the same token was given an answer for what they"
        " may no more: the key has the scopes that are granted"
    )


def test_everybody_gets_their_own(anonymous, inside):
    people = inside(borrowers)
    everything = sorted(one["loan"] for one in people)
    for one in [*people, *reversed(people)]:
        body = anonymous.get(LOANS, headers=one["headers"]).json
        ids = [item["id"] for item in body["items"]] if body else None
        wanted = everything if one["role"] == "librarian" else [one["loan"]]
        assert ids == wanted, f"a {one['role']}'s list of loans: nobody sees another's answer"


def test_only_a_200_is_kept(client, inside):
    name = f"planted_{secrets.token_hex(4)}"
    inside(plant, name)
    book = random.randint(1, 5)
    assert client.get(f"{BOOKS}/{book}").status_code == 404, "a book that is not there"
    for _ in range(book):
        inside(add_book, secrets.token_hex(4))
    status = client.get(f"{BOOKS}/{book}").status_code
    assert status == 200, f"a 404 was kept: the book is there now, and was answered {status}"
    for status in (202, 404, 503):
        answers = [client.get(f"/{name}/answers/{status}") for _ in range(2)]
        runs = [answer.json.get("run") if answer.json else None for answer in answers]
        assert runs == [1, 2], f"an answer of {status} was kept"
        assert {answer.status_code for answer in answers} == {status}, "another status"
        hints = {answer.headers.get("Cache-Control") for answer in answers}
        assert "private, no-cache" not in hints, f"what is said of a 200 was said of a {status}"
    status = client.get(f"/{name}/answers/418").status_code
    assert status == 418, f"a view that raises 418 was answered {status}"


def test_what_a_view_says_is_kept_and_writes_pass(client, inside):
    name = f"planted_{secrets.token_hex(4)}"
    inside(plant, name)
    answers = [client.get(f"/{name}/tagged") for _ in range(2)]
    told = [[answer.headers.get("ETag"), answer.headers.get("X-Run")] for answer in answers]
    assert told == [['"mine"', "1"]] * 2, "the ETag and the headers that the view has set"
    twice = [answer.headers.getlist("X-Twice") for answer in answers]
    assert twice == [["one", "two"]] * 2, "a header that the view has set twice"
    kinds = {answer.mimetype for answer in answers}
    assert kinds == {"application/json"}, "a kept answer is of another type"

    methods = f"/{name}/methods/{secrets.randbelow(9)}"
    client.head(methods)
    seen = [
        (method, client.open(methods, method=method).get_json(silent=True))
        for method in ("GET", "POST", "POST", "PUT", "DELETE", "GET")
    ]
    runs = [body.get("run") if body else None for _, body in seen]
    assert runs[0] == 1, "what was made for a HEAD is given to the GET after it, with its body"
    assert runs == [1, 2, 3, 4, 5, 1], "a GET is kept, and every other method passes"
    client.head(methods)
    body = client.post(methods).json
    assert body and body.get("run") == 6, "a HEAD is answered with what is kept"  # noqa: PT018


def test_the_document_knows_the_headers(client, inside):
    document = client.get("/openapi.json").json or {}
    item = document.get("paths", {}).get("/api/v1/books", {})
    told = item.get("get", {}).get("responses", {}).get("200", {}).get("headers", {})
    assert {"Cache-Control", "ETag"} <= set(told), (
        "GET /api/v1/books is kept, and the document does not say with which headers it goes out"
    )
    said = inside(headers_of_a_kept_view)
    assert set(said) >= {"Cache-Control", "ETag", "X-Mine"}, (
        "the contract of a view that is kept has the two headers of caching, and those that it had"
    )


def test_a_write_is_seen_at_once(client, inside):
    name = secrets.token_hex(4)
    author = client.post(AUTHORS, json={"name": name})
    assert author.status_code == 201, "a new author"
    listed = client.get(AUTHORS).json
    for _ in range(2):
        other = secrets.token_hex(4)
        client.post(AUTHORS, json={"name": other})
        listed = client.get(AUTHORS).json
        names = [item["name"] for item in listed["items"]] if listed else []
        assert names[-1:] == [other], "an author was added, and the list does not have them"
