"""`driftline check-config`, as somebody sees it who has just changed a settings file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import cli


def check(folder: Path, text: str) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error, without the folder."""
    (folder / "firm.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli, ["check-config", str(folder / "firm.toml")], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr.replace(f"{folder}/", "")


def test_a_sound_file_is_said_to_be_so_in_one_line(tmp_path: Path) -> None:
    assert check(tmp_path, "silent_s = 600") == (
        0,
        "ok: policy driftline-1, 12 rules, 7 brakes, 0 promises; other settings changed: 1\n",
        "",
    )


def test_every_mistake_has_its_line_and_the_file_is_refused(tmp_path: Path) -> None:
    text = "silent_s = 0\n[policy]\nversion = 'v'\nrule = [\n{ id = 'a', check = 'fresh' },\n{ id = 'a', check = 'frish' },\n]\n"
    code, said, complained = check(tmp_path, text)
    assert (code, said) == (2, "")
    lines = complained.splitlines()
    assert lines[0] == "firm.toml:1: silent_s: Expected `float` > 0.0"
    assert lines[-1] == "firm.toml:6: policy.rule[1].id: Expected an id of its own: policy.rule[0] is `a` too"
    assert lines[-2].startswith("firm.toml:6: policy.rule[1].check: Expected one of `operation`, ")
    assert lines[-2].endswith("got `frish`; did you mean `fresh`?")
    assert all(line.startswith("firm.toml:2: policy: Nobody asks `") for line in lines[1:-2])


@pytest.mark.parametrize("command", [["replay", "--config"], ["worker", "--broker", "nowhere:1", "--config"], ["policy", "show", "--config"]])  # fmt: skip
def test_a_file_with_mistakes_is_used_by_nobody(tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "firm.toml"
    file.write_text("silent_s = 0\nsilnt_s = 1\n", encoding="utf-8")
    more = [str(file)] if command[0] == "replay" else []
    result = CliRunner().invoke(cli, [*command, str(file), *more], catch_exceptions=False)
    assert result.exit_code == 2
    assert f"{file}:1: silent_s: Expected `float` > 0.0\n{file}:2: silnt_s: Expected no such key" in result.stderr
