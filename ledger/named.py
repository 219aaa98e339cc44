"""An index: things by a name that each has one of at a time, and may change."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)
N = TypeVar("N", bound=Hashable)


class Named(Generic[T, N]):
    """Things by name. A name that nothing has any more is not here."""

    __slots__ = ("_name_of", "_of_name")

    def __init__(self) -> None:
        self._name_of: dict[T, N] = {}
        self._of_name: dict[N, dict[T, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._name_of)

    def put(self, thing: T, name: N) -> None:
        """Take a thing in, under the name that it has now."""
        if self._name_of.get(thing) != name:
            self.drop(thing)
            self._name_of[thing] = name
            self._of_name.setdefault(name, {})[thing] = None

    def drop(self, thing: T) -> None:
        """Let go of a thing, if it is here."""
        name = self._name_of.pop(thing, None)
        if name is not None:
            things = self._of_name[name]
            del things[thing]
            if not things:
                del self._of_name[name]

    def of(self, name: N) -> Collection[T]:
        """Return the things of a name."""
        return self._of_name.get(name, ())
