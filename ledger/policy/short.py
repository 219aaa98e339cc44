"""Requests that what is there does not cover, by whose money is short and at which place."""

from __future__ import annotations


class Short:
    """What may be covered as soon as a client or a place has more: looked up for each posting of a client's."""

    def __init__(self) -> None:
        self._where: dict[str, tuple[str, str]] = {}  # requests to client and place
        self._of_client: dict[str, dict[str, None]] = {}
        self._at_place: dict[str, dict[str, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._where)

    def put(self, transfer_id: str, client: str, place: str) -> None:
        """Take in a request of a client that is to leave a place; "" for nobody's, or for no place."""
        if self._where.get(transfer_id) != (client, place):
            self.drop(transfer_id)
            self._where[transfer_id] = (client, place)
            self._of_client.setdefault(client, {})[transfer_id] = None
            self._at_place.setdefault(place, {})[transfer_id] = None

    def drop(self, transfer_id: str) -> None:
        """Let go of a request, if it is here."""
        where = self._where.pop(transfer_id, None)
        if where is not None:
            _remove(self._of_client, where[0], transfer_id)
            _remove(self._at_place, where[1], transfer_id)

    def of(self, client: str, places: tuple[str, ...] = ()) -> set[str]:
        """Return the requests that are short of a client's money, or of what is at one of some places."""
        found = set(self._of_client.get(client, ())) if client else set[str]()
        return found.union(*(self._at_place.get(place, ()) for place in places if place))


def _remove(index: dict[str, dict[str, None]], name: str, transfer_id: str) -> None:
    of_name = index[name]
    del of_name[transfer_id]
    if not of_name:
        del index[name]
