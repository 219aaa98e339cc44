"""What a trial of a policy comes to, as lines for people; of long lists the beginning."""

from __future__ import annotations

import json
from collections.abc import Iterator

from streams.cli.trial_outcome import Change, ChangedVerdict, Outcome, Told, Value, Verdict

SHOWN = 20


def lines(found: Outcome) -> list[str]:
    """Return what would change as lines for people; of long lists the first twenty."""
    now, then = ", ".join(found.policies_now), ", ".join(found.policies_then)
    return [
        f"Now: policy {now}. Then: policy {then}. {found.records:,} records, {found.movements:,} decided movements.",
        "",
        *_table("class", found.classes),
        *_table("action", found.actions),
        *_table("fails rule", found.rules),
        *_table("alerts", found.alerts),
        f"Newly automatic: {_worth(found.newly_automatic)}.",
        f"No longer automatic: {_worth(found.no_longer_automatic)}.",
        "",
        *_listed("Verdicts that change", [_changed_line(one) for one in found.changed]),
        *_listed("Violations that appear", [_told_line(one) for one in found.violations_appear]),
        *_listed("Violations that disappear", [_told_line(one) for one in found.violations_disappear]),
    ]


def _table(name: str, changes: tuple[Change, ...]) -> Iterator[str]:
    if not changes:
        return
    yield f"{name:<28}{'now':>10}{'then':>10}{'change':>10}"
    for change in changes:
        difference = change.then - change.now
        yield f"  {change.name:<26}{change.now:>10,}{change.then:>10,}{f'{difference:+,}' if difference else '':>10}".rstrip()
    yield ""


def _worth(value: Value) -> str:
    unpriced = f" ({value.unpriced:,} of them without a price)" if value.unpriced else ""
    return f"{value.movements:,} movements, {_grouped(value.usd)} USD{unpriced}"


def _grouped(usd: str) -> str:
    dollars, cents = usd.split(".")
    return f"{int(dollars):,}.{cents}"


def _listed(title: str, entries: list[str]) -> Iterator[str]:
    more = f", the first {SHOWN}" if len(entries) > SHOWN else ""
    yield f"{title}: {len(entries):,}{more}"
    yield from (f"  {_visible(entry)}" for entry in entries[:SHOWN])


def _changed_line(one: ChangedVerdict) -> str:
    who = one.client or "no client"
    worth = f" ({_grouped(one.usd)} USD)" if one.usd is not None else ""
    return f"{one.transfer_id} {one.op_type} of {who}, {one.amount} {one.asset}{worth}: {_short(one.now)} -> {_short(one.then)}"


def _short(verdict: Verdict) -> str:
    failed = ", ".join(failed.rule for failed in verdict.failed_rules)
    return f"{verdict.action} [{failed}]" if failed else verdict.action


def _told_line(one: Told) -> str:
    return f"{one.transfer_id or one.alert_id} at {one.opened_at}: {one.explanation[:300]}"


def _visible(entry: str) -> str:
    """Return an entry without signs that act on a terminal: what is in it came from outside."""
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in entry)
