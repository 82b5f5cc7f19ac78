"""The pytest plugin: ``client``, ``inside`` and ``source`` for an exercise's tests.

pytest loads it in every run, so that it imports what it needs only when a test asks for
one of its fixtures, and changes nothing for a test that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from werkzeug.test import Client

    from checker.harness.ground import Ground
    from checker.harness.record import Record, Recorder
    from checker.harness.seeding import Seeds
    from checker.harness.source import Source
    from checker.harness.subject import Subject
    from checker.harness.variants import Suite
    from checker.harness.watch import Watch

_record = pytest.StashKey["Record"]()
_current = pytest.StashKey["Record"]()
_ground = pytest.StashKey["Ground"]()
_watch = pytest.StashKey["Watch"]()
_subject = pytest.StashKey["Subject"]()
_seeds = pytest.StashKey["Seeds"]()
_sittings = pytest.StashKey[dict[Any, Any]]()
_probes = pytest.StashKey[dict[Any, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("course", "the course's exercises")
    group.addoption(
        "--course-root",
        type=Path,
        metavar="DIR",
        help="the step's folder with the app to test (default: pytest's root)",
    )
    group.addoption(
        "--course-exercises",
        type=Path,
        metavar="DIR",
        help="the folder with world.py (default: exercises/ in the step's folder)",
    )
    group.addoption(
        "--course-edit",
        action="append",
        default=[],
        metavar="FILE",
        help="a file that the exercise asks for; a failure is located there",
    )
    group.addoption(
        "--course-limit",
        type=float,
        metavar="SECONDS",
        help="after this time, write the stack of a test that still runs (needs --course-stack)",
    )
    group.addoption(
        "--course-stack",
        type=Path,
        metavar="FILE",
        help="where the stack of a test that never ends, or crashes, is written",
    )
    group.addoption(
        "--subject",
        choices=("direct", "remote"),
        default="direct",
        help="run the app in pytest's own process, or in another one (default: direct)",
    )
    group.addoption(
        "--course-address",
        type=Path,
        metavar="SOCKET",
        help="where the process with the app listens (default: start one)",
    )
    group.addoption(
        "--course-kept",
        type=int,
        metavar="NUMBER",
        help="an open line to a process at that address, to be left as it is found",
    )
    group.addoption(
        "--course-seen",
        type=Path,
        metavar="DIR",
        help="the step's folder as that process sees it (default: as we do)",
    )
    group.addoption(
        "--course-seed",
        metavar="TEXT",
        help="the tests' random values depend on this and on the test alone",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "about(file, word): the learner's file, and their function, that the test is about",
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from checker.harness import hooks

    pluginmanager.add_hookspecs(hooks)


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    """The learner's app, newly built: what ``client`` and ``inside`` talk to."""
    from checker.harness.record import Recorder

    record = begin(request.node)
    subject, watch = _the_subject(request.config), _the_watch(request.config)
    hook = request.config.hook
    try:
        hook.pytest_course_starting()
        watch.stop()
        subject.start()
        hook.pytest_course_building()
        watch.start()
        subject.build()
        hook.pytest_course_built()
        watch.start()
        yield Recorder(subject, record, lambda asked: hook.pytest_course_asked(asked=asked))
    finally:
        subject.leave()


@pytest.fixture
def client(subject: Recorder) -> Client:
    """HTTP from outside: werkzeug's test client in front of the learner's app.

    Where the step's world knows identities it comes with the one of the house, which every
    route lets in: the tests of the steps before ask as they always did.
    """
    from checker.harness.identity import client_as

    return client_as("client", subject)


@pytest.fixture
def anonymous(subject: Recorder) -> Client:
    """HTTP from outside, by nobody in particular."""
    from checker.harness.identity import client_as

    return client_as(None, subject)


@pytest.fixture
def member(subject: Recorder) -> Client:
    """HTTP from outside, by somebody with a library card."""
    from checker.harness.identity import client_as

    return client_as("member", subject)


@pytest.fixture
def librarian(subject: Recorder) -> Client:
    """HTTP from outside, by somebody behind the desk."""
    from checker.harness.identity import client_as

    return client_as("librarian", subject)


@pytest.fixture
def inside(subject: Recorder) -> Callable[..., Any]:
    """``inside(function, *args)``: run a self-contained function in the app's process.

    It runs within ``app.app_context()``, from its source alone; arguments and result
    cross as JSON. An exception arrives as :class:`checker.harness.Raised`.
    """
    return subject.inside


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Callable[[str], Source]:
    """``source("app/hooks.py")``: the learner's file, with ``.text`` and ``.tree``."""
    from checker.harness.source import read

    record, ground = begin(request.node), ground_of(request.config)

    def read_it(name: str) -> Source:
        record.read = name
        return read(name, ground)

    return read_it


@pytest.fixture
def suite(request: pytest.FixtureRequest) -> Suite:
    """The learner's own tests, to be run on one variant of the app after another.

    The app that they meet is the course's, with bugs or without: the learner's own is not
    looked at. See :mod:`checker.harness.variants`.
    """
    from checker.harness.suites import Order, SuiteRun
    from checker.harness.variants import Suite

    begin(request.node).suite = True
    config = request.config
    subject, watch, hook = _the_subject(config), _the_watch(config), config.hook
    hook.pytest_course_starting()
    watch.stop()
    subject.start()

    def warm(order: Order) -> SuiteRun:
        return subject.suite(order)  # our time still: nothing of the learner's runs

    def run(order: Order) -> SuiteRun:
        # Each run is a part of its own: a loop without end is found in one of them.
        hook.pytest_course_built()
        watch.start()
        hook.pytest_course_asked(asked=f"pytest {' '.join(order.tests)}")
        return subject.suite(order)

    sittings = config.stash.setdefault(_sittings, {})
    probes = config.stash.setdefault(_probes, {})
    return Suite(ground_of(config).exercises.parent, warm, run, sittings, probes)


def begin(item: pytest.Item) -> Record:
    """The record of a test that uses the harness."""
    from checker.harness.record import Record

    about = item.get_closest_marker("about")
    record = item.stash.setdefault(_record, Record(about=about.args if about else ()))
    item.config.stash[_current] = record
    return record


def ground_of(config: pytest.Config) -> Ground:
    """The learner's folder and the exercises, as the options say."""
    from checker.harness.ground import Ground

    if _ground not in config.stash:
        root: Path = config.getoption("--course-root") or config.rootpath
        exercises: Path = config.getoption("--course-exercises") or root / "exercises"
        edit = tuple(config.getoption("--course-edit"))
        config.stash[_ground] = Ground(root, exercises, edit, config.getoption("--course-seen"))
    return config.stash[_ground]


def _the_subject(config: pytest.Config) -> Subject:
    if _subject not in config.stash:
        from checker.harness.subject import create_subject

        kind = config.getoption("--subject")
        subject = create_subject(
            kind,
            ground_of(config),
            _the_watch(config),
            _the_seeds(config),
            config.getoption("--course-address"),
            config.getoption("--course-kept"),
        )
        config.add_cleanup(subject.close)
        config.stash[_subject] = subject
    return config.stash[_subject]


def _the_seeds(config: pytest.Config) -> Seeds:
    if _seeds not in config.stash:
        from checker.harness.seeding import Seeds

        config.stash[_seeds] = Seeds(config.getoption("--course-seed"))
    return config.stash[_seeds]


def _the_watch(config: pytest.Config) -> Watch:
    if _watch not in config.stash:
        from checker.harness.watch import Watch

        limit, stack = (
            config.getoption("--course-limit"),
            config.getoption("--course-stack"),
        )
        watch = config.stash[_watch] = Watch(limit, stack)
        config.add_cleanup(watch.close)
    return config.stash[_watch]


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    if _current in config.stash:
        config.stash[_current].compare(op, left, right)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is None or not report.failed:
        return report
    if _record not in item.stash and item.config.getoption("--course-root") is None:
        return report

    from checker.harness.errors import LoadError
    from checker.harness.explain import explain
    from checker.harness.record import Record

    record = item.stash.get(_record, Record())
    explanation = explain(call.excinfo.value, item.name, record, ground_of(item.config))
    printed = ""
    if _subject in item.config.stash:
        printed = item.config.stash[_subject].printed()
        if item.config.stash[_subject].untrusted:
            explanation = explanation.of_the_learner()
    explanation = explanation.with_printed(printed or report.capstdout)
    report.explanation = explanation  # type: ignore[attr-defined]
    if isinstance(call.excinfo.value, LoadError):
        report.longrepr = explanation.failure.message
    report.sections.append(("for you", explanation.text))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    if session.config.getoption("--course-seed") is not None:
        _the_seeds(session.config).begin("none")
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if item.config.getoption("--course-seed") is not None:
        _the_seeds(item.config).begin(f"{item.path.name} {item.name}")
    watched = item.config.getoption("--course-stack") is not None
    if watched:
        _the_watch(item.config).start()
    try:
        return (yield)
    finally:
        if watched:
            _the_watch(item.config).stop()
        if _current in item.config.stash:
            del item.config.stash[_current]
