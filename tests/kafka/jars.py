"""The jars of Apache Kafka: fetched once with Maven into a folder that git ignores, each file held to its hash.

``DRIFTLINE_KAFKA_JARS`` names another folder of jars, such as the `libs` of an installed Kafka.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

JARS_VARIABLE = "DRIFTLINE_KAFKA_JARS"
JAVA_VERSION_MIN = 17
HERE = Path(__file__).parent
POM, HASHES = HERE / "pom.xml", HERE / "jars.sha256"
CACHE = HERE.parents[1] / ".kafka-jars"
FETCH_SECONDS = 110
FETCH_ATTEMPTS = 2  # both together within the time of a test


class NoKafkaError(Exception):
    """A real broker cannot be started on this machine; the text says what is missing."""


def kafka_jars() -> Path:
    """Return the folder of the jars, fetching them where they are not there; raise `NoKafkaError` where that fails."""
    _check_java()
    named = os.environ.get(JARS_VARIABLE)
    if named:
        return _named(Path(named))
    pinned = hashlib.sha256(POM.read_bytes() + HASHES.read_bytes()).hexdigest()
    folder = CACHE / pinned[:12]
    if not folder.is_dir():
        _fetch(folder)
    return folder


def _named(folder: Path) -> Path:
    if not any(folder.glob("kafka_2.13-*.jar")):
        raise NoKafkaError(f"{JARS_VARIABLE}={folder} holds no kafka_2.13-*.jar")
    return folder


def _check_java() -> None:
    java = shutil.which("java")
    if java is None:
        raise NoKafkaError(f"there is no java: install Java {JAVA_VERSION_MIN} or later")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_VERSION_MIN:
        raise NoKafkaError(f"Java {JAVA_VERSION_MIN} or later is needed, and this is {said.splitlines()[:1]}")


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafkaError(f"there is no mvn to fetch Kafka with: install Maven, or name its jars in {JARS_VARIABLE}")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as unfinished:
        jars = Path(unfinished) / "jars"
        _run(maven, jars)
        check_hashes(jars)
        try:
            jars.rename(folder)
        except OSError:  # another run of the tests was there first, and its jars have passed the same check
            if not folder.is_dir():
                raise


def _run(maven: str, jars: Path) -> None:
    command = [maven, "-B", "-q", "--strict-checksums", "-f", str(POM), "dependency:copy-dependencies"]
    said = ""
    for _ in range(FETCH_ATTEMPTS):
        try:
            done = subprocess.run(
                [*command, f"-DoutputDirectory={jars}"],
                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=FETCH_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            said = f"nothing within {FETCH_SECONDS} s"
            continue
        if done.returncode == 0:
            return
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr)
    raise NoKafkaError(f"Maven cannot fetch Kafka: {said}")


def check_hashes(folder: Path) -> None:
    """Fail where the folder holds anything but the files whose hashes are committed."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    pinned = {name: digest for digest, name in map(str.split, HASHES.read_text("utf-8").splitlines())}
    wrong = sorted(name for name, _ in found.items() ^ pinned.items())
    assert not wrong, f"these jars are not those of {HASHES.name}: {', '.join(dict.fromkeys(wrong))}"
