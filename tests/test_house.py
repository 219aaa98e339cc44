"""The house rules, proved: locked libraries, a package that holds the four rooms, clean code, and nothing of the yard.

The lint commands run here too, so that ``make test`` alone says whether a change may be committed.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
LINT_COMMANDS = ("ruff format --check .", "ruff check .", "mypy", "lint-imports")

PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.]+)(?: ; (?P<marker>[a-z_]+ [!=]= '\w+'))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?P<more> \\)?")

# Names are built from parts, so that this file does not hold what it forbids.
LANGUAGE = "python"
PACKAGE_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        (f"{LANGUAGE}hosted", "org"),
        ("anaconda", "org"),
        ("jfrog", "io"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("maven", "org"),
        ("maven", "apache", "org"),
        ("crates", "io"),
    )
)
MACHINE_PATH = re.compile(r"""(?<![\w.~)}-])/(?:work|tmp|root|home|Users)(?=[/"'`\s]|$)|[A-Z]:\\Users""", re.MULTILINE)
CACHES = {".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
GENERATED = CACHES | {".git", ".kafka-jars", ".venv", ".venv-lock", "build", "dist"}


def pins(lock_text: str) -> dict[str, str]:
    """Return name to version of a lock; assert that each line is a pin or the hash of one, and each pin has a hash."""
    found: dict[str, str] = {}
    hash_due = False
    for line in lock_text.splitlines():
        if hash_due:
            hashed = HASH.fullmatch(line)
            assert hashed, f"a hash is due, not: {line}"
            hash_due = hashed["more"] is not None
        else:
            pin = PIN.fullmatch(line)
            assert pin, f"neither a pin nor a hash: {line}"
            found[pin["name"]] = pin["version"]
            hash_due = True
    assert not hash_due, "the last pin lacks a hash"
    return found


def direct(requirements: list[Any]) -> dict[str, str]:
    """Return name to version of the requirements written in pyproject.toml, all of which are exact."""
    return dict(text.split("==") for text in requirements if isinstance(text, str))


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def committed_files() -> Iterator[Path]:
    """Yield what is or would be committed; without git, every file that no tool made."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (FileNotFoundError, subprocess.CalledProcessError):
        paths = [path for path in ROOT.rglob("*") if not GENERATED & set(path.relative_to(ROOT).parts)]
    yield from (path for path in paths if path.is_file())


def traces(text: str) -> list[str]:
    """Return the package hosts and machine paths that a text names."""
    lowered = text.lower()
    return [host for host in PACKAGE_HOSTS if host in lowered] + MACHINE_PATH.findall(text)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(name: str) -> None:
    assert len(pins((ROOT / name).read_text("utf-8"))) > 20


@pytest.mark.parametrize(
    "line",
    ["--index-url x", "numpy==1", "numpy>=1 \\", "numpy==1 \\\nrich==1 \\", "x @ file", "# from a.b"],
)
def test_a_lock_line_without_a_hash_or_with_a_source_is_refused(line: str) -> None:
    with pytest.raises(AssertionError):
        pins(line)


def test_the_locks_hold_what_the_project_asks_for() -> None:
    runtime, dev = (pins((ROOT / name).read_text("utf-8")) for name in LOCKS)
    config = project()
    groups = config["dependency-groups"]
    assert direct(config["project"]["dependencies"]).items() <= runtime.items()
    assert (direct(groups["build"]) | direct(groups["dev"])).items() <= dev.items()
    assert direct(config["build-system"]["requires"]).items() <= dev.items()
    assert runtime.items() <= dev.items(), "tests must run on the libraries that users get"


def test_no_file_names_a_package_host_or_a_machine_path() -> None:
    found = {
        str(path.relative_to(ROOT)): named
        for path in committed_files()
        if (named := traces(path.read_bytes().decode("utf-8", "replace")))
    }
    assert found == {}


@pytest.mark.parametrize("parts", [("https://files.python", "hosted.org/x"), ("cd /wo", "rk/x"), ("'/t", "mp'")])
def test_a_trace_is_found(parts: tuple[str, str]) -> None:
    assert traces("".join(parts))


@pytest.mark.parametrize("text", ["docs/plans/plan.md", "${x}/home/", "a/tmp/b", "/opt/kafka/bin"])
def test_a_relative_path_is_no_trace(text: str) -> None:
    assert traces(text) == []


@pytest.mark.parametrize("command", LINT_COMMANDS)
def test_the_code_is_clean(command: str) -> None:
    program, *options = command.split()
    scripts = Path(sysconfig.get_path("scripts"))
    done = subprocess.run([scripts / program, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"


def test_make_lint_runs_the_same_commands() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\nlint:")[1].split("\n\n")[0]
    assert [line.strip().removeprefix("$(BIN)/") for line in recipe.splitlines()[1:]] == list(LINT_COMMANDS)


def test_the_wheel_holds_the_four_rooms_and_the_command(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert b"driftline = streams.cli:main" in archive.read(entry_points)
    info = f"driftline-{project()['project']['version']}.dist-info"
    assert {name.split("/")[0] for name in names} == {"alerts", "ledger", "models", "streams", info}


def test_the_licence_is_the_whole_of_apache_2() -> None:
    known = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == known


SKIPPING = {
    "a test": "import pytest\ndef test_it():\n    pytest.skip('no broker here')\n",
    "a module": "import pytest\npytest.skip('no broker here', allow_module_level=True)\n",
}


@pytest.mark.parametrize("source", SKIPPING.values(), ids=SKIPPING)
def test_strict_skips_fail_and_say_why(pytester: pytest.Pytester, source: str) -> None:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makepyfile(source)
    assert pytester.runpytest_inprocess().ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    strict = pytester.runpytest_inprocess("--strict-skips")
    assert strict.ret not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    strict.stdout.fnmatch_lines(["*skips are failures here*no broker here*"])


def test_strict_skips_leave_expected_failures_alone(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makepyfile("import pytest\n@pytest.mark.xfail\ndef test_it():\n    raise ValueError\n")
    pytester.runpytest_inprocess("--strict-skips").assert_outcomes(xfailed=1)


@pytest.mark.parametrize(
    ("named", "outcome", "said"),
    [
        (None, "skipped", "*DRIFTLINE_DATASETS is not set*"),
        ("nowhere", "errors", "*DRIFTLINE_DATASETS=nowhere is not*"),
    ],
)
def test_the_data_sets_say_why_they_are_missing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, named: str | None, outcome: str, said: str
) -> None:
    monkeypatch.delenv("DRIFTLINE_DATASETS", raising=False)
    if named:
        monkeypatch.setenv("DRIFTLINE_DATASETS", named)
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makepyfile("def test_it(datasets):\n    assert datasets.is_dir()\n")
    result = pytester.runpytest_inprocess("-ra")
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines([said])
