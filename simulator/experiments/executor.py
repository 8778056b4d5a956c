"""Where replications run: processes of this machine, or a Dask cluster that is there already.

Both are `concurrent.futures` executors. What they differ in is how a worker hears that it shall stop and
how it tells how far it is: processes share memory, a cluster has an event of its own.
"""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from multiprocessing import connection
from time import perf_counter
from typing import Any, Protocol

from simulator.errors import HeadraceError
from simulator.experiments.plan import SCHEDULER, has_cluster
from simulator.experiments.replication import Control

#: Seconds between two questions to the cluster whether the run was cancelled.
ASK_EVERY = 0.5


class NoCluster(HeadraceError):
    """The Dask cluster that is configured cannot be used; the message says why."""


class WorkersDied(HeadraceError):
    """Workers die again and again (no memory?), or the cluster has given up; the message says which."""


class Signals(Protocol):
    """What a worker needs to know and to tell; goes to the worker with its task."""

    def control(self, slot: int, /) -> Control:
        """The control of the replication in `slot`: notes its simulated time, stops it when cancelled."""


@dataclass(frozen=True, slots=True)
class Workers:
    """An executor and the two ways to its workers.

    Args:
        executor: takes the tasks.
        signals: what goes along with every task.
        cancel: stops what is running, within a moment.
        times: simulated time of every slot, empty where it is not known.
    """

    executor: Executor
    signals: Signals
    cancel: Any
    times: Any


@contextmanager
def open_workers(jobs: int, slots: int) -> Iterator[Workers]:
    """The configured cluster, or up to `jobs` processes.

    Args:
        slots: number of replications.

    Raises:
        NoCluster: when `HEADRACE_DASK_SCHEDULER` names a cluster that cannot be used.
    """
    address = os.environ.get(SCHEDULER, "").strip()
    if address:
        with _cluster(address) as workers:
            yield workers
    else:
        with _processes(min(jobs, slots), slots) as workers:
            yield workers


def cluster_failures() -> tuple[type[Exception], ...]:
    """What a task raises when the cluster could not carry it out: the workers died under it again and again,
    or the scheduler is gone. Empty without a cluster.
    """
    if not has_cluster():
        return ()
    distributed = _distributed()
    return distributed.KilledWorker, distributed.comm.CommClosedError, CancelledError


# -- processes ---------------------------------------------------------------------------------------
class _Shared:
    """The memory that a worker process shares with its parent; set when the process starts."""

    cancelled: ctypes.c_bool | None = None
    times: ctypes.Array[ctypes.c_double] | None = None


class ProcessSignals:
    """The worker side within one machine."""

    def control(self, slot: int) -> Control:
        """Look at the shared flag, and write the simulated time into the shared array."""

        def look(now: float) -> float | None:
            if _Shared.times is not None:
                _Shared.times[slot] = now
            return None if _Shared.cancelled is not None and _Shared.cancelled.value else inf

        return look


def _begin_process(cancelled: ctypes.c_bool, times: ctypes.Array[ctypes.c_double]) -> None:
    """A worker process starts: it leaves Ctrl-C to its parent, and does not outlive it."""
    _Shared.cancelled, _Shared.times = cancelled, times
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _processes(count: int, slots: int) -> Iterator[Workers]:
    # Fork from a threaded process may deadlock; spawn is the same on every platform.
    context = multiprocessing.get_context("spawn")
    # Without locks: a worker that dies while it holds one would keep everybody else for ever. One number is
    # written at once.
    cancelled = context.RawValue(ctypes.c_bool, False)
    times = context.RawArray(ctypes.c_double, max(1, slots))
    pool = ProcessPoolExecutor(
        max_workers=count, mp_context=context, initializer=_begin_process, initargs=(cancelled, times)
    )

    def cancel() -> None:
        cancelled.value = True

    try:
        yield Workers(pool, ProcessSignals(), cancel, times)
    finally:
        cancel()  # whoever is still at work has been given up
        pool.shutdown(wait=True, cancel_futures=True)


# -- a Dask cluster ----------------------------------------------------------------------------------
def _distributed() -> Any:
    return importlib.import_module("distributed")  # an optional part, and one without types


@dataclass(frozen=True, slots=True)
class ClusterSignals:
    """The worker side on a cluster: an event of the cluster, asked about now and then."""

    event: str

    def control(self, _slot: int) -> Control:
        """Ask the cluster every half second; the simulated time stays where it is."""
        distributed = _distributed()
        flag = distributed.Event(self.event)
        asked = perf_counter()

        def look(_now: float) -> float | None:
            nonlocal asked
            if perf_counter() - asked < ASK_EVERY:
                return inf
            asked = perf_counter()
            return None if flag.is_set() else inf

        return look


@contextmanager
def _cluster(address: str) -> Iterator[Workers]:
    try:
        distributed = _distributed()
    except ImportError as error:
        raise NoCluster(
            f"{SCHEDULER} is set, and Dask is not installed here: pip install 'headrace[dask]', or unset it"
        ) from error
    try:
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise NoCluster(f"the Dask cluster at {address} ({SCHEDULER}) does not answer: {error}") from error
    try:
        flag = distributed.Event(client=client)
        executor = client.get_executor(pure=False)
        try:
            yield Workers(executor, ClusterSignals(flag.name), flag.set, [])
        finally:
            flag.set()
            executor.shutdown(wait=False)
    finally:
        client.close()
