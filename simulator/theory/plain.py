"""Poisson arrivals at a line without any option: M/M/c, M/D/1, M/G/1, unlimited servers, and the rest."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from simulator.theory import markovian, single_server
from simulator.theory.model import GROSS, Model, parameters_of
from simulator.theory.stations import Station
from simulator.theory.streams import Stream

if TYPE_CHECKING:
    from simulator.design.variate import Variate


def plain_model(station: Station, stream: Stream) -> Model | None:
    """The model of a station by its service times and servers alone."""
    servers, service = station.servers, station.service_time
    rate, mean = stream.rate, service.mean()
    if servers is None:
        return Model(
            "M/G/∞",
            "number in the system ~ Poisson(lam E[S])",
            "Mirasol 1963",
            parameters_of(station, stream),
            True,
            station,
            stream,
            markovian.infinite_servers(rate, mean),
        )
    if station.is_exponential:
        return Model(
            f"M/M/{servers}",
            "Wq = C(c, a) / (c mu - lam), P(Wq > t) = C exp(-(c mu - lam) t)",
            f"Erlang 1917; {GROSS}, 2.2-2.3",
            parameters_of(station, stream),
            True,
            station,
            stream,
            markovian.mmc(rate, mean, servers),
        )
    variance = service.variance()
    if servers == 1 and variance == 0.0:
        return Model(
            "M/D/1",
            "Wq = rho D / 2 (1 - rho); P(Wq <= t) by Crommelin's sum",
            "Erlang 1909; Crommelin 1932; Franx 2001",
            parameters_of(station, stream),
            True,
            station,
            stream,
            single_server.md1(rate, mean),
        )
    if not variance < 1e18:
        return None
    if servers == 1:
        return Model(
            "M/G/1",
            "Wq = lam E[S^2] / 2 (1 - rho); Var(Wq) = Wq^2 + lam E[S^3] / 3 (1 - rho)",
            f"Pollaczek 1930; Khinchine 1932; Takacs 1962; {GROSS}, 5.1",
            parameters_of(station, stream, service_scv=service.scv()),
            True,
            station,
            stream,
            single_server.mg1(rate, mean, variance, third_moment(service)),
        )
    return approximation(station, stream, 1.0, f"M/G/{servers}")


def approximation(station: Station, stream: Stream, arrival_scv: float, name: str) -> Model | None:
    """The Allen-Cunneen approximation, where it can be expected to hold."""
    servers, service = station.servers or 1, station.service_time
    if not (service.scv() < 25.0 and arrival_scv < 25.0):
        return None  # far from what the approximation was made for
    return Model(
        name,
        "Wq ~ C(c, a) / (c mu - lam) x (ca^2 + cs^2) / 2 (approximation)",
        "Kingman 1962; Allen 1990 (Allen-Cunneen); Whitt 1993",
        parameters_of(station, stream, arrival_scv=arrival_scv, service_scv=service.scv()),
        False,
        station,
        stream,
        single_server.allen_cunneen(stream.rate, arrival_scv, service.mean(), service.scv(), servers),
    )


def third_moment(service: Variate) -> float | None:
    """E[S^3], None where it is not known in closed form here."""
    name, mean, spread = getattr(service, "distribution", ""), service.mean(), service.scv()
    if name == "lognormal":
        return float(mean**3 * (1.0 + spread) ** 3)
    if name in ("erlang", "gamma"):
        return float(mean**3 * (1.0 + spread) * (1.0 + 2.0 * spread))
    if name == "uniform":
        low, high = service.low, service.high  # type: ignore[attr-defined]
        return float((low + high) * (low**2 + high**2) / 4.0)
    if name == "hyperexponential":
        p = (1.0 + sqrt(max(0.0, (spread - 1.0) / (spread + 1.0)))) / 2.0
        return float(6.0 * (p * (mean / (2 * p)) ** 3 + (1 - p) * (mean / (2 * (1 - p))) ** 3))
    return None
