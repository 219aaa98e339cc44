"""The jars of the broker are those whose hashes are committed; a machine without Java or Maven is told what is missing."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.kafka import jars
from tests.kafka.jars import NoKafkaError, check_hashes, kafka_jars


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of two jars whose hashes are known."""
    made, lines = tmp_path / "jars", []
    made.mkdir()
    for name in ("one.jar", "two.jar"):
        (made / name).write_bytes(name.encode())
        lines.append(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n")
    hashes = tmp_path / "jars.sha256"
    hashes.write_text("".join(lines), "utf-8")
    monkeypatch.setattr(jars, "HASHES", hashes)
    return made


def test_the_known_jars_pass(folder: Path) -> None:
    check_hashes(folder)


@pytest.mark.parametrize("harm", ["changed", "missing", "added"])
def test_a_jar_that_is_not_the_known_one_is_refused(folder: Path, harm: str) -> None:
    if harm == "changed":
        (folder / "two.jar").write_bytes(b"something else")
    elif harm == "missing":
        (folder / "two.jar").unlink()
    else:
        (folder / "three.jar").write_bytes(b"")
    with pytest.raises(AssertionError, match="three.jar" if harm == "added" else "two.jar"):
        check_hashes(folder)


def test_every_pinned_jar_has_a_hash_and_the_versions_are_those_of_the_pom() -> None:
    names = [line.split()[1] for line in jars.HASHES.read_text("utf-8").splitlines()]
    pom = jars.POM.read_text("utf-8")
    assert "<version>4.3.0</version>" in pom
    assert {"kafka_2.13-4.3.0.jar", "kafka-clients-4.3.0.jar", "slf4j-simple-1.7.36.jar"} <= set(names)


@pytest.mark.parametrize(("missing", "said"), [("java", "there is no java"), ("mvn", "there is no mvn")])
def test_what_is_missing_is_named(missing: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(jars.JARS_VARIABLE, raising=False)
    monkeypatch.setattr(jars, "CACHE", tmp_path)
    monkeypatch.setattr(jars, "_check_java", jars._check_java if missing == "java" else lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NoKafkaError, match=said):
        kafka_jars()


def test_a_named_folder_without_kafka_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_check_java", lambda: None)
    monkeypatch.setenv(jars.JARS_VARIABLE, str(tmp_path))
    with pytest.raises(NoKafkaError, match=r"holds no kafka_2\.13"):
        kafka_jars()
    (tmp_path / "kafka_2.13-4.3.0.jar").touch()
    assert kafka_jars() == tmp_path
