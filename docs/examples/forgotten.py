"""Two ways to guard, and the view that somebody forgot."""

from flask import Flask, abort, current_app, request


# section: by_default
def check() -> None:
    view = current_app.view_functions[request.endpoint or ""]
    if not hasattr(view, "rule"):
        abort(403)


# end section: by_default


def forgotten() -> str:
    return "the salaries"


one, other = Flask("one"), Flask("other")
one.add_url_rule("/salaries", view_func=forgotten)
other.add_url_rule("/salaries", view_func=forgotten)
other.before_request(check)

for name, app in {"a decorator on each view": one, "one check for all": other}.items():
    answer = app.test_client().get("/salaries")
    print(f"{name}: {answer.status_code}")
