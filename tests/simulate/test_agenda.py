from __future__ import annotations

from streams.simulate.agenda import Agenda, Process


def test_processes_resume_in_order_of_their_moments_and_the_last_of_a_moment_is_last() -> None:
    agenda, told = Agenda(1_000), list[tuple[str, int]]()

    def tell(name: str, *waits_us: int) -> Process:
        told.append((name, agenda.now_us))
        for wait_us in waits_us:
            yield wait_us
            told.append((name, agenda.now_us))

    agenda.start(tell("report", 20), last=True)
    agenda.start(tell("first", 10, 10))
    agenda.start(tell("second", 20))
    while agenda.next_us() is not None:
        agenda.step()
    assert told == [
        ("first", 1_000), ("second", 1_000), ("report", 1_000), ("first", 1_010),
        ("second", 1_020), ("first", 1_020), ("report", 1_020),
    ]  # fmt: skip


def test_a_process_started_on_the_way_runs_in_its_turn() -> None:
    agenda, told = Agenda(0), list[tuple[str, int]]()

    def child() -> Process:
        told.append(("child", agenda.now_us))
        yield from ()

    def parent() -> Process:
        agenda.start(child(), wait_us=5)
        yield 10
        told.append(("parent", agenda.now_us))

    agenda.start(parent())
    while agenda.next_us() is not None:
        agenda.step()
    assert told == [("child", 5), ("parent", 10)]
