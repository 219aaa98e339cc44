"""A Kafka broker inside the process, for the demo and the tests: librdkafka's mock cluster on a local port.

It keeps nothing over a restart, and of each partition only the last 5 MB (compressed) or so: what is not read in time
is lost. It is never for production. Its clients should compress, and a worker on it needs `ahead_bytes_max`.
"""

from __future__ import annotations

import ctypes
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import confluent_kafka.cimpl
import msgspec

from streams.engine.errors import EngineError
from streams.engine.settings import EngineSettings
from streams.record import INPUT_TOPICS, OUTPUT_TOPICS

# Bytes of values by which intake may be ahead on it: well below 5 MB as the broker counts them.
AHEAD_BYTES = {"gzip": 8 * 1024 * 1024, "none": 2 * 1024 * 1024}
_PRODUCER = 0  # rd_kafka_type_t
_POINTER = ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_conf_set": (ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_new": (_POINTER, [ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, ctypes.c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_POINTER]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_POINTER, ctypes.c_int32]),
}


def _library() -> ctypes.CDLL:
    """Return the librdkafka that confluent-kafka brings, with the signatures of the functions used here."""
    library = ctypes.CDLL(confluent_kafka.cimpl.__file__)
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise EngineError(f"this build of confluent-kafka has no embedded broker ({name} is missing)") from None
        function.restype, function.argtypes = result, arguments
    return library


class EmbeddedBroker:
    """A broker for the length of a `with` block; `address` is its host:port.

    `topics` gives the partitions of each topic; the default is every topic of the contract, and the state, with one. A
    topic that is not named is made with four partitions when somebody first asks for it.
    """

    def __init__(self, topics: Mapping[str, int] | None = None) -> None:
        self._topics = dict(topics) if topics is not None else default_topics()
        self._library = _library()
        self._handle: int | None = None
        self._cluster: int | None = None
        self.address = ""

    def __enter__(self) -> Self:
        library = self._library
        message = ctypes.create_string_buffer(512)
        options = library.rd_kafka_conf_new()
        # The handle only carries the cluster; without this it says that it has no broker to go to.
        library.rd_kafka_conf_set(options, b"log_level", b"2", message, len(message))
        self._handle = library.rd_kafka_new(_PRODUCER, options, message, len(message))
        if not self._handle:
            raise EngineError(f"the embedded broker does not start: {message.value.decode()}")
        self._cluster = library.rd_kafka_mock_cluster_new(self._handle, 1)
        if not self._cluster:
            raise EngineError("the embedded broker does not start: no local port")
        self.address = library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        with _kept_awake(self.address):
            library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 100)
            for name, partitions in self._topics.items():
                library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)
        self._cluster = self._handle = None

    def settings(self, **others: Any) -> EngineSettings:
        """Return the settings of a worker on this broker, with the bound that it needs and, as it keeps nothing, no checkpoints; `others` go before."""
        settings = EngineSettings(**{"broker": self.address, "checkpoint_seconds": 0, **others})
        if settings.ahead_bytes_max is not None:
            return settings
        return msgspec.structs.replace(settings, ahead_bytes_max=AHEAD_BYTES[settings.compression])


@contextmanager
def _kept_awake(address: str) -> Iterator[None]:
    """Knock at the broker while the block runs: left alone, it may look at a request only once a second."""
    host, _, port = address.rpartition(":")
    done = threading.Event()

    def knock() -> None:
        while not done.wait(0.005):
            with suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
                pass

    knocking = threading.Thread(target=knock, daemon=True)
    knocking.start()
    try:
        yield
    finally:
        done.set()
        knocking.join()


def default_topics(names: Iterable[str] = (*INPUT_TOPICS, "log", "state", *OUTPUT_TOPICS)) -> dict[str, int]:
    """Return one partition for each name."""
    return dict.fromkeys(names, 1)
