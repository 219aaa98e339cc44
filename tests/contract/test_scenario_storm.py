"""A storm of late news: a source is cut off for eight hours, and then tells all of it at once."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.contract.broker import END, background
from tests.contract.firm import Firm
from tests.contract.names import HELD
from tests.contract.verdicts import examine
from tests.contract.ways import FACTS, Ways, stamp
from tests.contract.worlds import Line

AT = 4_000.0
BITCOIN_CHAIN = "chain:bip122:000000000019d6689c085ae165831e93"
CHAIN = "chain:eip155:1"
BEATS = Ways(heartbeat_s=60)


class Stormy(Firm):
    """A firm in which one source is cut off for eight hours."""

    cut: str = ""

    def heartbeats(self) -> Iterator[Line]:
        for line in super().heartbeats():
            if line[3]["of_source"] != self.cut or not 3_600 < line[0] < 33_000:
                yield line


@pytest.mark.parametrize("cut", ["fireblocks", "ledger", CHAIN, "oms"])
def test_s30_a_storm_of_late_news_is_told_once_and_explains_itself(cut: str) -> None:
    calm = background(BEATS)
    calm.until(36_000)
    dice = random.Random(30)
    firm = Stormy(BEATS)
    firm.cut = cut
    firm.lines = []
    for seen, number, topic, value in calm.numbered():
        late = seen
        if topic in FACTS and value["source"] == cut and seen > 3_600:
            late = 32_400 + dice.uniform(0, 500)
            if dice.random() < 0.03:
                again = late + dice.uniform(0, 60)
                firm.lines.append((again, number, topic, {**value, "observed_at": stamp(again)}))
        firm.lines.append((late, number, topic, {**value, "observed_at": stamp(late)}))
    verdict = examine(firm)
    story = verdict.one("source_silent", source=cut)
    assert 3_600 < story.opened <= 3_600 + 960
    assert story.over
    others = [one for one in verdict.loud(but=("source_silent",)) if one.worst in ("P1", "P2")]
    assert not others, "\n".join(map(repr, others))
    for place in HELD:
        for asset, total in calm.held(place, END).items():
            assert verdict.expected(place, asset) == total
