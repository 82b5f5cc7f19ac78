"""The course in the page: what the site's "Try it here" is made of."""

from checker.course import Step

FIRST_EXPLORED = 4
"""From this step on the app makes a document of itself, which an explorer can show."""


def is_explored(step: Step) -> bool:
    """Whether a page has the step's API to explore."""
    return step.number >= FIRST_EXPLORED
