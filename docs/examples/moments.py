"""The three moments around a view, and which of them a crash leaves out."""

from flask import Flask, Response

app = Flask(__name__)


# section: hooks
app.before_request(lambda: print("  before"))
app.teardown_appcontext(lambda error: print(f"  teardown, error: {error!r}"))


@app.after_request
def after(response: Response) -> Response:
    print(f"  after, status {response.status_code}")
    return response


# end section: hooks


@app.get("/<outcome>")
def view(outcome: str) -> str:
    print("  the view")
    return {"calm": "fine"}[outcome]


app.logger.disabled = True
for path in ("/calm", "/crash"):
    print(path)
    app.test_client().get(path)
print("no request")
with app.app_context():
    pass
