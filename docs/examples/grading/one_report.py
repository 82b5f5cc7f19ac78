"""One small class in each format: ``python docs/examples/grading/one_report.py junit``."""

import sys
import tempfile
from itertools import islice
from pathlib import Path

from checker.grade.formats import Options, write
from checker.grade.model import ClassReport, Grade, GradedExercise, GradedTest, Timing
from checker.harness.failure import Failure, Location

HERE = Path(__file__).parent

RUNNER = {
    "CLASSROOM": "web",
    "ASSIGNMENT": "library",
    "SUBMISSION_TAG": "submit/2027-01-15T09-30-00Z-abc1234",
    "COMMIT_URL": "https://example.org/ada/library/commit/abc1234",
    "RELEASE_URL": "https://example.org/ada/library/releases/abc1234",
    "REVIEW_URL": "https://example.org/ada/library/compare/abc1234",
}

factory = GradedExercise(
    "1.1",
    "01_architecture",
    "The factory",
    points=10,
    earned=10,
    state="solved",
    tests=(GradedTest("test_every_call_gives_a_new_app", "passed"),),
)
hooks = GradedExercise(
    "1.4",
    "01_architecture",
    "Lifecycle hooks",
    points=15,
    earned=7.5,
    state="not_yet",
    tests=(
        GradedTest("test_requests_are_counted_by_endpoint", "passed"),
        GradedTest(
            "test_a_command_cleans_up_too",
            "failed",
            failure=Failure(
                "a trail opened without a request stayed open",
                where=Location("app/hooks.py", 31, "close_audit_trail"),
            ),
        ),
        GradedTest("test_of_our_own", "failed", hidden=True, failure=Failure("the answer is 42")),
    ),
)
ada = Grade(
    "ada",
    "graded",
    possible=25,
    score=17.5,
    adjusted=17.5,
    name="Ada Lovelace",
    exercises=(factory, hooks),
    member_ids={"email": "ada@example.org"},
)
grace = Grade("grace@example.org", "missing", possible=25, score=None, adjusted=None)


def show(name: str) -> None:
    """Write the class as ``name``, and print the beginning of what was written."""
    learners = (ada,) if name == "classroom50" else (ada, grace)
    report = ClassReport("Library API", ("01_architecture",), learners)
    timings = {"ada": Timing("ada", "2027-01-15T09:30:00+00:00", 2.5, {"1.1": 1.0, "1.4": 1.0})}
    options = Options(
        gradebook=HERE / "gradebook.csv", worksheet=HERE / "worksheet.csv", environment=RUNNER
    )
    with tempfile.TemporaryDirectory() as folder:
        first = write(report, timings, Path(folder), [name], options)[0]
        text = first.read_text(encoding="utf-8-sig")
    lines = iter(text.splitlines())
    print("\n".join(islice(lines, 22)))
    if next(lines, None) is not None:
        print("…")


show(sys.argv[1])
