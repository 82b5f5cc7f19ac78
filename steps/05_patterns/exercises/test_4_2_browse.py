"""Exercise 4.2: the document as a file, and as a page."""


def run_command(arguments: list[str]) -> list[object]:
    from flask import current_app

    result = current_app.test_cli_runner().invoke(args=["openapi", *arguments])
    return [result.exit_code, result.output]


def test_the_file_is_the_document(inside, tmp_path):
    file = tmp_path / "openapi.json"
    code, said = inside(run_command, ["-o", str(file)])
    assert code == 0, f"flask openapi ended with {code}: {said}"
    assert inside(run_command, ["--check", "-o", str(file)])[0] == 0, "nothing has changed"
