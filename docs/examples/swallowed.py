"""What becomes of an exit code on its way through a script."""

import subprocess
import sys

FAILS = [sys.executable, "-c", "print('2 errors'); raise SystemExit(1)"]


# section: ways
def says_it() -> int:
    return subprocess.run(FAILS, check=False).returncode


def forgets_it() -> int:
    subprocess.run(FAILS, check=False)
    return 0


def the_last_one_counts() -> int:
    code = 0
    for command in (FAILS, [sys.executable, "--version"]):
        code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    return code


# end section: ways

for way in (says_it, forgets_it, the_last_one_counts):
    sys.stdout.flush()
    code = way()
    print(f"{way.__name__}: exits with {code}", flush=True)
