"""What excuses is summed up as if all were looked through each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.books.excuses import NOTHING, Excuse, Excused, Excuses

NAMES = st.sampled_from("abcdefgh")
PUT = st.tuples(NAMES, st.builds(Excuse, st.integers(0, 9), st.integers(0, 5), st.integers(0, 5)))
DROP = st.tuples(NAMES, st.none())
ASK = st.tuples(st.none(), st.integers(-1, 10))


@given(st.lists(st.one_of(PUT, DROP, ASK), max_size=60))
def test_sums_are_of_all_that_have_not_stopped_to_excuse(steps: list[tuple[str | None, Excuse | int | None]]) -> None:
    excuses, plain = Excuses(), dict[str, Excuse]()
    for name, what in steps:
        if isinstance(what, Excuse) and name is not None:
            excuses.put(name, what)
            plain[name] = what
        elif name is not None:
            excuses.drop(name)
            plain.pop(name, None)
        elif isinstance(what, int):
            left = [excuse for excuse in plain.values() if excuse.until_us > what]
            known, unknown = sum(excuse.known for excuse in left), sum(excuse.unknown for excuse in left)
            assert excuses.after(what) == Excused(known, unknown, min((one.until_us for one in left), default=None))
    assert len(excuses) == len(plain)


def test_without_any_there_is_no_excuse() -> None:
    assert Excuses().after(0) == NOTHING
