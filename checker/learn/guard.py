"""Every way a command can end badly, each as one honest message and its exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from checker.course import CourseError, NotFound
from checker.errors import EnvironmentTrouble, UserError
from checker.files import explain

FAULT = 70
STOPPED = 130


def guarded(command: Callable[[], None]) -> int:
    """Run a command; its exit code."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return STOPPED
    except UserError as error:
        return _say(str(error), error.exit_code)
    except NotFound as error:
        return _say(str(error), UserError.exit_code)
    except CourseError as error:
        return _say(f"the course cannot be read: {error}", EnvironmentTrouble.exit_code)
    except BrokenPipeError:
        # The reader of our output went away, as in `checker list | head -1`
        sys.stderr.close()
        return 0
    except ImportError as error:
        return _missing(error)
    except OSError as error:
        return _say(str(explain(error)), EnvironmentTrouble.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is our fault and is told as such
        return _say(f"{fault_message(error)}", FAULT)
    return 0


def fault_message(error: BaseException) -> str:
    """Own up to a fault of the checker, and say where the whole story is."""
    kind = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return (
        f"the checker itself went wrong ({kind}). Your code is not at fault, your files are safe."
        f" The full trace: {write_trace(error)}"
    )


def write_trace(error: BaseException) -> Path | str:
    """Write the full traceback to a file, and say which."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="checker-trace-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="replace",
        ) as file:
            file.write(text)
        return Path(file.name)
    except OSError:
        return text


def _missing(error: ImportError) -> int:
    name = (error.name or "").partition(".")[0]
    if name in ("", "checker"):
        return _say(fault_message(error), FAULT)
    return _say(
        f"the package {name} is missing or broken ({error}). Type: checker doctor",
        EnvironmentTrouble.exit_code,
    )


def _say(message: str, code: int) -> int:
    print(f"checker: {message}", file=sys.stderr)
    return code
