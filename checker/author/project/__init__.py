"""``checker new NAME``: a project of one's own, made from step 8 as it is solved.

There is one source, the step and its solution: what the course proves every day is what somebody
gets. A template of copier or cookiecutter is a folder in a format of its own, with the
placeholders in the files. It would be a second copy of 150 files, which no test of the course
runs, and a dependency for everybody who only wants to learn. What has to differ here is a name
and some lines, so it is declared: ``template.toml`` says which, ``files/`` has what only a project
needs. A line that is no longer there stops the making; a test makes a project every time.
"""
