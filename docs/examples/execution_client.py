"""An execution system that acts on Driftline's decisions: release a movement, ask a person, or wait.

It needs confluent-kafka and nothing of Driftline's. `Verdicts` is all that it must know about the topic, `next_step` all
that it must know about a verdict, `Desk` what it keeps itself so that nothing is released twice. Started with a broker
it reads topic `decisions` and prints what it would do:

    python docs/examples/execution_client.py localhost:9092
"""

from __future__ import annotations

import json
import sys
from typing import Literal, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

Step = Literal["release", "person", "wait"]
STEPS: dict[str, Step] = {"auto_approve": "release", "review": "person", "hold": "wait"}
TIMEOUT_S = 30.0  # so long a request waits for its first decision before people are asked
REQUEST_S = 10.0


class Decision(NamedTuple):
    """One record of the topic, as far as an execution system needs it; `why` is for people to read."""

    transfer_id: str
    seq: int
    action: str
    why: tuple[str, ...] = ()
    policy_version: str = ""


def read_decision(raw: bytes) -> Decision | None:
    """Return what a record says, None where it cannot be read."""
    try:
        value = json.loads(raw)
        why = tuple(f"{failed['rule']}: {failed['why']}" for failed in value["failed_rules"])
        transfer_id, seq = value["transfer_id"], value["seq"]
        decision = Decision(transfer_id, seq, str(value["action"]), why, value["policy_version"])
    except (ValueError, KeyError, TypeError):
        return None
    return decision if isinstance(transfer_id, str) and isinstance(seq, int) else None


class Verdicts:
    """The newest decision on each movement: the one with the highest seq, in whatever order and however often they come."""

    def __init__(self) -> None:
        self._newest: dict[str, Decision] = {}

    def take(self, decision: Decision) -> bool:
        """Keep a decision if it is newer than what is known; say whether it was."""
        known = self._newest.get(decision.transfer_id)
        if known is not None and decision.seq <= known.seq:
            return False
        self._newest[decision.transfer_id] = decision
        return True

    def of(self, transfer_id: str) -> Decision | None:
        return self._newest.get(transfer_id)

    def forget(self, transfer_id: str) -> None:
        """The movement has ended: nothing that is said of it matters any more."""
        self._newest.pop(transfer_id, None)


def next_step(decision: Decision | None, waited_s: float, timeout_s: float = TIMEOUT_S) -> Step:
    """Return what follows for a request that has waited so long. Silence, and what is not understood, is for people."""
    if decision is None:
        return "person" if waited_s >= timeout_s else "wait"
    return STEPS.get(decision.action, "person")


class Desk:
    """The requests that wait here, and what was last done about each; a real one keeps this in its own database."""

    def __init__(self, verdicts: Verdicts, timeout_s: float = TIMEOUT_S) -> None:
        self._verdicts, self._timeout_s = verdicts, timeout_s
        self._since_s: dict[str, float] = {}
        self._done: dict[str, Step] = {}

    def asked(self, transfer_id: str, now_s: float) -> None:
        """Somebody asks for a movement; asking again changes nothing."""
        self._since_s.setdefault(transfer_id, now_s)

    def steps(self, now_s: float) -> list[tuple[str, Step]]:
        """Return what is new to be done. `release` is said once, and nothing after it."""
        fresh: list[tuple[str, Step]] = []
        for transfer_id, since_s in self._since_s.items():
            done = self._done.get(transfer_id, "wait")
            step = next_step(self._verdicts.of(transfer_id), now_s - since_s, self._timeout_s)
            if step != done and done != "release":
                self._done[transfer_id] = step
                fresh.append((transfer_id, step))
        return fresh

    def may_leave(self, transfer_id: str) -> bool:
        """Ask once more right before signing: a hold may have come since it was released."""
        return next_step(self._verdicts.of(transfer_id), 0.0) == "release"


class Inbox:
    """Topic `decisions` from its beginning. Act only once `caught_up`: until then an old verdict may be the newest read."""

    def __init__(self, broker: str, verdicts: Verdicts, topic: str = "decisions") -> None:
        options = {"group.id": "execution", "enable.auto.commit": False, "enable.partition.eof": True,
                   "isolation.level": "read_committed"}  # fmt: skip
        self._verdicts = verdicts
        self._consumer = Consumer({"bootstrap.servers": broker, **options})
        # It takes every partition itself and commits nothing: after a restart it must know every verdict again.
        self._behind = set(self._consumer.list_topics(topic, timeout=REQUEST_S).topics[topic].partitions)
        self._consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in sorted(self._behind)])

    @property
    def caught_up(self) -> bool:
        return not self._behind

    def poll(self, seconds: float = 0.05) -> list[Decision]:
        """Return what is new; raise `KafkaException` where the broker refuses."""
        news: list[Decision] = []
        for message in self._consumer.consume(1_000, seconds):
            if (problem := message.error()) is not None:
                if problem.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(problem)
                self._behind.discard(message.partition())
            elif (decision := read_decision(message.value() or b"")) is None:
                print(f"cannot be read, and so for people: {message.value()!r:.200}", file=sys.stderr)
            elif self._verdicts.take(decision):
                news.append(decision)
        return news

    def close(self) -> None:
        self._consumer.close()


def main(broker: str) -> None:
    """Print the step that follows from each decision, until interrupted."""
    inbox = Inbox(broker, Verdicts())
    try:
        while True:
            for decision in inbox.poll(0.2):
                said = "; ".join(decision.why) or "every rule holds"
                print(f"{decision.transfer_id} #{decision.seq} {next_step(decision, 0.0)} ({said})", flush=True)
    except KeyboardInterrupt:
        inbox.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost:9092")
