"""The page of the API is made from the document that the solved step makes of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from checker.author.pages.api import NoDocument, document_of, reference, shapes
from checker.author.trees import Blob, solved
from checker.course import Course

REPOSITORY = Path(__file__).resolve().parents[2]
OPERATION: dict[str, Any] = {
    "operationId": "add_box",
    "summary": "Add a box",
    "security": [{"bearer": ["boxes:write"]}],
    "parameters": [
        {
            "name": "shelf",
            "in": "path",
            "schema": {"type": "integer", "minimum": 0},
            "description": "Where to.",
        }
    ],
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/BoxInput"},
                "example": {"label": "maps"},
            }
        }
    },
    "responses": {
        "201": {
            "description": "Created",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Box"}}},
        },
        "401": {"$ref": "#/components/responses/Unknown"},
    },
}
LABEL = {"type": "string", "minLength": 1, "pattern": "^[a-z|]+$", "description": "Its name."}
BOX = {"description": "A box.", "properties": {"label": LABEL}, "required": ["label"]}
CODES = {"allOf": [{}, {"properties": {"code": {"enum": ["token_missing", "token_expired"]}}}]}
UNKNOWN = {"description": "Unauthorized", "content": {"application/json": {"schema": CODES}}}
DOCUMENT: dict[str, Any] = {
    "paths": {"/shelves/{shelf}": {"post": OPERATION}},
    "components": {"schemas": {"Box": BOX, "BoxInput": BOX}, "responses": {"Unknown": UNKNOWN}},
}


def test_an_operation_says_what_it_takes_gives_and_demands() -> None:
    page = reference(DOCUMENT)

    assert "### Add a box { #add_box }" in page
    assert "`POST /shelves/{shelf}`, for `boxes:write`" in page
    assert "| `shelf` | path | integer, from 0 | Where to. |" in page
    assert "| `label` | string, not empty, like `^[a-z\\|]+$` | yes | Its name. |" in page
    assert json.dumps({"label": "maps"}, indent=2) in page
    assert "| 201 Created | [Box](#shape-box) |" in page
    assert "| 401 Unauthorized | [Unknown](#shape-unknown) |" in page


def test_what_goes_out_is_told_once() -> None:
    page = shapes(DOCUMENT)

    assert "### Box { #shape-box }" in page
    assert "BoxInput" not in page
    assert "One of `token_missing`, `token_expired`." in page


@pytest.mark.parametrize(("step", "name"), [(4, "api"), (8, "api_8")])
def test_a_page_has_every_operation_of_its_solved_step(site: Path, step: int, name: str) -> None:
    document = document_of(solved(Course.load(REPOSITORY).step(step)))
    operations = [
        one["operationId"] for item in document["paths"].values() for one in item.values()
    ]
    page = (site / f"reference/{name}/index.html").read_text("utf-8")

    assert len(operations) > 30
    assert [each for each in operations if page.count(f'id="{each}"') != 1] == []
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert [target for target in targets if f'id="{target}"' not in page] == []


def test_a_step_that_cannot_make_its_document_stops_the_build() -> None:
    with pytest.raises(NoDocument, match="wsgi"):
        document_of({"wsgi.py": Blob(b"raise RuntimeError('no app here')")})
