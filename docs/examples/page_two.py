"""Two decorators, in both orders. One of them keeps answers."""

from collections.abc import Callable
from functools import wraps

from flask import Flask, request

View = Callable[..., str]


# section: decorators
def reads_page(view: View) -> View:
    @wraps(view)
    def read(**values: int) -> str:
        return view(page=request.args.get("page", 1, type=int), **values)

    return read


def cached(view: View) -> View:
    kept: dict[str, str] = {}

    @wraps(view)
    def keep(**values: int) -> str:
        key = f"{request.path} {values}"  # the arguments, as the view gets them
        if key not in kept:
            kept[key] = view(**values)
        return kept[key]

    return keep


# end section: decorators

app = Flask(__name__)


def page_of(page: int) -> str:
    return f"page {page}"


app.add_url_rule("/validated-first", "one", reads_page(cached(page_of)))
app.add_url_rule("/cached-first", "two", cached(reads_page(page_of)))
client = app.test_client()
for path in ("/validated-first", "/cached-first"):
    print(path, "|", *(client.get(f"{path}?page={page}").text for page in (1, 2)), sep="  ")
