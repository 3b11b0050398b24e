"""Prefect's surroundings for an unattended night: no telemetry, no server to set up, its own database in the home folder.

Must run before Prefect is imported.
"""

from __future__ import annotations

import os
from pathlib import Path


def quiet(home: Path) -> None:
    """Set Prefect's environment where the operator has not.

    Its processes find us, and import nothing that happens to lie in the folder they are started in.
    """
    paths = [str(Path(__file__).resolve().parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ |= {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
    os.environ.setdefault("PREFECT_HOME", str((home / ".prefect").resolve()))
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # a busy machine takes longer than the 20 seconds that are given
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
    os.environ.setdefault("PREFECT_CLI_COLORS", "false")
    # runs older than 90 days are forgotten: the database stays small
    os.environ.setdefault("PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED", "true")
