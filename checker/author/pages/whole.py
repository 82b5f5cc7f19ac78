"""The whole course as one page, to be read in one go, searched by the browser, or printed.

Made of the pages as they were built. What was unique on its page is made unique again: each id,
and all that refers to one, gets the page's name in front. Links between pages become links within.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import urlsplit

from mkdocs.structure.pages import Page

PLACE = '<div id="whole-course"></div>'
"""Where ``docs/print.md`` wants it."""

REFERRING = {"id", "for", "name", "aria-labelledby", "aria-describedby", "aria-controls"}
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr"}
DROPPED = {"headerlink", "card__try"}
"""Classes of what makes no sense here: a heading's link to itself, buttons that run code."""

HEADING = re.compile(r"h([1-5])")
IN_DRAWING = re.compile(r"url\(#([^)]+)\)")


def whole_course(pages: Sequence[Page], place: Page) -> str:
    """All ``pages`` in their order: a list of them, and each as a section; links fit ``place``."""
    known = {page.url: name_of(page) for page in pages}
    contents = "".join(
        f'<li><a href="#{known[page.url]}">{html.escape(str(page.title))}</a></li>'
        for page in pages
    )
    sections = "".join(_section(page, known, place) for page in pages)
    return (
        f'<nav class="whole__contents" aria-label="All pages"><ol>{contents}</ol></nav>{sections}'
    )


def name_of(page: Page) -> str:
    """``learn-01_architecture`` for ``learn/01_architecture.md``."""
    return page.file.src_uri.removesuffix(".md").removesuffix("/index").replace("/", "-")


def _section(page: Page, known: dict[str, str], place: Page) -> str:
    rewriter = _Rewriter(page, known, place)
    rewriter.feed(page.content or "")
    rewriter.close()
    name = known[page.url]
    heading = "" if rewriter.has_title else f"<h2>{html.escape(str(page.title))}</h2>"
    return f'<section class="whole__page" id="{name}">{heading}{"".join(rewriter.out)}</section>'


class _Rewriter(HTMLParser):
    """One page's HTML, fit to stand beside others: headings a level lower, everything unfolded."""

    def __init__(self, page: Page, known: dict[str, str], place: Page) -> None:
        super().__init__(convert_charrefs=False)
        self.page, self.known, self.place = page, known, place
        self.out: list[str] = []
        self.has_title = False
        self.dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if self.dropping or DROPPED & set((values.get("class") or "").split()):
            if tag not in VOID:
                self.dropping.append(tag)
            return
        self.has_title = self.has_title or tag == "h1"
        if tag == "details":
            values["open"] = None
        changed = [
            name if value is None else f'{name}="{html.escape(self._value(name, value))}"'
            for name, value in values.items()
        ]
        self.out.append(f"<{' '.join([_lower(tag), *changed])}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.dropping:
            self.dropping.pop()
        elif tag not in VOID:
            self.out.append(f"</{_lower(tag)}>")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add(f"&#{name};")

    def _add(self, text: str) -> None:
        if not self.dropping:
            self.out.append(text)

    def _value(self, name: str, value: str) -> str:
        if name in REFERRING:
            return " ".join(self._here(each) for each in value.split())
        if name in {"href", "src", "xlink:href"}:
            return self._address(value)
        return IN_DRAWING.sub(lambda found: f"url(#{self._here(found[1])})", value)

    def _here(self, identity: str) -> str:
        return f"{self.known[self.page.url]}-{identity}"

    def _address(self, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme or parts.netloc:
            return value
        if not parts.path:
            return f"#{self._here(parts.fragment)}" if parts.fragment else value
        target = posixpath.normpath(posixpath.join(self.page.url, parts.path))
        target = "" if target == "." else target + "/" * parts.path.endswith("/")
        if target in self.known:
            return "#" + "-".join(filter(None, (self.known[target], parts.fragment)))
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        return posixpath.relpath(target, self.place.url) + "/" * target.endswith("/") + fragment


def _lower(tag: str) -> str:
    """A heading stands one level lower here: the page's own title is the first."""
    found = HEADING.fullmatch(tag)
    return f"h{int(found[1]) + 1}" if found else tag
