"""What is made of all pages once they are built: the page of pages, Markdown, ``llms.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from checker.author.pages.plain import NAME, llms_txt, plain
from checker.author.pages.versions import Versions
from checker.author.pages.whole import PLACE, whole_course
from checker.course import Course

# A name and a gap in code have the colour of the code around them: on a long page the elements
# for them weigh a kilobyte on the wire.
UNCOLOURED = re.compile(r'<span class="[nw]">([^<]*)</span>')


class Afterwards:
    """Keeps each page as it goes by, and writes when the last one is there."""

    def __init__(self, course: Course) -> None:
        self.versions = Versions(course)
        self.pages: dict[str, Page] = {}
        self.texts: dict[str, str] = {}

    def keep(self, page: Page, markdown: str) -> None:
        """A page whose macros are done."""
        self.pages[page.file.src_uri] = page
        self.texts[page.file.src_uri] = markdown
        page.meta["tested"] = self.versions.on(page.file.src_uri)

    def write(self, config: MkDocsConfig) -> None:
        """Everything, into the built site."""
        site = Path(config.site_dir)
        known = {source: page.url for source, page in self.pages.items()}
        place = self.pages.get("print.md")
        for source, page in self.pages.items():
            if page is not place:
                text = plain(self.texts[source], page, known)
                (site / page.url / NAME).write_text(text, encoding="utf-8")
        read = [page for page in self._in_order() if page is not place]
        (site / "llms.txt").write_text(
            llms_txt(config.site_name, config.site_description or "", read), encoding="utf-8"
        )
        if place:
            file = site / place.url / "index.html"
            built = file.read_text("utf-8")
            file.write_text(built.replace(PLACE, whole_course(read, place)), encoding="utf-8")
        for page in self.pages.values():
            file = site / page.url / "index.html"
            file.write_text(UNCOLOURED.sub(r"\1", file.read_text("utf-8")), encoding="utf-8")

    def _in_order(self) -> Iterator[Page]:
        """The pages of the navigation, each after the one that leads to it."""
        page = next((page for page in self.pages.values() if page.is_homepage), None)
        while page:
            yield page
            page = page.next_page
