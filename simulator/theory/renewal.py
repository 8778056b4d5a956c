"""Arrivals that are no Poisson stream: closed clients, batches, independent gaps of any distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, sqrt
from typing import TYPE_CHECKING

from simulator.theory import markovian, single_server
from simulator.theory.model import GROSS, Model, parameters_of
from simulator.theory.plain import approximation
from simulator.theory.stations import Station, is_exponential
from simulator.theory.streams import Stream

if TYPE_CHECKING:
    from simulator.design.variate import Variate


def closed_model(station: Station, stream: Stream) -> Model | None:
    """Clients that wait for their answers."""
    clients, think = stream.arrivals.clients, stream.arrivals.think_time.mean()
    servers = station.servers or clients
    return Model(
        f"M/M/{servers}//{clients}",
        "birth-death with births (N - n) / Z; arrivals see N - 1 clients",
        f"Palm 1943; {GROSS}, 2.7",
        {
            "clients": float(clients),
            "think_time": think,
            "service_time": station.service_time.mean(),
            "servers": float(servers),
        },
        True,
        station,
        stream,
        markovian.closed(clients, think, station.service_time.mean(), servers),
    )


def batch_model(station: Station, stream: Stream) -> Model | None:
    """Messages that arrive in batches."""
    size: Variate = stream.arrivals.batch
    service = station.service_time
    is_whole = getattr(size, "distribution", "") == "constant" and size.mean() == int(size.mean())
    is_whole = is_whole or getattr(size, "distribution", "") == "geometric"
    if station.servers != 1 or not is_whole or size.minimum() < 1:
        return None
    return Model(
        f"M[X]/{'M' if station.is_exponential else 'G'}/1",
        "Wq = lam E[S^2] / 2 (1 - rho) + (E[X^2] - E[X]) E[S] / 2 E[X] (1 - rho)",
        f"Gaver 1959; {GROSS}, 3.1",
        parameters_of(station, stream, batch_rate=stream.arrivals.rate, batch_size=size.mean()),
        True,
        station,
        stream,
        single_server.batches(
            stream.arrivals.rate, size.mean(), size.variance(), service.mean(), service.variance()
        ),
    )


def renewal_model(station: Station, stream: Stream) -> Model | None:
    """Independent gaps: exact for one exponential server, approximate otherwise."""
    if stream.arrivals.process == "constant":
        rate, gap_scv, letter = float(stream.arrivals.rate), 0.0, "D"
        gaps: Callable[[float], float] | None = single_server.constant_gaps(rate)
    else:
        gap: Variate = stream.arrivals.interarrival
        rate, gap_scv, letter = 1.0 / gap.mean(), gap.scv(), "GI"
        gaps = transform(gap)
    stream = replace(stream, rate=rate)
    if gap_scv == 0.0 and station.service_time.variance() == 0.0:
        return None  # nothing is left to chance: no queueing theory is needed
    if station.servers == 1 and station.is_exponential and gaps is not None:
        return Model(
            f"{letter}/M/1",
            "sigma = A*(mu (1 - sigma)), Wq = sigma / mu (1 - sigma)",
            f"{GROSS}, 5.3",
            parameters_of(station, stream, arrival_scv=gap_scv),
            True,
            station,
            stream,
            single_server.gm1(rate, station.service_time.mean(), gaps),
        )
    return approximation(station, stream, gap_scv, f"{letter}/G/{station.servers}")


def transform(gap: Variate) -> Callable[[float], float] | None:
    """Laplace-Stieltjes transform of a distribution, None where it has no simple form."""
    name, mean, spread = getattr(gap, "distribution", ""), gap.mean(), gap.scv()
    if name == "constant":
        return lambda s: exp(-s * mean)
    if is_exponential(gap):
        return lambda s: 1.0 / (1.0 + s * mean)
    if name in ("erlang", "gamma"):
        return lambda s: (1.0 + s * mean * spread) ** (-1.0 / spread)
    if name == "uniform":
        low, high = gap.low, gap.high  # type: ignore[attr-defined]
        return lambda s: (exp(-s * low) - exp(-s * high)) / (s * (high - low)) if s > 0.0 else 1.0
    if name == "hyperexponential":
        p = (1.0 + sqrt(max(0.0, (spread - 1.0) / (spread + 1.0)))) / 2.0
        a, b = 2.0 * p / mean, 2.0 * (1.0 - p) / mean
        return lambda s: p * a / (a + s) + (1.0 - p) * b / (b + s)
    return None
