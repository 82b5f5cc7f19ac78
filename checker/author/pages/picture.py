"""Draws a terminal screen as SVG, from the text and the colours a program really wrote."""

from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

# Rich's own frame asks another host for its font; this one takes the page's.
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" class="screen" viewBox="0 0 {width} {height}" role="img" \
aria-labelledby="{unique_id}-title {unique_id}-desc">
<title id="{unique_id}-title">TITLE</title>
<desc id="{unique_id}-desc">DESCRIPTION</desc>
<style>
.{unique_id}-matrix {{ font-family: var(--md-code-font-family, monospace); \
font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
{styles}
</style>
<defs>{lines}</defs>
<rect class="screen__ground" fill="#0d2f29" width="{width}" height="{height}" rx="10"/>
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

# Normal and bright colours in ANSI's order, on the dark green of the header.
THEME = TerminalTheme(
    (13, 47, 41),
    (228, 240, 235),
    [
        (30, 70, 62),
        (255, 140, 115),
        (143, 217, 189),
        (240, 200, 120),
        (150, 195, 250),
        (225, 170, 220),
        (140, 220, 225),
        (228, 240, 235),
    ],
    [
        (150, 178, 168),
        (255, 160, 138),
        (165, 232, 206),
        (250, 215, 145),
        (175, 210, 255),
        (235, 190, 230),
        (165, 235, 240),
        (255, 255, 255),
    ],
)


def picture(screen: str, title: str, columns: int) -> str:
    """``screen``, with its ANSI colours, as one SVG element with a text alternative."""
    text = Text.from_ansi(screen.rstrip())
    console = Console(
        record=True,
        width=columns + 1,  # a screen begins with a space: as much room at the right
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(text)
    console.print()  # as much room below as above
    unique_id = "screen-" + "".join(letter for letter in title.lower() if letter.isalnum())
    svg = console.export_svg(title=title, theme=THEME, code_format=FRAME, unique_id=unique_id)
    return svg.replace("TITLE", _escape(title)).replace("DESCRIPTION", _escape(text.plain))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
