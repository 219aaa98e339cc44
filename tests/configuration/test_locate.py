"""Where things stand in a TOML document, against what `tomllib` reads out of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given

from streams.configuration.locate import locate
from streams.configuration.mistakes import Path
from tests.configuration.documents import MARK, documents


def paths(plain: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the value of everything in a document."""
    entries = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in entries:
        yield (*path, key), value
        yield from paths(value, (*path, key))


@given(documents())
def test_everything_that_tomllib_reads_has_a_line_and_nothing_else_has(text: str) -> None:
    assert set(locate(text)) == {path for path, _ in paths(tomllib.loads(text))}


@given(documents())
def test_a_value_stands_where_the_text_has_its_mark(text: str) -> None:
    lines = locate(text)
    marked = {mark: number for number, line in enumerate(text.split("\n"), 1) for mark in MARK.findall(line)}
    for path, value in paths(tomllib.loads(text)):
        if not isinstance(value, (dict, list)) and (mark := MARK.match(str(value).replace(".", ""))):
            assert lines[path] == marked[mark[1]], path


@given(documents())
def test_a_table_stands_at_its_header_and_before_what_is_in_it(text: str) -> None:
    lines = locate(text)
    for path, line in lines.items():
        if path[-1] == "here":
            assert lines[path[:-1]] == line - 1


def test_the_line_of_each_way_to_write_a_rule() -> None:
    text = """\
# a policy
policy.version = "1"
[[policy.rule]]
id = "R1"

[[policy.rule]] # the second
brakes = [
  { alert = "a", reach = [
      "client" ] },
  # none here
  { alert = "b" },
]
[policy.rule.unplanned]
sweep = []
"""
    lines = locate(text)
    assert lines["policy",] == 2
    assert lines["policy", "rule"] == 3
    assert [lines["policy", "rule", number] for number in (0, 1)] == [3, 6]
    assert [lines["policy", "rule", 1, "brakes", number, "alert"] for number in (0, 1)] == [8, 11]
    assert lines["policy", "rule", 1, "brakes", 0, "reach", 0] == 9
    assert lines["policy", "rule", 1, "unplanned", "sweep"] == 14
