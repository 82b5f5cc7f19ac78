"""Grading a class: intake, sandbox, batch, formats, analysis."""
