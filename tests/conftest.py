"""What every test may ask for: the data sets, laws that do not depend on how fast the machine is, and strict skips.

``--strict-skips`` (``make test STRICT=1``) turns every skip into a failure: a build that proves nothing must not pass.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

DATASETS_VARIABLE = "DRIFTLINE_DATASETS"

# No deadline: two busy cores say nothing about a law. On a build machine every run tries the same examples.
settings.register_profile("driftline", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("driftline")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--strict-skips``."""
    parser.addoption("--strict-skips", action="store_true", help="a skipped test or module is a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that was skipped, where skips are not allowed (an expected failure stays one)."""
    report = yield
    if item.config.getoption("strict_skips") and not hasattr(report, "wasxfail"):
        _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a module that was skipped whole, where skips are not allowed."""
    report = yield
    if collector.config.getoption("strict_skips"):
        _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skips are failures here (--strict-skips): {reason}"


@pytest.fixture(scope="session")
def datasets() -> Path:
    """Return the folder of the data sets; skip where its variable is not set, fail where it names no folder."""
    named = os.environ.get(DATASETS_VARIABLE)
    if not named:
        pytest.skip(f"{DATASETS_VARIABLE} is not set: it names the folder of the data sets")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{DATASETS_VARIABLE}={named} is not a folder")
    return folder
