"""A few kills of the harness, so that it keeps working; `make crash` does hundreds."""

import subprocess
import sys

SOME = ["--scene", "first night", "--steps", "7", "--operations", "100", "--random", "0", "--real", "0"]


def test_a_night_that_was_killed_is_finished_by_the_next_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.kills", *SOME],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| step | 2 | 0 |" in done.stdout
