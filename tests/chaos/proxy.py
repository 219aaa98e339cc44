"""Doors between workers and the broker, in a process of their own: slow, stuck, cut, or telling what is not so.

Each door is a port that is passed on to a listener of the broker which gives clients the door's address, so that they
never go round it. ``Proxy`` starts the process and tells it what to do; ``python -m tests.chaos.proxy`` is that process.
"""

from __future__ import annotations

import asyncio
import os
import random
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from tests.chaos.wire import Asked, asked, number_of, spoiled

FRAME_BYTES_MAX = 256 * 1024 * 1024
_LENGTH = struct.Struct(">i")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """One door for each pair of ports (outside, inside), for the length of a `with` block."""

    def __init__(self, doors: Sequence[tuple[int, int]]) -> None:
        self._doors = doors
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        ports = [f"{outside}:{inside}" for outside, inside in self._doors]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.proxy", *ports],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._pipe(self._process.stdout).readline() == "open\n", "the proxy does not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._pipe(self._process.stdin).close()  # ends it
        self._process.wait(10)
        self._pipe(self._process.stdout).close()

    @property
    def addresses(self) -> list[str]:
        """Where clients find the doors."""
        return [f"127.0.0.1:{outside}" for outside, _ in self._doors]

    def delay(self, seconds: float, door: int = -1) -> None:
        """Let everything through a door (-1: all of them) take so much longer."""
        self._tell(f"delay {door} {seconds}")

    def hold(self, door: int = -1) -> None:
        """Let nothing through in either direction; connections stay."""
        self._tell(f"hold {door}")

    def mute(self, door: int = -1) -> None:
        """Let requests through and no answers."""
        self._tell(f"mute {door}")

    def cut(self, door: int = -1) -> None:
        """Break every connection, with what is on its way."""
        self._tell(f"cut {door}")

    def spoil(self, call: int, code: int, share: float, door: int = -1) -> None:
        """Let a share of the answers to a call say that it failed with this code."""
        self._tell(f"spoil {door} {call} {code} {share}")

    def heal(self, door: int = -1) -> None:
        """Let everything through as it is; what was held goes on its way."""
        self._tell(f"heal {door}")

    def _tell(self, line: str) -> None:
        assert self._process is not None
        pipe = self._pipe(self._process.stdin)
        pipe.write(line + "\n")
        pipe.flush()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


# --------------------------------------------------------------------------------------------------------- the process


class Door:
    """One port, what goes wrong at it now, and its connections."""

    def __init__(self, inside: int) -> None:
        self._inside = inside
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests, self.answers = asyncio.Event(), asyncio.Event()
        self.heal()

    def heal(self) -> None:
        self.delay_s, self.spoils = 0.0, dict[int, tuple[int, float]]()
        self.requests.set()
        self.answers.set()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on."""
        try:
            inside = await asyncio.open_connection("127.0.0.1", self._inside)
        except OSError:
            writer.transport.abort()
            return
        known: dict[int, Asked] = {}
        both = (
            asyncio.create_task(self._pass_requests(reader, inside[1], known)),
            asyncio.create_task(self._pass_answers(inside[0], writer, known)),
        )
        writers = {writer, inside[1]}
        self._writers |= writers
        self._tasks |= set(both)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        for one in writers:
            one.transport.abort()
        self._writers -= writers
        self._tasks -= set(both)

    async def _pass_requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, known: dict[int, Asked]
    ) -> None:
        while True:
            frame = await _frame(reader)
            await self._wait(self.requests)
            number, what = asked(frame)
            known[number] = what
            await _send(writer, frame)

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, known: dict[int, Asked]
    ) -> None:
        while True:
            frame = await _frame(reader)
            await self._wait(self.answers)
            what = known.pop(number_of(frame), None)
            code, share = self.spoils.get(what.call, (0, 0.0)) if what else (0, 0.0)
            if what is not None and random.random() < share:
                frame = spoiled(frame, what, code)
            await _send(writer, frame)

    async def _wait(self, way: asyncio.Event) -> None:
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        await way.wait()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    [length] = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)


async def _send(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(_LENGTH.pack(len(frame)) + frame)
    await writer.drain()


def _obey(doors: Sequence[Door], line: str) -> None:
    verb, number, *more = line.split()
    for door in doors if number == "-1" else [doors[int(number)]]:
        match verb:
            case "delay":
                door.delay_s = float(more[0])
            case "hold":
                door.requests.clear()
                door.answers.clear()
            case "mute":
                door.answers.clear()
            case "cut":
                door.cut()
            case "spoil":
                door.spoils[int(more[0])] = (int(more[1]), float(more[2]))
            case "heal":
                door.heal()
            case _:
                raise ValueError(line)


async def _main(ports: Sequence[tuple[int, int]]) -> None:
    doors = [Door(inside) for _, inside in ports]
    servers = [
        await asyncio.start_server(door.serve, "127.0.0.1", outside, limit=FRAME_BYTES_MAX)
        for door, (outside, _) in zip(doors, ports, strict=True)
    ]
    print("open", flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        _obey(doors, line.decode())
    for server in servers:
        server.close()
    os._exit(0)  # connections that are open still are nobody's any more


if __name__ == "__main__":
    pairs = [(int(outside), int(inside)) for outside, _, inside in (text.partition(":") for text in sys.argv[1:])]
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(pairs))
