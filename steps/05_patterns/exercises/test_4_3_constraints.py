"""Exercise 4.3: the document says what the validators demand."""


def fields_without_description() -> list[str]:
    from app.schemas.book import BookSchema

    fields = BookSchema().fields
    return [name for name, field in fields.items() if not field.metadata.get("description")]


def test_every_field_of_a_book_is_described(inside):
    lacking = inside(fields_without_description)
    assert lacking == [], f"{', '.join(lacking)}: has no description"
