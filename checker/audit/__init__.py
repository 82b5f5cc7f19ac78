"""Any Flask project, read and held against the checklist of production practice.

A rule (:mod:`.rules`) looks at a project (:mod:`.project`) and yields where it is broken;
:mod:`.run` applies the project's own settings and exceptions; :mod:`.formats` tells it. Nothing
of the project is executed, unless asked for: then its app is built in another process
(:mod:`.building`).
"""
