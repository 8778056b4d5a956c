"""Queues whose state is a birth-death chain: M/M/c and its relatives."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, expm1, inf, log

from simulator.theory.measures import SHARES, Measures, Unstable, inverse, stable, with_little

#: States of a chain beyond which it is not followed.
MOST_STATES = 200_000


def erlang_b(servers: int, load: float) -> float:
    """Share of arrivals that find all servers busy and are lost, B(c, a).

    B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)). Source: Erlang 1917; insensitive to the service
    distribution (Sevastyanov 1957).

    Args:
        load: offered load in erlang.
    """
    if servers > MOST_STATES:
        raise ValueError(f"{servers} servers are not followed one by one")
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Share of arrivals that wait, C(c, a) = c B / (c - a (1 - B)).

    Raises:
        Unstable: from a load of `servers` on.

    Source: Erlang 1917; Gross, Shortle, Thompson & Harris, *Fundamentals of Queueing Theory*, 4th ed.
    2008, 2.3.
    """
    stable(load, servers)
    blocked = erlang_b(servers, load)
    return servers * blocked / (servers - load * (1.0 - blocked))


def mmc(rate: float, service: float, servers: int) -> Measures:
    """M/M/c: Wq = C / (c mu - lambda), P(Wq > t) = C exp(-(c mu - lambda) t).

    Args:
        rate: messages per second.
        service: mean service time, seconds.

    Source: Gross et al. 2008, 2.2 and 2.3.
    """
    load = rate * service
    waits = erlang_c(servers, load)
    drain = servers / service - rate
    mean = waits / drain

    def sojourn(time: float) -> float:
        return 1.0 - _sojourn_tail(time, waits, drain, 1.0 / service)

    waiting = {name: log(waits / (1.0 - p)) / drain if waits > 1.0 - p else 0.0 for name, p in SHARES.items()}
    return with_little(
        rate,
        service,
        servers,
        mean,
        waiting_probability=waits,
        waiting_variance=waits * (2.0 - waits) / drain**2,
        waiting_percentiles=waiting,
        sojourn_percentiles={name: inverse(sojourn, p, mean + service) for name, p in SHARES.items()},
    )


def _sojourn_tail(time: float, waits: float, drain: float, mu: float) -> float:
    """P(W > t): an exponential service after no wait, or after an exponential one of rate `drain`."""
    served = exp(-mu * time)
    if abs(drain - mu) <= 1e-9 * mu:
        return served * (1.0 + waits * mu * time)
    if (mu - drain) * time > 30.0:  # near saturation; written as below this would overflow
        both = (mu * exp(-drain * time) - drain * served) / (mu - drain)
        return (1.0 - waits) * served + waits * both
    # drain/(drain - mu) e^{-mu t} - mu/(drain - mu) e^{-drain t}, written without cancellation
    both = served - mu * served * expm1(-(drain - mu) * time) / (drain - mu)
    return (1.0 - waits) * served + waits * both


def birth_death(births: Callable[[int], float], deaths: Callable[[int], float], last: int) -> list[float]:
    """Steady-state probabilities of the states 0 to `last`.

    p_n = p_0 prod birth(i-1) / death(i). Source: Gross et al. 2008, 2.1.
    """
    weights = [1.0]
    for state in range(1, last + 1):
        weights.append(weights[-1] * births(state - 1) / deaths(state))
        if weights[-1] > 1e200:
            weights = [weight * 1e-200 for weight in weights]
    total = sum(weights)
    return [weight / total for weight in weights]


def mmck(rate: float, service: float, servers: int, places: int) -> Measures:
    """M/M/c/K: a bounded line refuses what finds it full; K = `servers` + `places`.

    P(refused) = p_K, the rest by Little's law with lambda (1 - p_K); also above a load of c. Source: Gross
    et al. 2008, 2.5.

    Args:
        places: waiting places.

    Raises:
        ValueError: when the chain has more than 200,000 states.
    """
    last = servers + places
    if last > MOST_STATES:
        raise ValueError(f"a chain of {last} states is not followed")
    p = birth_death(lambda _: rate, lambda n: min(n, servers) / service, last)
    refused = p[-1]
    served = rate * (1.0 - refused)
    waiting_messages = sum((n - servers) * p[n] for n in range(servers + 1, last + 1))
    return with_little(
        served,
        service,
        servers,
        waiting_messages / served,
        rejection_probability=refused,
        waiting_probability=sum(p[servers:-1]) / (1.0 - refused) if places else 0.0,
    )


def loss_system(rate: float, service: float, servers: int) -> Measures:
    """M/G/c/c: nobody waits; refused is Erlang's B, whatever the service distribution.

    Source: Erlang 1917; Sevastyanov 1957.
    """
    refused = erlang_b(servers, rate * service)
    return with_little(
        rate * (1.0 - refused), service, servers, 0.0, rejection_probability=refused, waiting_probability=0.0
    )


def infinite_servers(rate: float, service: float) -> Measures:
    """M/G/inf: the number in the system is Poisson with mean lambda E[S], whatever the distribution.

    Source: Mirasol, Operations Research 11 (1963).
    """
    return Measures(
        waiting_time=0.0,
        sojourn_time=service,
        queue_length=0.0,
        in_system=rate * service,
        waiting_probability=0.0,
        throughput=rate,
    )


def closed(clients: int, think: float, service: float, servers: int) -> Measures:
    """M/M/c//N: `clients` think, send, and wait for the answer; exponential service.

    A finite-source birth-death chain with birth rate (N - n) / Z; only the mean Z of the think time
    matters. An arrival sees the system with one client fewer. Source: Palm 1943; Gross et al. 2008, 2.7;
    Baskett, Chandy, Muntz & Palacios 1975 (any think time); Lavenberg & Reiser 1980 (arrivals).
    """
    if clients > MOST_STATES:
        raise ValueError(f"a chain of {clients} states is not followed")

    def states(number: int) -> list[float]:
        return birth_death(lambda n: (number - n) / think, lambda n: min(n, servers) / service, number)

    p = states(clients)
    inside = sum(n * share for n, share in enumerate(p))
    busy = sum(min(n, servers) * share for n, share in enumerate(p))
    throughput = busy / service
    seen = states(clients - 1)
    return Measures(
        waiting_time=(inside - busy) / throughput,
        sojourn_time=inside / throughput,
        queue_length=inside - busy,
        in_system=inside,
        utilization=busy / servers,
        throughput=throughput,
        waiting_probability=sum(seen[servers:]),
    )


def with_retries(
    rate: float, service: float, servers: int, failure: float, most: int | None
) -> tuple[Measures, float]:
    """M/M/c whose failed messages go to the tail again; also the receives per message.

    Receives r = (1 - p^m) / (1 - p), the load is lambda r E[S], and the number in the system is that of an
    M/M/c under this load, because the order of exponential services does not change the chain. Source:
    Takacs 1963; Kelly, *Reversibility and Stochastic Networks* (1979).

    Args:
        failure: probability p that a service fails.
        most: receives m after which a message is dead-lettered, None for no limit.
    """
    if failure >= 1.0 and most is None:
        raise Unstable("every service fails and nothing is given up")
    if failure >= 1.0:
        receives = float(most or 1)
    else:
        receives = (1.0 - failure**most if most is not None else 1.0) / (1.0 - failure)
    inner = mmc(rate * receives, service, servers)
    return Measures(
        queue_length=inner.queue_length,
        in_system=inner.in_system,
        utilization=inner.utilization,
        extra={"receives_per_message": receives},
    ), receives


def with_expiry(rate: float, service: float, limit: float) -> tuple[Measures, float]:
    """M/M/1 whose messages expire after waiting `limit` seconds; also the share that expires.

    P(expired) = lambda p_0 exp(-(mu - lambda) tau) / mu, with the density lambda p_0 exp(-(mu - lambda) x)
    of the virtual wait below tau and p_0 from their sum being 1. Source: Barrer, Operations Research 5
    (1957); Baccelli & Hebuterne 1981.
    """
    mu = 1.0 / service
    gap = mu - rate
    # integral of exp(-gap x) from 0 to the limit, also when gap is 0 or below
    area = limit if abs(gap) * limit < 1e-12 else -expm1(-gap * limit) / gap
    edge = exp(-gap * limit)
    idle = 1.0 / (1.0 + rate * area + rate * edge / mu)
    expired = rate * idle * edge / mu
    moment = limit**2 / 2.0 if abs(gap) * limit < 1e-6 else (area - limit * edge) / gap
    served = rate * (1.0 - expired)
    waiting = rate * idle * moment / (1.0 - expired)
    return Measures(
        waiting_time=waiting,
        utilization=served * service,
        throughput=served,
    ), expired


def bulk_service(rate: float, service: float, most: int) -> Measures:
    """M/M^[1,b]/1: a free server takes all that wait, at most `most`, in one exponential service.

    mu r^(b+1) - (lambda + mu) r + lambda = 0 with 0 < r < 1; A = 1 / (mu/lambda + 1/(1 - r)); messages
    waiting Lq = A r / (1 - r)^2. Source: Bailey 1954; Neuts 1967; Gross et al. 2008, 3.2.
    """
    mu = 1.0 / service
    if rate >= most * mu:
        raise Unstable(f"{rate:g} messages per second against {most * mu:g}")

    def balance(r: float) -> float:
        # The equation divided by (1 - r), which removes its root at 1.
        return rate - mu * sum(r**k for k in range(1, most + 1))

    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if balance(middle) > 0.0 else (low, middle)
    r = (low + high) / 2.0
    factor = 1.0 / (mu / rate + 1.0 / (1.0 - r))
    waiting_messages = factor * r / (1.0 - r) ** 2
    return Measures(
        waiting_time=waiting_messages / rate,
        sojourn_time=waiting_messages / rate + service,
        queue_length=waiting_messages,
        in_system=waiting_messages + rate * service,
        utilization=1.0 - factor * mu / rate,
        throughput=rate,
    )


def messages_for_precision(utilization: float, precision: float) -> float:
    """Messages that make the mean wait of an M/M/1 known to a relative half-width, with 95 % confidence.

    n = (1.96 / eps)^2 v / Wq^2, v = rho (2 + 5 rho - 4 rho^2 + rho^3) / ((1 - rho)^4 mu^2). Source: Daley
    1968; Whitt, Management Science 35 (1989).
    """
    rho = utilization
    if rho <= 0.0:
        return inf
    variance = rho * (2.0 + 5.0 * rho - 4.0 * rho**2 + rho**3) / (1.0 - rho) ** 4
    return (1.96 / precision) ** 2 * variance / (rho / (1.0 - rho)) ** 2
