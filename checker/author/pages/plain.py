"""Each page as plain Markdown beside it, and ``llms.txt``, which lists them.

The Markdown is the page's own after the macros: code and output are in it, and nothing is left to
fill in. See https://llmstxt.org for both.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from mkdocs.structure.nav import Section
from mkdocs.structure.pages import Page

NAME = "index.html.md"

FENCE = re.compile(r"^( *)(`{3,})(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
FENCE_HEAD = re.compile(r"\{ *\.(\w+)(?: title=\"([^\"]*)\")? *\}")
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
SAID = re.compile(r"<desc[^>]*>(.*?)</desc>", re.DOTALL)
SUMMARY = re.compile(r"<summary[^>]*>(.*?)</summary>")
TAG = re.compile(r"</?(?:div|span|p|details|figure|figcaption|small|br)\b[^>]*>")
ATTRIBUTES = re.compile(r" *\{:? *[.#][^}\n]*\}(?=\s|$)", re.MULTILINE)
LINK = re.compile(r"(\]\()([^)\s#:]+\.md)((?:#[^)\s]*)?\))")
BLANK = re.compile(r"\n{3,}")


def plain(markdown: str, page: Page, known: dict[str, str]) -> str:
    """A page's Markdown for whoever reads it as text; ``known`` leads from a source to its URL."""
    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [_prose(markdown[end : fence.start()], page, known), _fence(fence[0])]
        end = fence.end()
    text = "".join([*parts, _prose(markdown[end:], page, known)])
    return BLANK.sub("\n\n", text).strip() + "\n"


def llms_txt(name: str, about: str, pages: Sequence[Page]) -> str:
    """What the site has, for a language model that looks for something."""
    return f"# {name}\n\n> {about}\n" + "".join(_listed(pages))


def _listed(pages: Sequence[Page]) -> Iterator[str]:
    section = ""
    for page in pages:
        top = _top(page)
        if top != section:
            section = top
            yield f"\n## {section}\n\n"
        about = page.meta.get("description")
        yield f"- [{page.title}]({page.url}{NAME}){f': {about}' if about else ''}\n"


def _top(page: Page) -> str:
    sections = [each for each in page.ancestors if isinstance(each, Section)]
    return sections[-1].title if sections else "Start"


def _fence(text: str) -> str:
    head, _, rest = text.partition("\n")
    indent = len(head) - len(head.lstrip())
    if found := FENCE_HEAD.search(head):
        named = f"{' ' * indent}`{found[2]}`:\n\n" if found[2] else ""
        head = named + head[: found.start()].rstrip() + found[1]
    return f"{head}\n{rest}"


def _prose(text: str, page: Page, known: dict[str, str]) -> str:
    text = DRAWING.sub(_described, text)
    text = SUMMARY.sub(r"**\1**", text).replace("</span><span>", ", ")
    text = ATTRIBUTES.sub("", TAG.sub("", text))
    return LINK.sub(lambda found: f"{found[1]}{_address(found[2], page, known)}{found[3]}", text)


def _described(drawing: re.Match[str]) -> str:
    said = SAID.search(drawing[0])
    return f"(Picture: {' '.join(said[1].split())})" if said else ""


def _address(link: str, page: Page, known: dict[str, str]) -> str:
    source = posixpath.join(posixpath.dirname(page.file.src_uri), link.removeprefix("/"))
    if link.startswith("/"):
        source = link[1:]
    url = known.get(posixpath.normpath(source))
    if url is None:
        return link  # a strict build refuses it, and says where it stands
    return posixpath.relpath(f"{url}{NAME}", page.url or ".")
