"""One factory, two apps, one process."""

from flask import Flask


def create_app(greeting: str) -> Flask:
    app = Flask(__name__)
    app.config["GREETING"] = greeting

    @app.get("/")
    def greet() -> str:
        return f"{app.config['GREETING']}, reader"

    return app


# section: change
morning, evening = create_app("Good morning"), create_app("Good evening")
evening.config["GREETING"] = "Good night"
# end section: change

for app in (morning, evening):
    print(app.test_client().get("/").text)
