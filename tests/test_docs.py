"""What the documents show is what the product does: examples run, commands and settings are named."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from click.testing import CliRunner

from streams.cli import COMMANDS, cli
from streams.monitor import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_the_replay_in_the_readme_prints_what_the_readme_shows() -> None:
    shown = re.search(r"\$ driftline (replay docs/examples/\S+)\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    example = shown[1].replace("docs/", f"{ROOT}/docs/")
    result = CliRunner().invoke(cli, example.split())
    assert result.exit_code == 0
    assert result.stdout.rstrip() == shown[2].rstrip()


def test_every_command_is_documented() -> None:
    named = set(re.findall(r"`driftline ([a-z-]+)", OPERATING))
    assert named >= set(COMMANDS)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", OPERATING, re.MULTILINE))
    assert rows.keys() == set(Settings.__struct_fields__)
    defaults = msgspec.structs.asdict(Settings())
    assert rows.pop("policy") == defaults.pop("policy").version
    assert (rows.pop("shards"), defaults.pop("shards")) == ("none", ())
    assert {name: float(value) for name, value in rows.items()} == {name: float(v) for name, v in defaults.items()}


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
