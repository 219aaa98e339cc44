"""The rows of a table as somebody else keeps them, who is told of what changed: all of them, and of nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.table import Table

Rows = dict[str, list[int]]
KEYS = st.sampled_from("abcd")
DOINGS = st.lists(st.tuples(st.sampled_from(["put", "edit", "drop", "take", "tell"]), KEYS), max_size=60)


class Told:
    """Whoever keeps what it is told, some time after it was found to have changed."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.due: set[str] = set()

    def take(self, table: Table[str, list[int]]) -> None:
        self.due |= table.touched
        table.touched.clear()

    def hear(self, table: Table[str, list[int]]) -> None:
        for key in self.due:
            if not table.tell(key):
                assert key not in self.rows, "what goes unsaid is not missed"
            elif (row := table.get(key)) is None:
                assert self.rows.pop(key, None) is not None, "what is gone was known"
            else:
                self.rows[key] = list(row)
        self.due.clear()


@given(DOINGS)
def test_whoever_is_told_knows_every_row_and_no_row_that_it_never_knew(doings: list[tuple[str, str]]) -> None:
    table: Table[str, list[int]] = Table(list[int])
    table.load("a", b"[0]")
    told = Told()
    told.rows["a"] = [0]
    for number, (doing, key) in enumerate(doings):
        if doing == "put":
            table.put(key, [number])
        elif doing == "edit" and (row := table.edit(key)) is not None:
            row.append(number)
        elif doing == "drop":
            table.drop(key)
        elif doing == "take":
            told.take(table)
        elif doing == "tell":
            told.hear(table)
    told.take(table)
    told.hear(table)
    assert told.rows == table.rows


def test_a_row_that_came_and_went_is_not_told_and_one_that_came_back_is() -> None:
    table: Table[str, int] = Table(int)
    table.put("brief", 1)
    table.drop("brief")
    table.load("back", b"2")
    table.drop("back")
    table.put("back", 3)
    assert table.touched == {"back"}
    assert not table.tell("brief")
    assert table.tell("back")
    table.drop("back")
    assert table.tell("back"), "it was told before"
    assert not table.tell("back")


def test_what_is_taken_for_told_is_told_again_only_when_it_goes() -> None:
    table: Table[str, int] = Table(int)
    table.put("kept", 1)
    table.told()
    assert table.touched == set()
    table.drop("kept")
    assert table.tell("kept")
