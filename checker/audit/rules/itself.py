"""What the audit says of its own exceptions, and of files it could not read."""

from __future__ import annotations

from checker.audit.model import rule, silent

no_reason = rule(
    "BSS001",
    "exception-without-reason",
    "error",
    "8.2a",
    what="An exception from a rule says why.",
    why="Without its reason nobody can tell, a year later, whether it still holds.",
    repair="Write the reason behind the brackets. Until then the exception excepts nothing.",
    example="""
SECRET_KEY = "demo"  # audit: ignore[BSS107] of the demo account, reset each night
""",
)(silent)

unused = rule(
    "BSS002",
    "unused-exception",
    "warning",
    "8.2a",
    what="An exception stands where its rule is broken.",
    why="One that excepts nothing hides the next finding on that line.",
    repair="Remove it, or correct the rule's id.",
    example="timeout = 5\n",
)(silent)

unreadable = rule(
    "BSS003",
    "unreadable-file",
    "warning",
    "8.2a",
    what="Every source file can be read and parsed.",
    why="What cannot be read is not audited; a Python file that cannot be parsed does not run "
    "either.",
    repair="Correct the file, or the right to read it, or leave it out: exclude = [...] under "
    "[tool.checker.audit].",
    example="""
[tool.checker.audit]
exclude = ["vendor"]
""",
)(silent)
