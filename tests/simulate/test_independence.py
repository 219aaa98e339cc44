from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "streams" / "simulate"
ALLOWED = {
    "__future__", "argparse", "bisect", "collections", "contextlib", "dataclasses", "datetime", "decimal", "functools",
    "gzip", "heapq", "io", "itertools", "json", "math", "pathlib", "random", "sys", "typing",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_the_witness_shares_no_code_with_the_monitor() -> None:
    files = sorted(FOLDER.rglob("*.py"))
    assert len(files) > 10
    for path in files:
        strangers = {
            name
            for name in imported(path)
            if name.split(".")[0] not in ALLOWED and not name.startswith("streams.simulate")
        }
        assert not strangers, f"{path.name} imports {strangers}"
