"""Poisson arrivals at a line with one option: order, bounds, retries, expiry, dispatch, polling, batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.theory import markovian, single_server
from simulator.theory.measures import Measures
from simulator.theory.model import GROSS, Model, parameters_of
from simulator.theory.plain import plain_model
from simulator.theory.stations import Station
from simulator.theory.streams import Stream

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.design.variate import Variate


def _last_first(_document: Document, station: Station, stream: Stream) -> Model | None:
    """The order of service changes the distribution of the waits, and no mean."""
    if station.options["discipline"] == "priority":
        return _priority(_document, station, stream)
    model = plain_model(station, stream)
    if model is None:
        return None
    measures = replace(model.measures, waiting_variance=None, waiting_percentiles={}, sojourn_percentiles={})
    return replace(model, name=f"{model.name}, last in first out", measures=measures)


def _priority(document: Document, station: Station, stream: Stream) -> Model | None:
    preemptive = station.options.get("preemption", "none") != "none"
    servers, service = station.servers, station.service_time
    if servers is None or stream.upstream or stream.is_cyclic or not stream.shares:
        return None
    if servers > 1 and (preemptive or not station.is_exponential):
        return None
    rates: dict[int, float] = {}
    for producer, rate in stream.shares:
        level = document.node(producer).config.priority  # type: ignore[attr-defined]
        rates[level] = rates.get(level, 0.0) + rate
    levels = sorted(rates, reverse=True)
    classes = single_server.priorities(
        [rates[level] for level in levels],
        service.mean(),
        service.variance(),
        servers,
        preemptive=preemptive,
    )
    by_level = dict(zip(levels, classes, strict=True))
    inside = sum(found.in_system or 0.0 for found in classes)
    name = f"M/{'M' if station.is_exponential else 'G'}/{servers}, "
    return Model(
        name + ("preemptive resume priority" if preemptive else "non-preemptive priority"),
        "W_k = E[S] / (1 - s_{k-1}) + R_k / ((1 - s_{k-1}) (1 - s_k))"
        if preemptive
        else "Wq_k = R / ((1 - s_{k-1}) (1 - s_k))",
        f"Jaiswal 1968; {GROSS}, 3.4" if preemptive else f"Cobham 1954; Davis 1966; {GROSS}, 3.4",
        parameters_of(station, stream, classes=float(len(levels))),
        True,
        station,
        stream,
        Measures(in_system=inside, utilization=stream.rate * service.mean() / servers),
        tuple(
            (producer, by_level[document.node(producer).config.priority])  # type: ignore[attr-defined]
            for producer, _ in stream.shares
        ),
    )


def _bounded(_document: Document, station: Station, stream: Stream) -> Model | None:
    servers, mean = station.servers, station.service_time.mean()
    places = station.options["capacity"]
    if servers is None or station.options.get("overflow", "reject") != "reject":
        return None
    if places == 0:
        return Model(
            f"M/G/{servers}/{servers} (Erlang B)",
            "P(refused) = B(c, a) = a B(c-1) / (c + a B(c-1)), for any service distribution",
            f"Erlang 1917; Sevastyanov 1957; {GROSS}, 2.6",
            parameters_of(station, stream, capacity=0.0),
            True,
            station,
            stream,
            markovian.loss_system(stream.rate, mean, servers),
        )
    if not station.is_exponential:
        return None
    return Model(
        f"M/M/{servers}/{servers + places}",
        "p_n = p_0 prod lam / (min(i, c) mu); P(refused) = p_K; Little with lam (1 - p_K)",
        f"{GROSS}, 2.5",
        parameters_of(station, stream, capacity=float(places)),
        True,
        station,
        stream,
        markovian.mmck(stream.rate, mean, servers, places),
    )


def _retrying(_document: Document, station: Station, stream: Stream) -> Model | None:
    servers, failure = station.servers, station.options["failure"]
    if servers is None or not station.is_exponential or failure.redelivery_delay is not None:
        return None
    p = failure.probability
    measures, receives = markovian.with_retries(
        stream.rate, station.service_time.mean(), servers, p, station.max_receives
    )
    return Model(
        f"M/M/{servers} with retries",
        "receives r = (1 - p^m) / (1 - p); L of the M/M/c at load lam r / mu",
        "Takacs 1963; Kelly 1979",
        parameters_of(station, stream, failure_probability=p, receives_per_message=receives),
        True,
        station,
        stream,
        measures,
    )


def _expiring(_document: Document, station: Station, stream: Stream) -> Model | None:
    limit = station.options["ttl"]
    if station.servers != 1 or not station.is_exponential or getattr(limit, "distribution", "") != "constant":
        return None
    measures, expired = markovian.with_expiry(stream.rate, station.service_time.mean(), limit.value)
    return Model(
        "M/M/1 with expiry",
        "P(expired) = lam p0 exp(-(mu - lam) tau) / mu",
        "Barrer 1957; Baccelli & Hebuterne 1981",
        parameters_of(station, stream, ttl=limit.value, expiry_probability=expired),
        True,
        station,
        stream,
        measures,
    )


def _dispatched(_document: Document, station: Station, stream: Stream) -> Model | None:
    """A line for each server, chosen in turn or at random when a message arrives."""
    servers, service = station.servers, station.service_time
    if servers is None or len(station.servers_of) != 1:
        return None
    own = replace(station, servers=1, options={})
    share = replace(stream, rate=stream.rate / servers)
    if station.options["dispatch"] == "random":
        single = plain_model(own, share)
    elif station.options["dispatch"] == "round-robin" and station.is_exponential:
        gaps = single_server.erlang_gaps(share.rate, servers)
        single = Model(
            f"E{servers}/M/1",
            "sigma = A*(mu (1 - sigma)), Wq = sigma / mu (1 - sigma)",
            f"{GROSS}, 5.3",
            {},
            True,
            own,
            share,
            single_server.gm1(share.rate, service.mean(), gaps),
        )
    else:
        return None
    if single is None:
        return None
    found = single.measures
    whole = replace(
        found,
        queue_length=None if found.queue_length is None else servers * found.queue_length,
        in_system=None if found.in_system is None else servers * found.in_system,
        throughput=stream.rate,
    )
    parameters = parameters_of(station, stream)
    return replace(
        single,
        name=f"{servers} x {single.name}",
        parameters=parameters,
        station=station,
        stream=stream,
        measures=whole,
    )


def _polling(_document: Document, station: Station, stream: Stream) -> Model | None:
    if station.servers != 1:
        return None
    service, pause = station.service_time, float(station.options["poll_interval"])
    return Model(
        "M/G/1 with polling",
        "Wq = Pollaczek-Khinchine + E[V^2] / 2 E[V]",
        "Levy & Yechiali 1975; Fuhrmann & Cooper 1985",
        parameters_of(station, stream, poll_interval=pause),
        True,
        station,
        stream,
        single_server.polling(stream.rate, service.mean(), service.variance(), pause),
    )


def _starting(_document: Document, station: Station, stream: Stream) -> Model | None:
    start: Variate = station.options["setup_after_idle"]
    if station.servers != 1 or not hasattr(start, "variance"):
        return None
    service = station.service_time
    return Model(
        "M/G/1 with set-up",
        "Wq = Pollaczek-Khinchine + (2 E[D] + lam E[D^2]) / 2 (1 + lam E[D])",
        "Welch 1964",
        parameters_of(station, stream, setup_time=start.mean()),
        True,
        station,
        stream,
        single_server.set_up(stream.rate, service.mean(), service.variance(), start.mean(), start.variance()),
    )


def _bulk(_document: Document, station: Station, stream: Stream) -> Model | None:
    batch = station.options["batch"]
    known = {"max_size", "max_wait", "service"}
    is_plain = set(type(batch).model_fields) <= known and not getattr(batch, "max_wait", 0.0)
    if station.servers != 1 or not station.is_exponential or not is_plain or batch.service != "per-batch":
        return None
    most = int(batch.max_size)
    return Model(
        f"M/M[1,{most}]/1 (bulk service)",
        "mu r^(b+1) - (lam + mu) r + lam = 0; Lq = A r / (1 - r)^2",
        f"Bailey 1954; Neuts 1967; {GROSS}, 3.2",
        parameters_of(station, stream, batch_size=float(most)),
        True,
        station,
        stream,
        markovian.bulk_service(stream.rate, station.service_time.mean(), most),
    )


#: By the setting that makes the difference.
SPECIAL: dict[str, Callable[[Document, Station, Stream], Model | None]] = {
    "discipline": _last_first,
    "capacity": _bounded,
    "failure": _retrying,
    "ttl": _expiring,
    "dispatch": _dispatched,
    "poll_interval": _polling,
    "setup_after_idle": _starting,
    "batch": _bulk,
}
