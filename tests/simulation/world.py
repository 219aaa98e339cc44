"""A simulated world: a broker, workers that come, go, hang and die, and a seed that says what happens next.

First a while in which everything may go wrong, then quiet: whoever is there goes on undisturbed until all is done. The
same seed is the same world, to the last step, so a failure is replayed by its number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from ledger.times import to_text
from streams.engine.bookmarks import Partition
from streams.engine.settings import Clock
from tests.simulation.clients import Producer, belonging_to
from tests.simulation.group import Group
from tests.simulation.judge import WrongError
from tests.simulation.loop import Died
from tests.simulation.machine import Machine
from tests.simulation.oracle import Oracle
from tests.simulation.process import Process
from tests.simulation.routes import Route, router

BEGIN_US = 1_700_000_000_000_000
STEPS = 330  # in which things may go wrong
QUIET_TURNS = 400  # in which all must be done after that
LONG_STEPS = 60  # that an answer may take now and then
POWER_CUTS = 0.3  # so often the trouble ends with one
LAST_WORDS = 0.2  # so often one that has left the group ends after a step of its own
STARTING_US = 1_000  # the last tick of one that is gone may be in some of the logs only: the next one says more
TRACED = 60
REFUSED = "another shard map"
EXPECTED = ("another worker holds", "was not confirmed", REFUSED)  # of the ends of a worker
TEMPERS = (
    (),
    ("_shut_out", "_notice", "_rebalance"),
    ("_rebalance", "_clog"),
    ("_crash", "_crash_soon"),
    ("_rebalance",),
)
SHARDS = (1, 2, 3)
IN_A_THREAD = ("open.", "transaction.")  # the crash points that a thread reaches, while the event loop goes on
INPUTS = ([("transfers", 0)], [("transfers", 0), ("balances", 0)], [("transfers", 0), ("transfers", 1), ("ledger", 0)])


@dataclass(slots=True)
class Outcome:
    """How a seed ended; `wrong` says what must not be, and `trace` what happened before."""

    seed: int
    wrong: str | None
    trace: list[str]
    counts: dict[str, int] = field(default_factory=dict)


class World:
    """One seed."""

    def __init__(self, seed: int, new_machine: Callable[[int], Any] = Machine) -> None:
        self.seed, self._new_machine = seed, new_machine
        self.rng = rng = Random(seed)
        self.now_us = BEGIN_US
        self.clock: Clock = "events" if seed % 5 == 4 else "ticks"
        self.shards = rng.choice(SHARDS)
        self.route = self.router()
        self.oracle = Oracle(self.inputs(), self.shards, self.route)
        self.oracle.expect(new_machine, self.clock)
        self.broker = self.oracle.broker
        self.group = Group([*self.broker.inputs, *self.broker.logs], rng)
        self.processes: list[Process] = []
        self.running: Process
        self._gone: list[Producer] = []  # of processes that are no more
        self._depth = self._started = self._events = 0
        self.may_fail = True
        self._processes_max = 1 if self.clock == "events" else rng.choice((1, 2, 2, 3))
        self._trouble = rng.choice((0.0, 0.02, 0.2))
        self._silent_from = rng.choice((STEPS, STEPS, STEPS // 2))  # the inputs are: what is wrong then, nothing mends
        self._is_silent = False
        self._slow = rng.choice((None, None, *self.broker.logs)) if self.shards > 1 else None  # its leader is slow
        self._trace: list[tuple[int, str, str]] = []
        self._took = {"crashes": 0, "ends": 0, "rebalances": 0, "refused": 0}
        self._actions = self._choose_actions()

    def _choose_actions(self) -> list[tuple[float, Callable[[], object]]]:
        """Weigh what may happen; each world has its own temper."""
        rng = self.rng
        misfortune, temper = rng.choice((0.5, 1.0, 2.0, 4.0)), rng.choice(TEMPERS)
        weights: list[tuple[float, Callable[[], object]]] = [
            (60, self._work),
            (rng.choice((4, 12, 25)), self._network),
            (rng.choice((1, 4, 8)), self._feed),
            (4, self.group.begin),
        ]
        troubles = (
            self._start, self._crash, self._crash_soon, self._shut_out, self._notice, self._rebalance,
            self._compact, self._away, self._clog, self._expire, self._start_with_another_map, self._told_to_end,
        )  # fmt: skip
        weights += [
            (misfortune * rng.choice((0.0, 0.15, 0.3)) * (4.0 if trouble.__name__ in temper else 1.0), trouble)
            for trouble in troubles
        ]
        weights.append((0.5, self._start))
        total = sum(weight for weight, _ in weights)
        reached, cumulated = 0.0, []
        for weight, action in weights:
            reached += weight / total
            cumulated.append((reached, action))
        return cumulated

    def inputs(self) -> list[Partition]:
        """Return the partitions that are fed."""
        return INPUTS[self.rng.randrange(3)]

    def router(self) -> Route:
        """Return what says to which shards a record belongs."""
        return router(self.shards, lopsided=self.rng.random() < 0.3)

    def configuration(self) -> dict[str, Any]:
        """Return the settings that a process is started with: now and then other ones, but for the map of the shards."""
        map_ = {"shards": [{"shard": shard} for shard in range(self.shards)]} if self.shards > 1 else {}
        return {"grace_seconds": self.rng.choice((30, 30, 30, 60)), **map_}

    def machine(self, shard: int) -> Any:
        """Return a machine for a process that starts."""
        machine = self._new_machine(shard)
        if isinstance(machine, Machine):
            machine.meanwhile = partial(self.meanwhile, 0.5)
        return machine

    def seconds(self) -> float:
        return self.now_us / 1_000_000

    # --------------------------------------------------------------------------------------------------- a whole world

    def run(self) -> Outcome:
        """Live through it and say how it ended."""
        wrong = None
        with belonging_to(self):
            try:
                self._start()
                for step in range(STEPS):
                    self._is_silent = step >= self._silent_from
                    self._step()
                if self.rng.random() < POWER_CUTS:
                    self._power_cut()
                self._be_quiet()
            except WrongError as found:
                wrong = str(found)
            finally:
                for process in self.processes:
                    process.is_dead = True
                    process.loop.end()
        trace = [f"{(at - BEGIN_US) / 1000:10.1f} ms  {who:3} {what}" for at, who, what in self._trace[-TRACED:]]
        return Outcome(self.seed, wrong, trace, {**self.oracle.counts, **self._took, "log": sum(self.oracle.ends())})

    def _step(self) -> None:
        self.now_us += 100 + int(self.rng.random() * 20_000)
        chosen = self.rng.random()
        for reached, action in self._actions:
            if chosen < reached:
                action()
                return

    def _be_quiet(self) -> None:
        """Let nothing more go wrong, and time stand still once the inputs do."""
        self.may_fail = False
        self.broker.is_away = False
        self.note("-", "quiet")
        for process in self.processes:
            process.crash_at = 0
            for producer in process.producers:
                producer.is_clogged = False
        for process in list(self.group.shut_out):
            self.group.notice(process)
        if not self.processes:
            self._start()
        for _ in range(QUIET_TURNS):
            self._turn()
            if not self.oracle.unfinished(self.now_us):
                self.oracle.check_whole()
                return
        raise WrongError("it does not come to an end: " + "; ".join(self.oracle.unfinished(self.now_us)))

    def _turn(self) -> None:
        """Let everybody get on by what can be done at once."""
        if not self.processes:
            self.now_us += STARTING_US
            self._start()
        for process in list(self.processes):
            self._let(process, process.loop.turn)
        for producer in [producer for process in self.processes for producer in process.producers] + self._gone:
            for place in producer.busy():
                producer.send(place, len(producer.queues[place]))
            producer.answer(len(producer.unanswered))
        self._gone.clear()
        self.group.begin()

    # ------------------------------------------------------------------------------------------- what may happen next

    def _work(self) -> None:
        """Let a process go on by a step or a few."""
        if not self.processes:
            return
        process = self.processes[int(self.rng.random() * len(self.processes))]
        steps, may_work = 1 + int(self.rng.random() * 6), not self.broker.is_away and self._depth < 2
        self._let(process, lambda: process.loop.go_on(self.rng, steps, may_work=may_work))

    def _let(self, process: Process, get_on: Callable[[], None]) -> None:
        before = getattr(self, "running", process)
        self.running = process
        try:
            get_on()
        finally:
            self.running = before
        if self.oracle.found is not None:
            raise self.oracle.found
        if process.failure is not None and not process.is_dead:
            self._failed(process, process.failure)
        elif process.has_left and not process.is_dead and self.rng.random() < LAST_WORDS:
            self.note(process.name, "has ended")
            self._end(process, "ends")

    def _failed(self, process: Process, failure: str) -> None:
        self.note(process.name, f"fails: {failure}")
        if process.is_refused != (REFUSED in failure) or not any(expected in failure for expected in EXPECTED):
            raise WrongError(f"{process.name} fails: {failure}")
        self._took["refused"] += process.is_refused
        self._end(process)

    def _network(self) -> None:
        """Bring a few records of one producer to the broker, or a few answers back."""
        if self.broker.is_away:
            return
        producers = [producer for process in self.processes for producer in process.producers] + self._gone
        if not producers:
            return
        producer = producers[int(self.rng.random() * len(producers))]
        busy = producer.busy()
        if busy and self.rng.random() < 0.6:
            place = busy[int(self.rng.random() * len(busy))]
            if place != self._slow or self.rng.random() < 0.1:
                producer.send(place, self.rng.randint(1, len(producer.queues[place])))
        if producer.unanswered:
            producer.answer(self.rng.randint(1, len(producer.unanswered)))
        if producer.process.is_dead and not busy:
            self._gone.remove(producer)

    def _feed(self) -> None:
        if not self._is_silent:
            self.feed()

    def feed(self) -> None:
        """Something happens in the world and is written to its topic."""
        topic, partition = self.rng.choice(self.broker.inputs)
        for _ in range(self.rng.choice((1, 1, 3, 15))):
            self._events += 1
            self.now_us += 10
            self.broker.append(topic, partition, self._event(f"{topic}.{partition}"))

    def _event(self, source: str) -> bytes | None:
        luck = self.rng.random()
        if luck < 0.03:
            return b"not JSON" if luck < 0.02 else None
        at_us = self.now_us + 10**14 if luck > 0.98 and self.clock == "ticks" else self.now_us
        number = self._events if luck < 0.95 else self.rng.randint(1, self._events)  # some are told twice
        event = f"{source}.{number // 16}-{number}"
        amount = 7 * (number % 5) - 14
        return b'{"event_id":"%s","observed_at":"%s","key":"k%d","amount":%d}' % (
            event.encode(), to_text(at_us).encode(), number % 7, amount,
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------------- what goes wrong

    def _start(self, **changes: Any) -> None:
        if len(self.processes) < self._processes_max and not (self.clock == "events" and self.group.shut_out):
            self._started += 1
            name = f"w{self._started}"
            self.note(name, f"starts{' with another map' if changes else ''}")
            self.running = self.processes[0] if self.processes else None  # type: ignore[assignment]  # nobody asks between two worlds
            process = Process(self, name, {**self.configuration(), **changes}, is_refused=bool(changes))
            self.processes.append(process)

    def _start_with_another_map(self) -> None:
        """Somebody has changed the map of the shards; of a log that is not begun nobody knows a map."""
        if any(self.oracle.ends()):
            self._start(shards=[{"shard": shard} for shard in range(self.shards)[1:]] + [{"shard": 0}] * 2)

    def _any(self, among: list[Process]) -> Process | None:
        return self.rng.choice(among) if among else None

    def _crash(self) -> None:
        if process := self._any(self.processes):
            self.note(process.name, "crashes")
            self._end(process)

    def _power_cut(self) -> None:
        """All crash at once; at the end of all trouble nothing comes after it that could set anything right."""
        self.note("-", "power cut")
        for process in list(self.processes):
            self._end(process)

    def _told_to_end(self) -> None:
        process = self._any([one for one in self.group.members if one.is_in_group and not one.is_ending])
        if process is not None:
            self.note(process.name, "is told to end")
            process.loop.start(process.end())

    def _crash_soon(self) -> None:
        if process := self._any(self.processes):
            process.crash_at = self.rng.randint(1, 40)

    def _end(self, process: Process, how: str = "crashes") -> None:
        self._took[how] += 1
        process.die()
        self.processes.remove(process)
        self._gone += process.producers
        if process in self.group.shut_out:
            self.group.shut_out.remove(process)
        self.group.leave(process)

    def _shut_out(self) -> None:
        if process := self._any(self.group.members):
            self.note(process.name, "is shut out and does not know")
            self.group.shut(process)

    def _notice(self) -> None:
        if process := self._any(self.group.shut_out):
            self.note(process.name, "hears that it is shut out")
            self.group.notice(process)

    def _rebalance(self) -> None:
        if self.group.members:
            self._took["rebalances"] += 1
            self.note("-", "rebalance")
            self.group.unsettle()

    def _compact(self) -> None:
        self.note("-", "compaction")
        self.broker.compact()

    def _away(self) -> None:
        self.broker.is_away = not self.broker.is_away
        self.note("-", "the broker is away" if self.broker.is_away else "the broker is back")

    def _clog(self) -> None:
        if (process := self._any(self.processes)) and process.producers:
            producer = process.producers[0]
            producer.is_clogged = not producer.is_clogged
            self.note(process.name, "cannot send more" if producer.is_clogged else "can send again")

    def _expire(self) -> None:
        if (process := self._any(self.processes)) and process.producers and (busy := process.producers[0].busy()):
            process.producers[0].expire(busy[0])

    # ----------------------------------------------------------------------------------------- what the clients call

    def meanwhile(self, long: float = 0.1) -> None:
        """Let the rest of the world go on while a thread waits for an answer; `long` says how likely that takes long."""
        process = self.running
        if self.may_fail and self._depth < 2 and self.rng.random() < 0.3:
            self._depth += 1
            try:
                longest = 5 if self._depth > 1 or self.rng.random() >= long else LONG_STEPS
                for _ in range(1 + int(self.rng.random() * longest)):
                    self._step()
            finally:
                self._depth -= 1
                self.running = process
        if process.is_dead:
            raise Died

    def trouble(self) -> str:
        """Say what goes wrong between a question and its answer, if anything."""
        if not self.may_fail or self.rng.random() >= self._trouble:
            return ""
        return self.rng.choice(("lost question", "lost answer", "refused"))

    def reached(self, name: str) -> None:
        """A crash point is reached."""
        process = self.running
        self.note(process.name, name)
        if process.crash_at:
            process.crash_at -= 1
            if not process.crash_at:
                self.note(process.name, f"crashes at {name}")
                self._end(process)
                raise Died
        if name.startswith(IN_A_THREAD):
            self.meanwhile(0.25 if name.startswith("open.") else 0.1)

    def note(self, who: str, what: str) -> None:
        self._trace.append((self.now_us, who, what))


def run(seed: int, new_machine: Callable[[int], Any] = Machine) -> Outcome:
    """Live through the world of a seed."""
    return World(seed, new_machine).run()
