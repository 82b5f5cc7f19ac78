"""What the site shows and no author types: code, diffs, exercise cards, recorded output.

:mod:`.macros` is what MkDocs loads; the other modules know nothing of MkDocs, and hand
back Markdown. ``python -m checker.author.pages`` makes the recorded output anew.
"""
