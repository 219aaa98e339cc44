"""What the engine assumes of Faust, aiokafka and confluent-kafka: an upgrade that breaks it is named here, in a sentence.

`streams/engine/transport.py` overrides and calls parts of Faust that are not its public face, so nothing else would
notice a renamed method: a hook that is never called fails in silence.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import CodeType
from typing import Any

import confluent_kafka
import faust
import pytest
from aiokafka.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.structs import ConsumerRecord
from confluent_kafka.admin import AdminClient
from faust.app.base import App as FaustApp
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.base import Transport as BaseTransport
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.consumer import ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from mode.services import Service

from streams.engine import embedded
from streams.engine.app import App, NoTables, faust_options
from streams.engine.fetches import BatchConsumerThread
from streams.engine.publisher import producer_options
from streams.engine.settings import EngineSettings
from streams.engine.transport import BatchConsumer, BatchTransport

SETTINGS = EngineSettings(broker="127.0.0.1:1")

COROUTINE, GENERATOR, PLAIN = "a coroutine", "an asynchronous generator", "a plain function"
OVERRIDDEN = {
    "getmany": (GENERATOR, ["timeout"]),
    "perform_seek": (COROUTINE, []),
    "resume_flow": (PLAIN, []),
    "on_partitions_assigned": (COROUTINE, ["assigned", "generation_id"]),
    "on_partitions_revoked": (COROUTINE, ["revoked"]),
    "on_stop": (COROUTINE, []),
    "_filter_tps_with_pending_acks": (PLAIN, ["topics"]),
    "_new_offset": (PLAIN, ["tp"]),
    "_should_commit": (PLAIN, ["tp", "offset"]),
    "_commit": (COROUTINE, ["offsets"]),
    "wait_empty": (COROUTINE, []),
    "_add_gap": (COROUTINE, ["tp", "offset_from", "offset_to"]),
    "_new_consumer_thread": (PLAIN, []),
}
OVERRIDDEN_IN_THREAD = {
    "_create_worker_consumer": ["transport"],
    "_fetch_records": ["consumer", "active_partitions", "timeout", "max_records"],
}
CALLED = {
    "_wait_next_records": (COROUTINE, ["timeout"]),
    "_get_active_partitions": (PLAIN, []),
    "_to_message": (PLAIN, ["tp", "record"]),
    "stop_flow": (PLAIN, []),
    "seek_to_committed": (COROUTINE, []),
    "seek_wait": (COROUTINE, ["partitions"]),
    "earliest_offsets": (COROUTINE, ["partitions"]),
    "assignment": (PLAIN, []),
    "commit_and_end_transactions": (COROUTINE, []),
    "pause_partitions": (PLAIN, ["tps"]),
    "resume_partitions": (PLAIN, ["tps"]),
}
# Who in Faust calls the hook: without this call it would lie unused.
CALLERS: list[tuple[type, str, str, str]] = [
    (BaseConsumer, "_drain_messages", "getmany", "the drain loop fetches with it"),
    (BaseConsumer, "_drain_messages", "_add_gap", "the drain loop notes gaps with it"),
    (BaseConsumer, "_drain_messages", "suspend_flow", "a batch that waits for room is let go when a rebalance begins"),
    (BaseConsumer, "force_commit", "_filter_tps_with_pending_acks", "a commit asks it for partitions"),
    (BaseConsumer, "force_commit", "_commit_tps", "a commit goes on to the partitions"),
    (BaseConsumer, "_filter_committable_offsets", "_new_offset", "a commit asks it for the offset"),
    (BaseConsumer, "_filter_committable_offsets", "_should_commit", "a commit asks it whether"),
    (BaseConsumer, "_commit_offsets", "_commit", "a commit ends with it"),
    (BaseConsumer, "_commit_offsets", "assignment", "no offset is committed for a partition that is gone"),
    (BaseConsumer, "commit_and_end_transactions", "commit", "the last commit goes the same way"),
    (BaseConsumer, "_commit_handler", "commit", "commits come by themselves"),
    (BaseConsumer, "on_stop", "wait_empty", "a stop waits with it"),
    (Service, "stop", "on_stop", "what was assigned goes with it"),
    (FaustApp, "_consumer_wait_empty", "wait_empty", "a rebalance waits with it"),
    (FaustApp, "_on_partitions_revoked", "_consumer_wait_empty", "a rebalance waits before partitions go"),
    (
        ThreadDelegateConsumer,
        "threadsafe_partitions_assigned",
        "on_partitions_assigned",
        "what was assigned is told by it",
    ),
    (Recovery, "_resume_streams", "perform_seek", "an application without tables seeks with it after a rebalance"),
    (Recovery, "_resume_streams", "resume_flow", "the flow goes on after the seek"),
    (Recovery, "_resume_streams", "broker_request_timeout", "the seek may take as long as a request, and no longer"),
    (ThreadDelegateConsumer, "__init__", "_new_consumer_thread", "the consumer fetches in the thread that this makes"),
    (AIOKafkaConsumerThread, "_create_consumer", "_create_worker_consumer", "the thread fetches with what this makes"),
    (AIOKafkaConsumerThread, "getmany", "_fetch_records", "what was fetched is handed on by it"),
    (AIOKafkaConsumer, "__init__", "_fetch_max_wait_ms", "how long an empty fetch waits is kept there"),
    (AIOKafkaConsumer, "start", "_fetch_max_wait_ms", "and handed to the fetcher only at the start"),
    (Fetcher, "fetched_records", "_records", "what was fetched and not handed on is kept there"),
    (FetchResult, "getall", "_partition_records", "a fetch unpacks its records when it is handed on"),
    (PartitionRecords, "_unpack_records", "_consumer_record", "each record is made by it"),
    (BaseTransport, "create_consumer", "Consumer", "the transport makes the consumer that it names"),
]


def kind_of(function: Callable[..., Any]) -> str:
    if inspect.isasyncgenfunction(function):
        return GENERATOR
    return COROUTINE if inspect.iscoroutinefunction(function) else PLAIN


def names_in(function: Callable[..., Any]) -> set[str]:
    """Return every name that a function uses, those of the functions inside it as well."""
    names: set[str] = set()
    waiting: list[CodeType] = [inspect.unwrap(function).__code__]
    while waiting:
        code = waiting.pop()
        names.update(code.co_names)
        waiting += [part for part in code.co_consts if isinstance(part, CodeType)]
    return names


@pytest.mark.parametrize("name", [*OVERRIDDEN, *CALLED])
def test_a_hook_is_there_with_its_signature(name: str) -> None:
    kind, parameters = (OVERRIDDEN | CALLED)[name]
    found = getattr(Consumer, name, None)
    assert found is not None, f"Faust's consumer has no {name} any more: transport.py relies on it"
    assert kind_of(found) == kind, f"{name} was {kind} and is {kind_of(found)} now"
    takes = list(inspect.signature(found).parameters)[1:]
    assert takes == parameters, f"{name} took ({', '.join(parameters)}) and takes ({', '.join(takes)}) now"


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_a_hook_is_overridden_with_the_same_names(name: str) -> None:
    ours, theirs = (list(inspect.signature(getattr(one, name)).parameters) for one in (BatchConsumer, Consumer))
    assert ours == theirs
    assert getattr(BatchConsumer, name) is not getattr(Consumer, name)


@pytest.mark.parametrize("name", OVERRIDDEN_IN_THREAD)
def test_a_hook_of_the_fetching_thread_is_there_with_its_signature(name: str) -> None:
    ours, theirs = (getattr(one, name) for one in (BatchConsumerThread, AIOKafkaConsumerThread))
    assert ours is not theirs
    assert list(inspect.signature(theirs).parameters)[1:] == OVERRIDDEN_IN_THREAD[name]
    assert list(inspect.signature(ours).parameters)[1:] == OVERRIDDEN_IN_THREAD[name]


def test_nothing_is_overridden_but_what_is_listed() -> None:
    inherited = {name for name in vars(BatchConsumer) if hasattr(Consumer, name) and not name.startswith("__")}
    assert inherited - {"_abc_impl", "abstract", "logger"} <= OVERRIDDEN.keys()


@pytest.mark.parametrize(("place", "caller", "name", "sentence"), CALLERS, ids=[f"{c[1]}-{c[2]}" for c in CALLERS])
def test_faust_still_calls_the_hook(place: type, caller: str, name: str, sentence: str) -> None:
    found = getattr(place, caller, None)
    assert found is not None, f"{place.__name__}.{caller} is gone, and we count on it: {sentence}"
    assert name in names_in(getattr(found, "fun", found)), (
        f"{place.__name__}.{caller} uses {name} no more, and we count on it: {sentence}"
    )


def test_a_consumer_stops_its_thread_which_leaves_the_group_only_after_its_own_stop() -> None:
    code = inspect.getsource(Service.stop)
    assert 0 < code.index("self._stopped_set()") < code.index("self.on_stop()") < code.index("self._stop_children()")
    assert "add_dependency" in names_in(ThreadDelegateConsumer.__init__), "the thread is a child of the consumer"


def test_the_consumer_keeps_the_attributes_that_we_read() -> None:
    assert BaseConsumer.flow_active is True, "flow_active says whether what was fetched may be handed on"
    kept = names_in(BaseConsumer._reset_state)
    assert {"_buffered_partitions", "_active_partitions"} <= kept, "what an agent has enough of, and what is fetched"
    assert "consumer_generation_id" in names_in(BaseConsumer.getmany), "the generation ends what was fetched before it"
    assert FaustApp.consumer_generation_id == 0


def test_the_manager_of_tables_does_at_its_start_what_ours_does_and_a_pause() -> None:
    assert names_in(TableManager.on_start) == {"sleep", "should_stop", "_update_channels", "recovery", "start"}
    assert names_in(NoTables.on_start) == {"_update_channels", "recovery", "start"}
    app = faust.App("assumptions", **faust_options(SETTINGS))
    assert isinstance(app.tables, NoTables)


def test_a_full_buffer_takes_its_partition_from_the_active_ones() -> None:
    used = names_in(BaseConsumer.on_buffer_full)
    assert {"_get_active_partitions", "discard", "_buffered_partitions", "add"} <= used, (
        "getmany shortens its wait while a partition is buffered, and fetches nothing where none is active"
    )


def test_waiting_for_records_gives_them_with_the_active_partitions() -> None:
    answer = str(inspect.signature(BaseConsumer._wait_next_records).return_annotation)
    assert answer.startswith(("typing.Tuple[", "Tuple[")), "records and active partitions, as a pair"


def test_seeking_sets_where_reading_goes_on() -> None:
    assert "_read_offset" in names_in(driver.Consumer.seek_wait) | names_in(AIOKafkaConsumerThread._seek_wait), (
        "seek_wait must move _read_offset: the drain loop drops what lies before it"
    )


def test_a_message_carries_the_offset_of_its_record_and_takes_another_value() -> None:
    record = ConsumerRecord(
        topic="log", partition=0, offset=7, timestamp=1, timestamp_type=0, key=b"k", value=b"v", checksum=None,
        serialized_key_size=0, serialized_value_size=1, headers=(),
    )  # fmt: skip
    consumer = BatchConsumer.__new__(BatchConsumer)
    consumer.app = faust.App("assumptions", **faust_options(SETTINGS))
    message = consumer._to_message(TP("log", 0), record)
    assert isinstance(message, ConsumerMessage)
    assert (message.offset, message.value, record.key) == (7, b"v", b"k")
    fetch: Any = [record]
    message.value = fetch
    assert message.value is fetch


def test_the_transport_is_made_and_set_as_we_do_it() -> None:
    assert list(inspect.signature(BaseTransport.__init__).parameters)[1:3] == ["url", "app"]
    assert issubclass(BatchTransport, Transport)
    assert BatchTransport.Consumer is BatchConsumer
    app = App("assumptions", **faust_options(SETTINGS))
    mark = object()
    app.transport = mark  # type: ignore[assignment]  # anything: it must be what the application then uses
    assert app.transport is mark, "app.transport can be set before the start"


def test_an_application_makes_folders_in_the_one_place_that_we_override() -> None:
    assert "_create_directories" in names_in(FaustApp.on_first_start)
    callers = [name for name, found in vars(FaustApp).items() if inspect.isfunction(found) and
               "_create_directories" in names_in(found)]  # fmt: skip
    assert callers == ["on_first_start"]


def test_faust_knows_every_setting_that_we_give() -> None:
    unknown = faust_options(SETTINGS).keys() - faust.Settings.SETTINGS.keys()
    assert not unknown, f"Faust takes what it does not know without a word: {', '.join(sorted(unknown))}"
    conf = faust.App("assumptions", **faust_options(SETTINGS)).conf
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval, conf.broker_rebalance_timeout) == (10, 2, 20)
    assert conf.broker_max_poll_records == SETTINGS.batch_records_max
    assert conf.stream_wait_empty, "otherwise a rebalance does not wait for what is under way"


def test_without_standbys_the_group_shares_by_round_robin() -> None:
    source = inspect.getsource(AIOKafkaConsumerThread)
    assert re.search(r"table_standby_replicas > 0[^)]*else RoundRobinPartitionAssignor", source, re.DOTALL)


# ---------------------------------------------------------------------------------------------------- confluent-kafka

TRANSACTIONS = ("init_transactions", "begin_transaction", "commit_transaction", "abort_transaction", "purge", "flush")
PROBLEMS = ("_FENCED", "INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED", "_PARTITION_EOF", "TOPIC_ALREADY_EXISTS")


@pytest.mark.parametrize("name", TRANSACTIONS)
def test_the_producer_has_transactions(name: str) -> None:
    assert callable(getattr(confluent_kafka.Producer, name, None)), f"checkpoints need Producer.{name}"


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_problems_that_we_tell_apart_have_their_numbers(name: str) -> None:
    assert isinstance(getattr(confluent_kafka.KafkaError, name, None), int), f"KafkaError.{name} is gone"


@pytest.mark.parametrize("name", ["code", "str", "fatal", "retriable", "txn_requires_abort"])
def test_a_problem_says_what_to_do_about_it(name: str) -> None:
    assert callable(getattr(confluent_kafka.KafkaError(confluent_kafka.KafkaError._FENCED), name))


def test_the_clients_take_the_options_that_exactness_rests_on() -> None:
    # librdkafka refuses a name or a value that it does not know, before it looks for a broker.
    quiet = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    confluent_kafka.Producer({**producer_options(SETTINGS), "log_level": 0})
    confluent_kafka.Producer({**quiet, "transactional.id": "shard-0", "transaction.timeout.ms": 10_000})
    confluent_kafka.Consumer(
        {**quiet, "group.id": "x", "isolation.level": "read_committed", "enable.partition.eof": True}
    ).close()
    with pytest.raises(confluent_kafka.KafkaException, match="No such configuration property"):
        confluent_kafka.Producer({**quiet, "enable.exactness": True})


@pytest.mark.parametrize("name", ["list_topics", "create_topics", "describe_configs", "list_offsets"])
def test_the_admin_client_answers_what_topics_ask(name: str) -> None:
    assert callable(getattr(AdminClient, name, None)), f"streams/engine/topics.py needs AdminClient.{name}"


@pytest.mark.parametrize("name", embedded._FUNCTIONS)
def test_the_embedded_broker_is_part_of_the_client(name: str) -> None:
    assert hasattr(embedded._library(), name), f"this build of confluent-kafka has no {name}: no embedded broker"


def test_the_embedded_broker_tells_no_settings_of_topics() -> None:
    with embedded.EmbeddedBroker() as broker:
        listed = AdminClient({"bootstrap.servers": broker.address, "log_level": 0}).list_topics(timeout=10)
    assert listed.controller_id not in listed.brokers, (
        "Topics.found() asks for settings only where a controller answers"
    )
