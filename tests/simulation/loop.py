"""An event loop that a seed drives: the engine's own coroutines, one step at a time, and no clock, thread or socket.

What is ready runs in its order, as in asyncio. Which sleeper wakes next, and when a thread's work happens, is for the
scheduler to say: any order is one that a slow machine could show.
"""

from __future__ import annotations

import asyncio
import inspect
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

READY_MAX = 500  # in one turn: a task may make itself ready for ever
Job = tuple["asyncio.Future[Any]", Callable[[], Any]]


class Died(BaseException):
    """The process ends here, as in a power cut; nobody catches this."""


class SimLoop(asyncio.AbstractEventLoop):
    """The loop of one simulated process. `time_s` is the world's clock; nothing here waits for it."""

    def __init__(self, time_s: Callable[[], float]) -> None:
        self.time = time_s  # type: ignore[method-assign]  # the loop's clock is the world's
        self._ready: deque[asyncio.Handle] = deque()
        self._sleeping: list[asyncio.TimerHandle] = []
        self._jobs: list[Job] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self.problems: list[str] = []

    # -------------------------------------------------------------------------------------- what asyncio asks for

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]  # as asyncio calls it, no more
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]  # as asyncio calls it, no more
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._sleeping.append(handle)
        return handle

    def call_later(  # type: ignore[override]  # as asyncio calls it, no more
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, **options)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # a process that dies leaves its tasks behind
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # as asyncio calls it, no more
        future = self.create_future()
        self._jobs.append((future, lambda: func(*args)))
        return future

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        problem = context.get("exception")
        if not isinstance(problem, Died):
            self.problems.append(f"{context.get('message')}: {problem!r}")

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled handle is passed over when its turn comes."""

    # ------------------------------------------------------------------------------------------- what the world does

    def start(self, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a coroutine; what it raises is a problem of this process."""
        task = self.create_task(coro)
        task.add_done_callback(self._look)
        return task

    def _look(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None and not isinstance(problem, Died):
            self.problems.append(repr(problem))

    def go_on(self, rng: Random, steps: int, *, may_work: bool = True) -> None:
        """Take some steps, or fewer where nothing is left to be done; `may_work` says whether threads get on."""
        before = events._get_running_loop()
        events._set_running_loop(self)
        try:
            while steps and self._step(rng, may_work):
                steps -= 1
        finally:
            events._set_running_loop(before)

    def _step(self, rng: Random, may_work: bool) -> bool:
        ready, jobs = self._ready, len(self._jobs) if may_work else 0
        waiting = len(self._sleeping) + jobs
        if ready and (not waiting or rng.random() < 0.75):
            self._run_next()
        elif not waiting:
            return False
        elif (chosen := int(rng.random() * waiting)) < jobs:
            self._work(*self._jobs.pop(chosen))
        else:
            handle = self._sleeping.pop(chosen - jobs)
            if not handle._cancelled:
                handle._run()
        return True

    def turn(self) -> None:
        """Let everything get on once: what is ready, the threads, and every sleeper."""
        before = events._get_running_loop()
        events._set_running_loop(self)
        try:
            jobs, self._jobs = self._jobs, []
            for job in jobs:
                self._work(*job)
            self._ready.extend(handle for handle in self._sleeping if not handle._cancelled)
            self._sleeping.clear()
            for _ in range(READY_MAX):
                if not self._ready:
                    break
                self._run_next()
        finally:
            events._set_running_loop(before)

    def _run_next(self) -> None:
        handle = self._ready.popleft()
        if not handle._cancelled:
            handle._run()

    def _work(self, future: asyncio.Future[Any], job: Callable[[], Any]) -> None:
        try:
            answer = job()
        except Died:
            return
        except Exception as problem:  # noqa: BLE001  # as the thread pool does: whoever waits gets it
            if not future.cancelled():
                future.set_exception(problem)
        else:
            if not future.cancelled():
                future.set_result(answer)

    def end(self) -> None:
        """Forget all that was to be done."""
        self._ready.clear()
        self._sleeping.clear()
        self._jobs.clear()
        for task in self._tasks:
            work: Any = task.get_coro()
            if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
                work.close()  # else Python says that nobody awaited it
        self._tasks.clear()
