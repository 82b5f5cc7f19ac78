"""Nothing that a browser loads by itself names another host."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

LOADED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "input": ("src",),
    "form": ("action",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
# A link to the page before or after, or to the page itself, loads nothing.
HARMLESS_LINKS = {"prev", "next", "canonical"}
IN_STYLE = re.compile(r"""(?:url\(|@import\s+)\s*["']?\s*([^"')\s;]+)""", re.IGNORECASE)
ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|https?:", re.IGNORECASE)

# Hosts that Material's own scripts name, and what on a page would make them ask there.
DORMANT = {
    "unpkg.com": 'class="mermaid"',
    "api.github.com": 'data-md-component="source"',
    "gitlab.com": 'data-md-component="source"',
    "github.com": 'data-md-component="source"',
}
NAMES_ONLY = {"www.w3.org", "www.example.com", "example.com", "www.sitemaps.org"}


class Loads(HTMLParser):
    """The addresses that a page makes a browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.in_style = tag == "style"
        if tag == "link" and values.get("rel") not in HARMLESS_LINKS:
            self.found.append(values.get("href", ""))
        for name in LOADED.get(tag, ()):
            self.found += [part.split()[0] for part in values.get(name, "").split(",") if part]
        self.found += IN_STYLE.findall(values.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.found += IN_STYLE.findall(data)


def elsewhere(addresses: list[str]) -> list[str]:
    return [each for each in addresses if ABSOLUTE.match(each) and not each.startswith("data:")]


def loads(html: str) -> list[str]:
    parser = Loads()
    parser.feed(html)
    return parser.found


def test_the_search_finds_each_way_to_load() -> None:
    html = """
    <link rel="stylesheet" href="https://a.example/x.css"><script src="//b.example/x.js"></script>
    <img srcset="https://c.example/1.png 1x, /2.png 2x"><p style="background:url(https://d.example/p)">
    <style>@import "https://e.example/f.css"; a { background: url('http://g.example/h') }</style>
    <a href="https://fine.example">a link</a><link rel="canonical" href="https://fine.example">
    """

    hosts = [re.sub(r".*//|/.*", "", each) for each in elsewhere(loads(html))]

    assert hosts == ["a.example", "b.example", "c.example", "d.example", "e.example", "g.example"]


def test_no_page_loads_from_another_host(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    found = {
        str(page.relative_to(site)): away
        for page in pages
        if (away := elsewhere(loads(page.read_text("utf-8"))))
    }

    assert len(pages) >= 10
    assert found == {}


def test_no_style_sheet_or_drawing_loads_from_another_host(site: Path) -> None:
    files = [*site.rglob("*.css"), *site.rglob("*.svg")]
    found = {
        str(file.relative_to(site)): away
        for file in files
        if (away := elsewhere(IN_STYLE.findall(file.read_text("utf-8"))))
    }

    assert len(files) >= 6
    assert found == {}


def test_the_hosts_that_scripts_name_are_known_and_asleep(site: Path) -> None:
    named = {
        host
        for script in site.rglob("*.js")
        for host in re.findall(r"""["'`]https?://([a-z0-9.-]+)""", script.read_text("utf-8"))
    }
    pages = "".join(page.read_text("utf-8") for page in site.rglob("*.html"))

    assert named <= DORMANT.keys() | NAMES_ONLY
    awake = {host for host in named & DORMANT.keys() if DORMANT[host] in pages}
    assert awake == set()


def test_fonts_are_served_with_their_licences(site: Path) -> None:
    fonts = {font.name for font in (site / "assets/fonts").glob("*.woff2")}

    assert len(fonts) == 2
    for family in ("next", "mono"):
        licence = site / f"assets/fonts/LICENSE-atkinson-hyperlegible-{family}.txt"
        assert "SIL Open Font License" in licence.read_text("utf-8")
