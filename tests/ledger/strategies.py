"""Made-up days at the desk: few places, few assets, small round amounts, so that things meet often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from streams.record import Record
from tests.ledger.oracle import STATUSES, Event, Oracle
from tests.ledger.wire import (
    HOUR,
    MINUTE,
    Sent,
    asset,
    control,
    posting,
    received,
    reference,
    snapshot,
    stamp,
    transfer,
)

DUST = {"BTC": "0.5", "ETH": "0"}
REFERENCES = [asset(code, dust) for code, dust in DUST.items()]
PLACES = ("hot", "venue", "bank")
AMOUNTS = st.sampled_from(["0", "0.25", "0.5", "1", "2", "2.5", "10"])
ASSETS = st.sampled_from(sorted(DUST))
STAGES = st.sampled_from(["broadcast", "completed", "completed", "failed", "returned", "reorged", "replaced"])
NOT_ARRIVED = "completed_but_3rd_party_failed"


@dataclass(frozen=True)
class Reports:
    """Some events that have happened, and nobody has heard of yet."""

    sent: tuple[Sent, ...]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # what hypothesis shows of a failure
        printer.text("\n".join(["", *(_told(event) for _, event in self.sent), ""]))

    def arrive(self, first_second: int = 2 * HOUR) -> list[Record]:
        """Return the records, a second apart, in this order."""
        return [received(one, first_second + index) for index, one in enumerate(self.sent)]

    def of(self, topic: str) -> list[Event]:
        return [event for sent_topic, event in self.sent if sent_topic == topic]

    def oracle(self) -> Oracle:
        return Oracle(self.of("transfers"), self.of("balances"), DUST)


def _told(event: Event) -> str:
    """Return an event as one short line, for the reader of a test that failed."""
    small = {
        "schema_version",
        "event_id",
        "source",
        "event_time",
        "as_of",
        "transfer_id",
        "op_type",
        "from",
        "to",
        "status",
    }
    rest = " ".join(f"{name}={value}" for name, value in event.items() if name not in small and value != 0)
    ends = (
        f"{event['from']['location']} > {event['to']['location']}" if "from" in event else event.get("as_of", "")[11:19]
    )
    return f"{event['event_time'][11:19]} {event['event_id']:6} {event.get('status', '')} {ends} {rest}"


@st.composite
def moments(draw: st.DrawFn) -> int:
    """Seconds within half an hour: minutes mostly, so that ties are common, and now and then a second beside one."""
    return draw(st.integers(0, 30)) * MINUTE + draw(st.sampled_from([0, 0, 0, 1, 3]))


@st.composite
def fees(draw: st.DrawFn) -> dict[str, Any]:
    """No fee, or one by any payer, in any asset."""
    if not draw(st.booleans()):
        return {}
    fee = {"fee_amount": draw(AMOUNTS), "fee_asset": draw(st.none() | ASSETS)}
    return {**fee, "fee_payer": draw(st.sampled_from([None, "sender", "deducted", "third_party"]))}


@st.composite
def ends(draw: st.DrawFn) -> tuple[str, str]:
    """Where a movement goes: between our places, over the border, or nowhere (a book transfer)."""
    origin, destination = draw(st.sampled_from([*PLACES, "external"])), draw(st.sampled_from([*PLACES, "external"]))
    return ("hot", destination) if origin == destination == "external" else (origin, destination)


@st.composite
def movements(draw: st.DrawFn, transfer_id: str) -> list[Sent]:
    """All reports of one movement: any stages, restated, repeated by other sources, undone and done again."""
    origin, destination = draw(ends())
    code, amount = draw(ASSETS), draw(AMOUNTS)
    sent = []
    for number in range(draw(st.integers(1, 6))):
        status = draw(STAGES | st.sampled_from(STATUSES))
        more: dict[str, Any] = draw(fees()) | {"asset": code, "revision": draw(st.sampled_from([0, 0, 0, 1, 2]))}
        if status == "completed":
            more["amount_delivered"] = draw(st.none() | AMOUNTS)
            more["sub_status"] = draw(st.sampled_from([None, None, None, "CONFIRMED", NOT_ARRIVED]))
        units = draw(st.just(amount) | AMOUNTS)
        event_id = f"{transfer_id}-{number}"
        sent.append(transfer(event_id, draw(moments()), transfer_id, status, origin, destination, units, **more))
    return sent


@st.composite
def balances(draw: st.DrawFn, number: int) -> list[Sent]:
    """A balance, restated once or not; the restatement names the same assets."""
    location, seconds = draw(st.sampled_from(PLACES)), draw(moments())
    codes = draw(st.lists(ASSETS, unique=True))
    same = {
        "snapshot_id": f"S{number}",
        "complete": draw(st.sampled_from([True, True, False])),
        "holding_kind": draw(st.sampled_from(["actual", "actual", "actual", "virtual", "pledged"])),
    }
    sent = []
    for revision in range(draw(st.sampled_from([1, 1, 2]))):
        totals = {code: draw(st.sampled_from(["0", "0.25", "1", "-1", "10"])) for code in codes}
        sent.append(snapshot(f"S{number}-{revision}", seconds, location, totals, **same, revision=revision))
    return sent


@st.composite
def halves_of_an_hour(draw: st.DrawFn, *, with_balances: bool = True) -> Reports:
    """Everything that happened in half an hour, in no particular order."""
    sent = [one for number in range(draw(st.integers(1, 4))) for one in draw(movements(f"T{number}"))]
    if with_balances:
        sent += [one for number in range(draw(st.integers(0, 5))) for one in draw(balances(number))]
    return Reports(tuple(sent))


@st.composite
def quiet_hours(draw: st.DrawFn) -> Reports:
    """One place that reports again and again the same, or nearly, while dust moves there."""
    sent = []
    for number in range(draw(st.integers(4, 12))):
        total = draw(st.sampled_from(["10", "10", "10", "10", "10.25", "9"]))
        sent.append(snapshot(f"S{number}", number * 2 * MINUTE, "hot", {"BTC": total}))
    for number in range(draw(st.integers(0, 4))):
        seconds, amount = (
            draw(st.integers(0, 12)) * 2 * MINUTE + MINUTE,
            draw(st.sampled_from(["0.25", "0.4", "0.5", "1"])),
        )
        origin, destination = draw(st.permutations(["hot", "external"]))
        sent.append(transfer(f"T{number}", seconds, f"T{number}", "completed", origin, destination, amount))
    return Reports(tuple(sent))


@st.composite
def shuffled(draw: st.DrawFn, reports: Reports, *, first: int = 0) -> Reports:
    """The same reports in another order; the first so many stay where they are."""
    return Reports((*reports.sent[:first], *draw(st.permutations(reports.sent[first:]))))


# --- A log of many days, with everything in it that can make the monitor speak. ---

GAPS = st.sampled_from([0, 0, 1, 60, 60, HOUR, 26 * HOUR])
LATENESS = st.sampled_from([0, 0, 1, 90, HOUR, 30 * HOUR, 80 * HOUR])
WORLD = [
    *(reference("location", f"ref-{place}", location=place, role=role) for place, role in zip(PLACES, ("hot", "venue", "bank"), strict=True)),
    reference("route", "ref-r1", asset="BTC", from_role="hot", to_role="venue", sla_s=600),
    reference("route", "ref-r2", asset="BTC", from_role="venue", to_role="bank", sla_s=60, p99_s=1200.5),
    reference("price", "ref-p", asset="BTC", usd="50000", as_of=stamp(0)),
    control("config", "config-1", settings={"horizon_days": 2, "quiet_s": 3600}),
]  # fmt: skip


class Log(list[Record]):
    """Records in order of arrival, each shown as one line."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # what hypothesis shows of a failure
        printer.text("\n".join(["", *(record.value.decode("utf-8", "replace") for record in self), ""]))


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log of some days on a two-day horizon: late, repeated, conflicting and broken records, and deadlines."""
    clock = 0
    records = [received(one, clock) for one in WORLD + REFERENCES[: draw(st.integers(0, 2))]]
    for number in range(draw(st.integers(5, 30))):
        clock += draw(GAPS)
        sent = draw(_anything(number, clock - draw(LATENESS)))
        records.append(sent if isinstance(sent, Record) else received(sent, clock))
    return Log(records)


@st.composite
def _anything(draw: st.DrawFn, number: int, seconds: int) -> Sent | Record:
    kind = draw(st.sampled_from(["transfer"] * 6 + ["balance"] * 5 + ["other"] * 3))
    event_id = f"e{draw(st.sampled_from([number, number, number, number // 2]))}"  # now and then one that was used
    if kind == "transfer":
        more = draw(fees()) | {"asset": draw(ASSETS), "revision": draw(st.sampled_from([0, 0, 1]))}
        transfer_id, (origin, destination) = f"T{draw(st.integers(0, 5))}", draw(ends())
        return transfer(event_id, seconds, transfer_id, draw(STAGES), origin, destination, draw(AMOUNTS), **more)
    if kind == "balance":
        totals = draw(st.dictionaries(ASSETS, st.sampled_from(["10", "10.25", "9.75", "3"]), max_size=2))
        return snapshot(event_id, seconds, draw(st.sampled_from(PLACES)), totals, complete=draw(st.booleans()))
    return draw(_others(event_id, seconds))


def _others(event_id: str, seconds: int) -> st.SearchStrategy[Sent | Record]:
    watermark = stamp(seconds - HOUR)
    value_date = stamp(seconds + 30 * HOUR)[:10]
    everything: list[Sent | Record] = [
        *REFERENCES,
        asset("XBT", "0.5", aliases=["BTC", "ETH"]),
        control("heartbeat", event_id, seconds, of_source="desk", watermark=watermark),
        control("tick", event_id, seconds),
        control(
            "thresholds", event_id, seconds, version=1, changes={"material_usd": 1000}, proposer="a", approver="b",
            effective_from=stamp(seconds + HOUR),
        ),
        posting(event_id, seconds, transfer_id="T1", value_date=value_date),
        posting(event_id, seconds, transfer_id="T9", value_date=value_date, asset="ETH"),
        transfer(event_id, seconds + 20 * MINUTE, "T2", "completed", "hot", "venue", "1"),
        snapshot(event_id, seconds, "hot", {"BTC": "10", "DOGE": "1", "SHIB": "2"}),
        Record("transfers", b'{"schema_version": 1'),
        Record("", b"\xff\xfe"),
    ]  # fmt: skip
    return st.sampled_from(everything)
