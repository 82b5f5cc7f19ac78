"""One handler for every error of HTTP, and what it must not lose."""

from flask import Flask, json
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

plain, careful = Flask("plain"), Flask("careful")


@plain.errorhandler(HTTPException)
def a_new_answer(error: HTTPException) -> ResponseReturnValue:
    return {"code": error.name}, error.code or 500


@careful.errorhandler(HTTPException)
def the_same_answer(error: HTTPException) -> ResponseReturnValue:
    response = error.get_response()
    response.data = json.dumps({"code": error.name})
    response.content_type = "application/json"
    return response


for app in (plain, careful):
    app.get("/books")(lambda: "")
    answer = app.test_client().delete("/books")
    print(app.name, answer.status_code, "Allow:", answer.headers.get("Allow"))
