"""HTML: ``class.html`` for the instructor, ``learners/<learner>.html`` for each learner."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from checker.grade.analysis import analyse
from checker.grade.formats import Source
from checker.grade.formats.names import file_names
from checker.grade.reports import class_page, learner_page
from checker.grade.similarity import Pair, compare, starter_files


def write(source: Source) -> list[Path]:
    report, options = source.report, source.options
    names = file_names(grade.student for grade in report.grades)
    places = {student: f"learners/{name}.html" for student, name in names.items()}
    written = [
        source.put(places[grade.student], learner_page(grade, report)) for grade in report.grades
    ]
    analysis = analyse(report, source.timings, options.course)
    links = {student: quote(place) for student, place in places.items()}
    page = class_page(report, analysis, _pairs(source), links)
    return [source.put("class.html", page), *written]


def _pairs(source: Source) -> tuple[Pair, ...] | None:
    options = source.options
    if options.course is None or options.sources is None:
        return None
    return compare(options.sources, starter_files(options.course, source.report.steps))
