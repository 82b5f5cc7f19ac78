"""An extension: one object for the whole program, its data kept by each app."""

from flask import Flask, current_app


class Visitors:
    def init_app(self, app: Flask) -> None:
        app.extensions["visitors"] = []

    @property
    def names(self) -> list[str]:
        kept: list[str] = current_app.extensions["visitors"]
        return kept


visitors = Visitors()
north, south = Flask("north"), Flask("south")
for app in (north, south):
    visitors.init_app(app)

with north.app_context():
    visitors.names.append("Ada")
for app in (north, south):
    with app.app_context():
        print(app.name, visitors.names)
