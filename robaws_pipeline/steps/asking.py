"""Asking Robaws: alone with the credential, and so that an interrupt stops it.

Dagster turns SIGINT and SIGTERM into an exception in the main thread, wherever that is at the moment. Inside an event
loop's own code it would be taken for a broken connection: logged, the request repeated, and the run would go on as if
nobody had asked it to stop. So the loop has a thread of its own, and the main thread waits where an exception counts.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from robaws_pipeline.steps.workspace import Workspace

T = TypeVar("T")

_Started = tuple[asyncio.AbstractEventLoop, "asyncio.Task[Any]"]


def ask(workspace: Workspace, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns. Waits until no other process reads Robaws with this credential."""
    with workspace.only_user_of_the_credential():
        return _run(work)


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    started: Future[_Started] = Future()

    async def whole() -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        started.set_result((asyncio.get_running_loop(), task))
        return await work()

    with ThreadPoolExecutor(1, thread_name_prefix="robaws") as pool:
        result = pool.submit(copy_context().run, asyncio.run, whole())
        try:
            return result.result()
        except BaseException:
            # Interrupted while it works; when it failed by itself, there is nothing left to stop.
            if not result.done():
                loop, task = started.result()
                loop.call_soon_threadsafe(task.cancel)
            raise
