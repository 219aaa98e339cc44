"""What every test may ask for: the data sets, laws that do not depend on how fast the machine is, and strict skips.

``--strict-skips`` (``make test STRICT=1``) turns every skip into a failure: a build that proves nothing must not pass.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from streams.engine.settings import EngineSettings
    from tests.kafka.broker import KafkaBroker

DATASETS_VARIABLE = "DRIFTLINE_DATASETS"
THREADS_END_SECONDS = 10.0

# No deadline: two busy cores say nothing about a law. On a build machine every run tries the same examples.
settings.register_profile("driftline", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("driftline")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--strict-skips``."""
    parser.addoption("--strict-skips", action="store_true", help="a skipped test or module is a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that was skipped, where skips are not allowed (an expected failure stays one).

    Beside a failure on the real broker stands where its log is.
    """
    report = yield
    broker = getattr(item, "funcargs", {}).get("kafka")
    if report.failed and broker is not None:
        report.sections.append(("Kafka", f"its log: {broker.log_file}"))
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


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """Fail a test that leaves a thread at work: it would disturb the tests after it, and they would be blamed."""
    before = set(threading.enumerate())
    yield
    deadline_s = time.monotonic() + THREADS_END_SECONDS
    while (left := [one for one in threading.enumerate() if one not in before]) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    if left:
        pytest.fail(f"the test left at work: {', '.join(one.name for one in left)}")


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


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A real Kafka broker for the whole session; skip where this machine cannot run one.

    Tests that stop it or pause it leave it running. A test that needs one of its own starts a `KafkaBroker` in its
    `tmp_path`.
    """
    from tests.kafka.needed import broker_or_skip

    with broker_or_skip(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def on_kafka(kafka: KafkaBroker, request: pytest.FixtureRequest) -> Callable[..., EngineSettings]:
    """Return a function that gives settings on the real broker, with topics and a group that are this test's alone."""
    from streams.engine.settings import EngineSettings

    readable = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:60]
    prefix = f"{readable}-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]}."

    def make(**others: Any) -> EngineSettings:
        given = {"broker": kafka.address, "topic_prefix": prefix, "group_id": f"{prefix}driftline", **others}
        return EngineSettings(**given)

    return make
