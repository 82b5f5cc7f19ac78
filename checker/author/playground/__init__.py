"""The course in the page: what the site's "Try it here" is made of."""

from checker.course import Exercise, Step

LAST_STEP = 5
"""Up to this step exercises can be tried in the page: the proof ``in-page`` has held so far."""

FIRST_EXPLORED = 4
"""From this step on the app makes a document of itself, which an explorer can show."""


def is_in_page(step: Step) -> bool:
    """Whether the page has the step's app and tests."""
    return step.number <= LAST_STEP


def can_be_tried(exercise: Exercise) -> bool:
    """Whether a page can judge the exercise."""
    return int(exercise.step_name[:2]) <= LAST_STEP and not exercise.local


def is_explored(step: Step) -> bool:
    """Whether a page has the step's API to explore."""
    return is_in_page(step) and step.number >= FIRST_EXPLORED
