"""Whose submission is it? Reads a folder as an LMS delivers it, and matches it with the roster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from checker.errors import UserError
from checker.grade.model import Flag
from checker.grade.roster import Roster
from checker.grade.unpack import OTHER_ARCHIVES, is_archive, stem

_METADATA = "submission_metadata.yml"
# lastfirst_LATE_12345_67890_name.zip, the second number being the attachment's own
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_.+", re.DOTALL)
# Name_1234567_assignsubmission_file_ as a folder, or in front of the file's own name
_MOODLE = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_.*)?", re.DOTALL
)


@dataclass(frozen=True)
class Submission:
    """What one learner handed in: ``sources`` are files and folders that count as one.

    ``late`` is what the LMS says of it, where it says anything but a time.
    """

    student: str
    sources: tuple[Path, ...]
    name: str | None = None
    submitted_at: datetime | None = None
    late: bool | None = None
    member_ids: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Intake:
    """The submissions by id, those in the roster without one, and what is wrong.

    ``contested`` holds the ids that came more than once, each with the reason why none counts.
    """

    submissions: tuple[Submission, ...]
    missing: tuple[Submission, ...]
    contested: Mapping[str, str]
    problems: tuple[Flag, ...]


def take_in(folder: Path, roster: Roster | None = None, roster_file: Path | None = None) -> Intake:
    """Everything in ``folder``; :class:`UserError` where nothing can be a submission."""
    problems: list[Flag] = []
    found = list(_found(_exported(folder), roster_file, problems))
    if not found and roster is None:
        raise UserError(
            f"{folder} holds no submission: give the folder that has one folder, zip or tarball"
            " for each learner in it"
        )
    if roster is not None:
        found = list(_known(found, roster, problems))
    contested: dict[str, str] = {}
    submissions = _one_each(found, contested, problems)
    missing = _without(submissions, roster, problems) if roster is not None else []
    return Intake(
        tuple(sorted(submissions, key=lambda each: each.student)),
        tuple(sorted(missing, key=lambda each: each.student)),
        contested,
        tuple(sorted(problems, key=lambda flag: (flag.code, flag.where or "", flag.message))),
    )


def _exported(folder: Path) -> Path:
    """The folder itself, or the only one in it where that is Gradescope's export."""
    if not folder.is_dir():
        hint = ": unpack it, and give the folder" if is_archive(folder.name) else ""
        raise UserError(f"{folder} is no folder{hint}")
    inner = [each for each in folder.iterdir() if not each.name.startswith((".", "__MACOSX"))]
    if len(inner) == 1 and (inner[0] / _METADATA).is_file():
        return inner[0]
    return folder


def _found(folder: Path, roster_file: Path | None, problems: list[Flag]) -> Iterator[Submission]:
    metadata = folder / _METADATA
    exported = _read_metadata(metadata) if metadata.is_file() else {}
    used = set()
    for path in sorted(folder.iterdir()):
        name = path.name if path.name.isprintable() else _spelt_out(path.name)
        if name.startswith(".") or name in ("__MACOSX", _METADATA):
            continue
        if roster_file is not None and path.exists() and path.samefile(roster_file):
            continue
        if name in exported:
            used.add(name)
            yield from _from_gradescope(path, exported[name], problems)
        elif match := _MOODLE.fullmatch(name):
            if match["plugin"] == "file":
                yield Submission(match["id"], (path,), match["name"])
        elif (match := _CANVAS.fullmatch(name)) and not path.is_dir():
            late = match["late"] is not None
            yield Submission(match["id"], (path,), match["name"], late=late)
        elif path.is_dir() or is_archive(name) or name.lower().endswith(OTHER_ARCHIVES):
            yield Submission(name if path.is_dir() else stem(name), (path,))
        else:
            problems.append(
                Flag("not_a_submission", f"{name!r} is no folder, zip or tarball", name)
            )
    problems += [
        Flag("not_in_export", f"{_METADATA} names {name!r}, which is not there", name)
        for name in sorted(exported.keys() - used)
    ]


def _spelt_out(name: str) -> str:
    """A name whose control characters cannot steer a terminal any more."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in name
    )


def _read_metadata(file: Path) -> Mapping[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        table = yaml.load(file.read_bytes(), Loader=loader)  # noqa: S506 - both are safe
    except (yaml.YAMLError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"{file} cannot be read: {first}: download the export again") from error
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise UserError(f"{file} is not what Gradescope exports: download the export again")
    return table


def _from_gradescope(path: Path, entry: Any, problems: list[Flag]) -> Iterator[Submission]:
    """One submission, for each of its submitters: a group shares it."""
    entry = entry if isinstance(entry, dict) else {}
    submitters = entry.get(":submitters")
    named = False
    for submitter in submitters if isinstance(submitters, list) else ():
        if not isinstance(submitter, dict):
            continue
        known = {key: str(submitter.get(f":{key}") or "") for key in ("sid", "email", "name")}
        called = known["sid"] or known["email"]
        if called:
            named = True
            at = _utc(entry.get(":created_at"))
            ids = {key: value for key, value in known.items() if key != "name" and value}
            yield Submission(
                called, (path,), known["name"] or None, submitted_at=at, member_ids=ids
            )
    if not named:
        problems.append(
            Flag("no_submitter", f"{_METADATA} does not say whose {path.name} is", path.name)
        )


def _utc(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        # YAML hands back a time in UTC without its zone.
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str) and not isinstance(value, date):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _known(
    found: Iterable[Submission], roster: Roster, problems: list[Flag]
) -> Iterator[Submission]:
    """Each submission by the roster's id and name; who is not in the roster is a problem."""
    for submission in found:
        ids = (submission.student, *(submission.member_ids or {}).values())
        member = next((m for each in ids if (m := roster.find(each)) is not None), None)
        if member is None:
            where = submission.sources[0].name
            problems.append(
                Flag(
                    "unknown_student",
                    f"{submission.student!r} is not in the roster, or fits several of it",
                    where,
                )
            )
            continue
        yield replace(
            submission,
            student=member.id,
            name=member.name or submission.name,
            submitted_at=member.submitted_at or submission.submitted_at,
            member_ids={**(submission.member_ids or {}), **member.others},
        )


def _one_each(
    found: Iterable[Submission], contested: dict[str, str], problems: list[Flag]
) -> list[Submission]:
    """One submission for each learner: what came in several files, put together.

    Only the LMS delivers one submission as several files. Two that are merely called the same
    are an error, and none of them counts.
    """
    by_student: dict[str, list[Submission]] = {}
    for submission in found:
        by_student.setdefault(submission.student.casefold(), []).append(submission)
    submissions = []
    for several in by_student.values():
        first = several[0]
        if len(several) == 1 or _is_one(several):
            sources = tuple(path for each in several for path in each.sources)
            late = True if any(each.late for each in several) else first.late
            submissions.append(replace(first, sources=sources, late=late))
            continue
        names = ", ".join(repr(path.name) for each in several for path in each.sources)
        reason = f"handed in more than once: {names}; leave the one that counts"
        contested[first.student] = reason
        problems.append(Flag("duplicate_student", f"{first.student!r}: {reason}", first.student))
        submissions.append(replace(first, sources=()))
    return submissions


def _is_one(several: list[Submission]) -> bool:
    """Whether an LMS named these as the files of one submission."""
    for pattern in (_CANVAS, _MOODLE):
        matches = [pattern.fullmatch(path.name) for each in several for path in each.sources]
        if all(matches) and len({(m["name"], m["id"]) for m in matches if m}) == 1:
            return True
    return False


def _without(
    submissions: Iterable[Submission], roster: Roster, problems: list[Flag]
) -> list[Submission]:
    handed_in = {submission.student for submission in submissions}
    missing = [
        Submission(member.id, (), member.name, member_ids=member.others)
        for member in roster.members.values()
        if member.id not in handed_in
    ]
    problems += [
        Flag("missing_submission", f"{each.student!r} handed nothing in", each.student)
        for each in missing
    ]
    return missing
