"""Files that are no Python: a Dockerfile as steps, YAML with its line numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise


@dataclass(frozen=True)
class Step:
    """One instruction of a Dockerfile, its continued lines joined."""

    word: str
    rest: str
    line: int

    @property
    def plain(self) -> str:
        """The command as one line, also where it is written as a JSON list."""
        try:
            parts = json.loads(self.rest)
        except ValueError:
            return self.rest
        return " ".join(map(str, parts)) if isinstance(parts, list) else self.rest


@dataclass(frozen=True)
class Dockerfile:
    name: str
    steps: tuple[Step, ...]

    @cached_property
    def stages(self) -> list[tuple[Step, ...]]:
        """The instructions of each stage, its ``FROM`` first."""
        starts = [at for at, step in enumerate(self.steps) if step.word == "FROM"]
        return [self.steps[start:end] for start, end in pairwise([*starts, len(self.steps)])]

    @property
    def last_stage(self) -> tuple[Step, ...]:
        return self.stages[-1] if self.stages else ()

    @cached_property
    def bases(self) -> list[tuple[Step, str, str]]:
        """Of each stage the ``FROM``, the image with its default arguments put in, its name."""
        defaults = {}
        for step in self.steps:
            if step.word == "FROM":
                break
            if step.word == "ARG" and "=" in step.rest:
                key, _, value = step.rest.partition("=")
                defaults[key.strip()] = value.strip().strip("\"'")
        found = []
        for stage in self.stages:
            words = [word for word in stage[0].rest.split() if not word.startswith("--")]
            image = re.sub(
                r"\$\{?(\w+)(?::-([^}]*))?\}?",
                lambda match: defaults.get(match[1]) or match[2] or match[0],
                words[0] if words else "",
            )
            name = words[2] if len(words) > 2 and words[1].upper() == "AS" else ""
            found.append((stage[0], image, name))
        return found


def parse_dockerfile(name: str, text: str) -> Dockerfile:
    """Every instruction; what is none is left out."""
    steps: list[Step] = []
    joined, start, end_marks = "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if end_marks:  # inside a here-document: RUN <<EOF
            joined += "\n" + stripped
            if stripped == end_marks[0]:
                end_marks.pop(0)
            if end_marks:
                continue
        elif not stripped or stripped.startswith("#"):
            continue
        else:
            start = start or number
            joined += stripped.removesuffix("\\")
            end_marks = re.findall(r"<<-?[\"']?(\w+)[\"']?", stripped)
            if stripped.endswith("\\") or end_marks:
                joined += " "
                continue
        word, _, rest = joined.partition(" ")
        steps.append(Step(word.upper(), rest.strip(), start))
        joined, start = "", 0
    return Dockerfile(name, tuple(steps))


class Yaml:
    """A node of a YAML document that may be missing: every question has an answer."""

    def __init__(self, node: object) -> None:
        self._node = node

    @property
    def line(self) -> int:
        mark = getattr(self._node, "start_mark", None)
        return mark.line + 1 if mark else 1

    @property
    def column(self) -> int:
        mark = getattr(self._node, "start_mark", None)
        return mark.column + 1 if mark else 1

    @property
    def text(self) -> str:
        """A scalar's text, "" for anything else."""
        value = getattr(self._node, "value", "")
        return value if isinstance(value, str) else ""

    @property
    def plain(self) -> str:
        """A command as one line, be it a text or a list."""
        return self.text or " ".join(item.text for item in self.list())

    def items(self, within: tuple[object, ...] = ()) -> list[tuple[Yaml, Yaml]]:
        import yaml

        if not isinstance(self._node, yaml.MappingNode):
            return []
        own = [(key, value) for key, value in self._node.value if key.value != "<<"]
        known = {key.value for key, _ in own if isinstance(key.value, str)}
        found = [(Yaml(key), Yaml(value)) for key, value in own]
        for key, value in self._node.value:  # <<: *shared, or several of them
            if key.value == "<<":
                for shared in (Yaml(value), *Yaml(value).list()):
                    if any(shared._node is outer for outer in (*within, self._node)):
                        continue  # it merges itself
                    more = shared.items((*within, self._node))
                    found += [pair for pair in more if pair[0].text not in known]
        return found

    def values(self) -> Iterator[Yaml]:
        return (value for _, value in self.items())

    def list(self) -> list[Yaml]:
        import yaml

        if not isinstance(self._node, yaml.SequenceNode):
            return []
        return [Yaml(item) for item in self._node.value]

    def get(self, name: str) -> Yaml:
        return next((value for key, value in self.items() if key.text == name), Yaml(None))

    def __bool__(self) -> bool:
        return self._node is not None

    def words(self) -> Iterator[str]:
        """The texts of a scalar, or of a list, or the keys of a mapping."""
        if self.text:
            yield self.text
        for item in self.list():
            yield item.text
        yield from (key.text for key, _ in self.items())


def parse_yaml(text: str) -> Yaml | str | None:
    """The first document; why it is none, as a text; ``None`` where it is empty."""
    import yaml

    try:
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            return Yaml(node) if node is not None else None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"cannot be parsed as YAML ({first})"
    return None
