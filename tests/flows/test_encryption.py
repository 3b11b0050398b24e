"""Sealing at rest: what the settings ask for is done to the files, and everything that reads them goes on reading."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest
from pyrage.x25519 import Identity
from typer.testing import CliRunner

from era_parser import Refusal, RefusalCode, Source
from flows import intake
from flows.check import check_file
from flows.cli import app
from flows.encryption import disk_encrypted, encrypt, prepare, told
from flows.home import Home, HomeError, make_home
from tests.conftest import AS_OF, judge_all
from tests.marks import Marks, remittance
from warehouse.archive import ArchiveError, archive_path, bring_back, keep, keep_file, quarantine
from warehouse.check import FAIL
from warehouse.database import open_warehouse
from warehouse.publish import publish, readable
from warehouse.sealing import RECIPIENTS, SealError, identities, is_sealed, plain, seal_file, unseal_file

if TYPE_CHECKING:
    from pathlib import Path

ALL = '["archive", "quarantine", "published"]'


def settings(home: Home, *keys: Identity, folders: str = ALL) -> None:
    recipients = ", ".join(f'"{key.to_public()}"' for key in keys)
    text = home.settings.read_text().split("[encryption]\nrecipients")[0]
    if keys:
        text += f"[encryption]\nrecipients = [{recipients}]\nfolders = {folders}\n"
    home.settings.write_text(text)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Identity:
    identity = Identity.generate()
    monkeypatch.setenv("SHORTPAY_KEY", str(identity))
    monkeypatch.delenv("SHORTPAY_KEY_FILE", raising=False)
    return identity


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a home with a file read, one refused, and both published, all in the clear."""
    place = make_home(tmp_path_factory.mktemp("encryption") / "home")
    night(place, Marks())
    return place.path


@pytest.fixture
def home(after_a_night: Path, tmp_path: Path) -> Home:
    shutil.copytree(after_a_night, tmp_path / "home")
    return Home(tmp_path / "home")


def night(home: Home, marks: Marks) -> None:
    (home.folder("inbox") / "good.835").write_bytes(remittance(marks, 1))
    (home.folder("inbox") / "bad.835").write_bytes(b"PATIENT " + marks.name().encode())
    intake.read_in(home, intake.remittances(home.folder("inbox")), AS_OF)
    with open_warehouse(home.warehouse) as con:
        judge_all(con)
        publish(con, home.folder("published"), AS_OF)


_MARK = re.compile(rb"ZQXN[A-Z]{4}")
"""A marked name, whole: four letters of it stand in some sealed megabytes by chance."""


def clear(home: Home) -> list[str]:
    """Files of the sealed folders that hold a marked name, compressed or not."""
    found = []
    for folder in ("archive", "quarantine", "published"):
        for path in home.folder(folder).rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            if _MARK.search(data):
                found.append(path.name)
    return found


def test_everything_is_sealed_and_still_read(home: Home, key: Identity) -> None:
    hashes = {path.name.removesuffix(".gz") for path in home.folder("archive").rglob("*.gz")}
    before = {file_hash: bring_back(home.folder("archive"), file_hash) for file_hash in hashes}
    assert len(clear(home)) >= 4
    settings(home, key)
    assert encrypt(home) == {"sealed": 2 + 1 + 3}
    assert encrypt(home) == {}
    assert clear(home) == []
    prepare(home)
    assert {h: bring_back(home.folder("archive"), h) for h in hashes} == before
    assert sorted(path.name for path in home.folder("published").iterdir()) == sorted(
        [RECIPIENTS, "shortpay.duckdb.age", "worklist.csv.age", "worklist.xlsx.age"]
    )
    with readable(home.published) as con:
        assert con.execute("select count(*) from era.claim").fetchall() == [(1,)]
    assert not [path for path in home.folder("published").iterdir() if path.name.startswith(".")]


def test_later_nights_write_sealed_without_the_key(
    home: Home, key: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(home, key)
    encrypt(home)
    monkeypatch.delenv("SHORTPAY_KEY")
    night(home, Marks(first=5_000))
    assert clear(home) == []
    with open_warehouse(home.warehouse) as con:
        assert con.execute("select count(*) from era.file").fetchall() == [(2,)]
    (reason, _) = [json.loads(path.read_text()) for path in home.folder("quarantine").glob("*.json")]
    assert reason["code"] == "NOT_X12"


def test_plain_files_of_before_are_read_beside_sealed_ones(home: Home, key: Identity) -> None:
    """Encryption is switched on and the files of before are not brought along yet."""
    (old,) = [
        path for path in home.folder("archive").rglob("*.gz") if b"ISA" in gzip.decompress(path.read_bytes())
    ]
    (home.folder("archive") / RECIPIENTS).write_text(f"{key.to_public()}\n")
    source = Source("new", b"ISA new")
    keep(home.folder("archive"), source)
    assert bring_back(home.folder("archive"), source.file_hash) == source.data
    assert bring_back(home.folder("archive"), old.name.removesuffix(".gz")).startswith(b"ISA")
    assert b"ISA new" not in archive_path(home.folder("archive"), source.file_hash).read_bytes()


def test_without_the_key_nothing_opens_and_the_reason_is_said(
    home: Home, key: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(home, key)
    encrypt(home)
    file_hash = next(iter(home.folder("archive").rglob("*.gz"))).name.removesuffix(".gz")
    monkeypatch.delenv("SHORTPAY_KEY")
    with pytest.raises(ArchiveError, match="set SHORTPAY_KEY"):
        bring_back(home.folder("archive"), file_hash)
    with pytest.raises(HomeError, match="no key is set"):
        prepare(home)
    monkeypatch.setenv("SHORTPAY_KEY", str(Identity.generate()))
    with pytest.raises(ArchiveError, match="another key"):
        bring_back(home.folder("archive"), file_hash)
    with pytest.raises(HomeError, match="fits none"):
        prepare(home)


def test_a_rebuild_without_the_key_asks_for_it_and_changes_nothing(
    home: Home, key: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed files are not lost: --incomplete must not leave them out."""
    settings(home, key)
    encrypt(home)
    before = home.warehouse.read_bytes()
    monkeypatch.setenv("SHORTPAY_KEY", str(Identity.generate()))
    refused = CliRunner().invoke(app, ["rebuild", "--home", str(home.path), "--incomplete"])
    assert refused.exit_code == 1
    assert "key" in str(refused.exception)
    assert home.warehouse.read_bytes() == before
    monkeypatch.setenv("SHORTPAY_KEY", str(key))
    done = CliRunner().invoke(app, ["rebuild", "--home", str(home.path)])
    assert done.exit_code == 0, done.output
    with open_warehouse(home.warehouse) as con:
        assert con.execute("select count(*) from era.claim").fetchall() == [(1,)]


def test_verify_without_the_key_says_so_before_it_looks(
    home: Home, key: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(home, key)
    encrypt(home)
    settings(home)  # what the settings say does not matter: the files are sealed
    monkeypatch.delenv("SHORTPAY_KEY")
    for given, said in (
        (None, "no key is set"),
        (Identity.generate(), "the key at hand fits none of archive/"),
    ):
        if given is not None:
            monkeypatch.setenv("SHORTPAY_KEY", str(given))
        refused = CliRunner().invoke(app, ["verify", "--home", str(home.path)])
        assert (refused.exit_code, refused.output) == (1, "")
        assert str(refused.exception).startswith(said)
    monkeypatch.setenv("SHORTPAY_KEY", str(key))
    assert "damaged" not in CliRunner().invoke(app, ["verify", "--home", str(home.path)]).output


@pytest.mark.parametrize("between", [" ", "\n", "\t\n# AGE-SECRET-KEY-1NONE\n"])
def test_keys_are_parted_by_any_blank(monkeypatch: pytest.MonkeyPatch, between: str) -> None:
    keys = [str(Identity.generate()) for _ in range(2)]
    monkeypatch.delenv("SHORTPAY_KEY_FILE", raising=False)
    monkeypatch.setenv("SHORTPAY_KEY", between.join(keys))
    assert [str(one) for one in identities()] == keys


def test_the_list_before_claims_go_out_knows_what_a_sealed_home_has_decided(
    home: Home, key: Identity, tmp_path: Path
) -> None:
    with readable(home.published) as con:
        account, day = con.execute("select patient_account, service_date from core.verdict").fetchall()[0]
    path = tmp_path / "claims.csv"
    path.write_text(f"account,date,code,units,modifiers\n{account},{day},97110,2,GP\n")
    settings(home, key)
    encrypt(home)
    assert not home.published.exists()
    said = {one.point: one.result for one in check_file(path, home, AS_OF)[1]}
    assert said["duplicate"] == FAIL


def test_a_changed_byte_is_noticed(home: Home, key: Identity) -> None:
    settings(home, key)
    encrypt(home)
    path = next(iter(home.folder("archive").rglob("*.gz")))
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="damaged"):
        bring_back(home.folder("archive"), path.name.removesuffix(".gz"))


def test_keys_are_changed(home: Home, key: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(home, key)
    encrypt(home)
    new = Identity.generate()
    settings(home, new)
    with pytest.raises(HomeError, match="differ on encryption"):
        prepare(home)
    monkeypatch.setenv("SHORTPAY_KEY", f"{key} {new}")
    assert encrypt(home, anew=True) == {"sealed anew": 6}
    monkeypatch.setenv("SHORTPAY_KEY", str(new))
    prepare(home)
    with readable(home.published) as con:
        assert con.execute("select count(*) from era.claim").fetchall() == [(1,)]


def test_sealing_is_undone_where_the_settings_no_longer_ask_for_it(home: Home, key: Identity) -> None:
    before = {
        path: path.read_bytes() for path in home.path.rglob("*") if path.is_file() and path != home.settings
    }
    settings(home, key)
    encrypt(home)
    settings(home)
    with pytest.raises(HomeError, match="differ on encryption"):
        prepare(home)
    assert encrypt(home) == {"opened": 6}
    prepare(home)
    after = {
        path: path.read_bytes() for path in home.path.rglob("*") if path.is_file() and path != home.settings
    }
    assert after == before


def test_large_files_are_sealed_and_opened_in_parts(tmp_path: Path, key: Identity) -> None:
    data = os.urandom(1 << 20) * 5
    (tmp_path / "a").write_bytes(data)
    seal_file(tmp_path / "a", tmp_path / "a.age", [key.to_public()])
    unseal_file(tmp_path / "a.age", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == data
    (tmp_path / "a.age").write_bytes((tmp_path / "a.age").read_bytes()[:-100])
    with pytest.raises(SealError, match="damaged"):
        unseal_file(tmp_path / "a.age", tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.age", "b"]


def test_a_file_that_is_archived_block_by_block_is_sealed_and_comes_back(
    home: Home, key: Identity, tmp_path: Path
) -> None:
    """Large files are written beside in the clear first; what is there must be what is sealed."""
    settings(home, key)
    encrypt(home)
    data = os.urandom(50_000)
    file = tmp_path / "large.835"
    file.write_bytes(data)
    file_hash = keep_file(home.folder("archive"), file)
    assert is_sealed(archive_path(home.folder("archive"), file_hash).read_bytes())
    assert bring_back(home.folder("archive"), file_hash) == data
    refusal = Refusal(file_hash, "large.835", RefusalCode.TOO_LARGE, 0, "too large")
    sealed = quarantine(home.folder("quarantine"), file, refusal, AS_OF)
    sealed = sealed.with_name(sealed.name + ".age")
    unseal_file(sealed, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data
    assert list(home.path.rglob("*.partial*")) == []


def test_a_key_is_not_made_beside_what_it_protects(home: Home) -> None:
    for file in (home.path / "key", home.folder("journal") / "key"):
        refused = CliRunner().invoke(app, ["encrypt", "--new-key", str(file)])
        assert refused.exit_code == 1
        assert "keep the key elsewhere" in str(refused.exception)
        assert not file.exists()


def test_a_new_letter_is_shown_from_the_next_night_on(home: Home) -> None:
    CliRunner().invoke(
        app, ["letter", "add", "documentation_request", "--dated", "2026-07-01", "--home", str(home.path)]
    )
    for name, said in (("l-0001", "the next one shows it"), ("L-0002", "no letter has this number")):
        asked = CliRunner().invoke(app, ["explain", name, "--home", str(home.path)])
        assert asked.exit_code == 1
        assert said in str(asked.exception)


def test_the_commands(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SHORTPAY_KEY", raising=False)
    made = CliRunner().invoke(app, ["encrypt", "--new-key", str(tmp_path / "key")])
    assert made.exit_code == 0, made.output
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert "AGE-SECRET" not in made.output
    section = made.output[made.output.index("[encryption]") :].replace(
        '"quarantine"]', '"quarantine", "published"]'
    )
    home.settings.write_text(home.settings.read_text() + section)
    environment = {"SHORTPAY_KEY_FILE": str(tmp_path / "key")}
    done = CliRunner().invoke(app, ["encrypt", "--home", str(home.path)], env=environment)
    assert "Files: 6 sealed" in done.output, done.output
    assert (
        "Encrypted by shortpay: archive, quarantine, published; left to the disk: warehouse.duckdb, journal"
        in done.output
    )
    files = [str(home.folder("published") / name) for name in ("worklist.csv.age", "shortpay.duckdb.age")]
    opened = CliRunner().invoke(app, ["decrypt", *files, "--out", str(tmp_path / "out")], env=environment)
    assert opened.exit_code == 0, opened.output
    assert (tmp_path / "out" / "worklist.csv").read_text().startswith("dispute_id,")
    with duckdb.connect(str(tmp_path / "out" / "shortpay.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from era.claim").fetchall() == [(1,)]
    (tmp_path / "out" / "worklist.csv").unlink()
    again = CliRunner().invoke(app, ["decrypt", *files, "--out", str(tmp_path / "out")], env=environment)
    assert again.exit_code != 0
    assert not (tmp_path / "out" / "worklist.csv").exists()  # nothing was written


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('recipients = ["age1nonsense"]', "no public key"),
        ("recipients = 3", "list of texts"),
        ('folders = ["inbox"]', "may name archive"),
        ('key = "secret"', "takes recipients and folders"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, section: str, said: str) -> None:
    home = make_home(tmp_path / "home")
    home.settings.write_text(f"[encryption]\n{section}\n")
    with pytest.raises(HomeError, match=said):
        prepare(home)


def test_disk_encryption_is_seen_through_volumes(tmp_path: Path) -> None:
    """The device of tmp_path, made up: a logical volume over a LUKS device."""
    number = tmp_path.stat().st_dev
    device = tmp_path / f"{os.major(number)}:{os.minor(number)}"
    luks = device / "slaves" / "dm-0" / "dm"
    assert disk_encrypted(tmp_path, tmp_path) is None
    luks.mkdir(parents=True)
    assert disk_encrypted(tmp_path, tmp_path) is False
    (luks / "uuid").write_text("CRYPT-LUKS2-0000\n")
    assert disk_encrypted(tmp_path, tmp_path) is True


def test_what_is_not_encrypted_is_said(home: Home) -> None:
    first, second = told(home)
    assert first.startswith(
        "Encrypted by shortpay: nothing; left to the disk: warehouse.duckdb, journal, archive"
    )
    assert "httpfs" in second


def test_a_published_file_in_the_clear_is_given_as_it_is(home: Home) -> None:
    with plain(home.published) as path:
        assert path == home.published
