"""The night as people run it: the installed command on a home folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHORTPAY = Path(sys.executable).with_name("shortpay")


def shortpay(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SHORTPAY, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | environment,
    )


@pytest.fixture(scope="module")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for Prefect's database, which takes longer to make than a night to run."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture
def home(tmp_path: Path, prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PREFECT_HOME", str(prefect_home))
    assert shortpay("init", tmp_path / "home").returncode == 0
    shutil.copy(EXAMPLES / "shortpay.toml", tmp_path / "home" / "shortpay.toml")
    for name in ("contracts", "reference"):
        shutil.copytree(EXAMPLES / name, tmp_path / "home" / name, dirs_exist_ok=True)
    return tmp_path / "home"


def drop(home: Path, *nights: str) -> None:
    for night in nights:
        for path in (EXAMPLES / "nights" / night).iterdir():
            shutil.copy(path, home / "inbox" / path.name)


def published(home: Path) -> dict[str, bytes]:
    return {name: (home / "published" / name).read_bytes() for name in ("worklist.csv", "worklist.xlsx")}


HOLDS = "import duckdb, sys, time; con = duckdb.connect(sys.argv[1]); print(flush=True); time.sleep(300)"


def run_while_the_warehouse_is_open_elsewhere(
    home: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a night; the other program lets go of the warehouse once a step has said that it waits."""
    warehouse = str(home / "warehouse.duckdb")
    with subprocess.Popen([sys.executable, "-c", HOLDS, warehouse], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with subprocess.Popen(
            [SHORTPAY, "run", "--home", home, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"SHORTPAY_RETRY_SECONDS": " ".join(["0.5"] * 50)},
        ) as night:
            assert night.stderr is not None
            said = ""
            while "tried again" not in said and (line := night.stderr.readline()):
                said += line
            other.kill()
            out, _ = night.communicate(timeout=300)
    assert "IOException in step 'recover': tried again in 0.5 s" in said
    return subprocess.CompletedProcess([], night.returncode, out, said)


def test_a_night_and_the_same_again(home: Path) -> None:
    drop(home, "2026-06-24", "2026-06-25")
    (home / "encounters" / "worklist.csv").write_text("dispute_id,version\n")
    first = shortpay("run", "--home", home, "--as-of", "2026-07-01")
    assert first.returncode == 0, first.stderr
    assert "Encounter files: 0 read, 0 seen before, 1 quarantined" in first.stdout
    assert "8 read, 0 seen before, 3 quarantined" in first.stdout
    assert "Against the guide (pyx12): 8 CONFORMS" in first.stdout
    assert not list((home / "inbox").iterdir())
    reasons = [json.loads(path.read_text()) for path in sorted((home / "quarantine").glob("*.json"))]
    assert {reason["code"] for reason in reasons} == {"EMPTY", "NO_835", "TRUNCATED", "NOT_ENCOUNTERS"}
    assert all(reason["message"] and reason["file"] for reason in reasons)
    before = published(home)
    again = run_while_the_warehouse_is_open_elsewhere(home, "--as-of", "2026-07-01")
    assert again.returncode == 0, again.stderr
    assert "0 read, 0 seen before, 0 quarantined" in again.stdout
    assert "pyx12" not in again.stdout
    assert "Encounter files" not in again.stdout
    assert published(home) == before
    dispute = (home / "published" / "worklist.csv").read_text().splitlines()[1].split(",")[0]
    proof = shortpay("explain", dispute, "--home", home)
    assert proof.returncode == 0, proof.stderr
    assert "SVC*" in proof.stdout
    assert "Dispute by" in proof.stdout


def test_a_bad_contract_stops_before_anything_is_touched(home: Path) -> None:
    drop(home, "2026-06-24")
    waiting = sorted(path.name for path in (home / "inbox").iterdir())
    contract = home / "contracts" / "cigna-oap.toml"
    contract.write_text("efective = 2026-01-01\n" + contract.read_text())
    outcome = shortpay("run", "--home", home, "--as-of", "2026-07-01")
    assert outcome.returncode == 1
    assert "cigna-oap.toml:1" in outcome.stderr
    assert "efective" in outcome.stderr
    assert sorted(path.name for path in (home / "inbox").iterdir()) == waiting
    assert not (home / "warehouse.duckdb").exists()
    (status,) = (home / "published").iterdir()
    last = json.loads(status.read_text())["last"]
    assert (last["outcome"], last["problem"]) == (
        "failed",
        "1 problem in what people wrote; see: shortpay contracts check",
    )


@pytest.mark.slow
def test_a_broken_pyx12_leaves_the_night_whole(home: Path, tmp_path: Path) -> None:
    """No process for the second opinion starts: the night is published, says so, and the next one asks again."""
    broken = tmp_path / "broken" / "pyx12"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('broken on purpose')\n")
    shutil.copy(EXAMPLES / "nights" / "2026-06-24" / "UHC_87726_ERA_20260611.edi", home / "inbox")
    paths = os.pathsep.join([str(broken.parent), os.environ.get("PYTHONPATH", "")])
    night = shortpay("run", "--home", home, "--as-of", "2026-07-01", PYTHONPATH=paths)
    assert night.returncode == 0, night.stderr
    assert "pyx12): could not be checked; the next night tries again" in night.stdout
    before = published(home)
    assert len(before["worklist.csv"].splitlines()) > 1
    later = shortpay("run", "--home", home, "--as-of", "2026-07-01")
    assert "Against the guide (pyx12): 1 CONFORMS" in later.stdout
    assert published(home) == before


def test_no_home_and_bad_usage(tmp_path: Path) -> None:
    missing = shortpay("run", "--home", tmp_path / "nowhere")
    assert missing.returncode == 1
    assert "shortpay init" in missing.stderr
    assert shortpay("run", "--nonsense").returncode == 2
    assert shortpay("init", tmp_path / "home").returncode == 0
    to_come = shortpay("run", "--home", tmp_path / "home", "--as-of", "2999-01-01")
    assert to_come.returncode == 2
    assert "still to come" in to_come.stderr
