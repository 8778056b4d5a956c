"""One server and any service time: M/G/1 and its relatives, GI/M/1, and the band of G/G/c."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, exp, expm1, log, log10

from simulator.theory.markovian import erlang_c
from simulator.theory.measures import SHARES, Measures, inverse, stable, with_little

#: Service times up to which the waiting time of an M/D/1 is summed exactly.
LONGEST_SUM = 15.0


def mean_wait(rate: float, mean: float, variance: float) -> float:
    """The mean wait of the M/G/1, lambda E[S^2] / 2 (1 - rho) (Pollaczek 1930, Khinchine 1932)."""
    return rate * (variance + mean**2) / (2.0 * (1.0 - stable(rate * mean, 1)))


def mg1(
    rate: float, mean: float, variance: float, third: float | None = None, *, extra_wait: float = 0.0
) -> Measures:
    """M/G/1: Wq = lambda E[S^2] / 2 (1 - rho), Var(Wq) = Wq^2 + lambda E[S^3] / 3 (1 - rho).

    Args:
        mean, variance: of the service time.
        third: its third moment E[S^3], where it is known.
        extra_wait: added to every wait (vacations).

    Source: Pollaczek 1930; Khinchine 1932; Takacs 1962 for the variance; Gross, Shortle, Thompson &
    Harris 2008, 5.1.
    """
    rho = stable(rate * mean, 1)
    waiting = mean_wait(rate, mean, variance)
    spread = None if third is None else waiting**2 + rate * third / (3.0 * (1.0 - rho))
    if extra_wait:
        return with_little(rate, mean, 1, waiting + extra_wait)
    return with_little(rate, mean, 1, waiting, waiting_probability=rho, waiting_variance=spread)


def md1(rate: float, service: float) -> Measures:
    """M/D/1, with the percentiles of the waiting time.

    P(Wq <= t) = (1 - rho) sum_{j <= t/D} [lambda (jD - t)]^j / j! exp(-lambda (jD - t)). Source: Erlang
    1909; Crommelin 1932; Franx, Operations Research Letters 29 (2001).
    """
    plain = mg1(rate, service, 0.0, service**3)
    rho = rate * service
    wait = mean_wait(rate, service, 0.0)
    percentiles = {}
    for name, share in SHARES.items():
        percentiles[name] = service * inverse(
            lambda t: md1_waiting_share(rho, t), share, max(wait / service, 1e-3)
        )
    sojourn = {name: value + service for name, value in percentiles.items()}
    return with_little(
        rate,
        service,
        1,
        wait,
        waiting_probability=rho,
        waiting_variance=plain.waiting_variance,
        waiting_percentiles=percentiles,
        sojourn_percentiles=sojourn,
    )


def md1_waiting_share(utilization: float, services: float) -> float:
    """P(Wq <= t) of an M/D/1, with t in service times.

    The terms alternate and reach e^(rho t); they are added as exact fractions of decimals with enough
    digits, so that nothing is lost by cancellation. Beyond 15 service times the exponential tail is exact
    to double precision: P(Wq > t) = (1 - rho) / (rho e^x - 1) e^(-x t) with
    rho e^x = rho + x (Cramer and Lundberg; Tijms, *A First Course in Stochastic Models*, 2003, 9.2).
    """
    if services < 0.0:
        return 0.0
    if services > LONGEST_SUM:
        return 1.0 - _md1_tail(utilization, services)
    digits = 30 + ceil(2.0 * utilization * services / log(10.0)) + ceil(services)
    scale = 10**digits
    rho, time = Fraction(utilization), Fraction(services)
    factor = _exponential(-rho, scale)  # e^{-rho}
    whole = int(services)
    power = _exponential(rho * time, scale)  # e^{rho t}
    total, factorial = 0, 1
    for j in range(whole + 1):
        if j:
            factorial *= j
            power = power * factor // scale
        base = rho * (j - time)
        term = Fraction(base.numerator**j, base.denominator**j) if j else Fraction(1)
        total += term.numerator * power // (term.denominator * factorial)
    return float((1 - rho) * Fraction(total, scale))


def _md1_tail(utilization: float, services: float) -> float:
    low, high = 0.0, 1.0
    while utilization * expm1(high) < high:
        high *= 2.0
    low = 1e-9 * high
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if utilization * expm1(middle) < middle else (low, middle)
    root = (low + high) / 2.0
    return (1.0 - utilization) / (utilization * exp(root) - 1.0) * exp(-root * services)


def _exponential(exponent: Fraction, scale: int) -> int:
    """exp(exponent) times `scale`, by the series of a halved argument."""
    halvings = max(0, ceil(log10(abs(float(exponent)) + 1e-300) / log10(2.0)) + 4)
    inner = scale * 10 ** (halvings + 10)
    small = int(exponent * inner) >> halvings if exponent >= 0 else -(int(-exponent * inner) >> halvings)
    total = term = inner
    step = 1
    while term:
        term = term * small // inner if term * small >= 0 else -(-term * small // inner)
        term = term // step if term >= 0 else -(-term // step)
        total += term
        step += 1
    for _ in range(halvings):
        total = total * total // inner
    return int(total * scale // inner)


def gm1(rate: float, service: float, transform: Callable[[float], float]) -> Measures:
    """GI/M/1: sigma = A*(mu (1 - sigma)), Wq = sigma / mu (1 - sigma), P(wait) = sigma.

    Args:
        transform: Laplace-Stieltjes transform A*(s) of the time between arrivals.

    Source: Gross et al. 2008, 5.3.1.
    """
    stable(rate * service, 1)
    mu = 1.0 / service
    # A*(mu(1-x)) - x is above 0 below the root and below 0 between the root and 1.
    low, high = 0.0, 1.0 - 1e-12
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if transform(mu * (1.0 - middle)) > middle else (low, middle)
    sigma = (low + high) / 2.0
    drain = mu * (1.0 - sigma)
    waiting = {n: log(sigma / (1.0 - p)) / drain if sigma > 1.0 - p else 0.0 for n, p in SHARES.items()}
    return with_little(
        rate,
        service,
        1,
        sigma / drain,
        waiting_probability=sigma,
        waiting_variance=sigma * (2.0 - sigma) / drain**2,
        waiting_percentiles=waiting,
        sojourn_percentiles={name: -log(1.0 - p) / drain for name, p in SHARES.items()},
    )


def constant_gaps(rate: float) -> Callable[[float], float]:
    """A*(s) of constant gaps (D/M/1)."""
    return lambda s: exp(-s / rate)


def erlang_gaps(rate: float, phases: int) -> Callable[[float], float]:
    """A*(s) of gaps of `phases` exponential phases: every k-th arrival of a Poisson process."""
    return lambda s: (1.0 + s / (phases * rate)) ** -phases


def batches(batch_rate: float, size: float, size_variance: float, mean: float, variance: float) -> Measures:
    """M^[X]/G/1: messages arrive in batches.

    Wq = lambda E[S^2] / 2 (1 - rho) + (E[X^2] - E[X]) E[S] / 2 E[X] (1 - rho), lambda = batches x E[X]:
    the wait of the batch and the wait inside it. Source: Gaver 1959; Gross et al. 2008, 3.1 (exponential).

    Args:
        batch_rate: batches per second.
        size, size_variance: of the number of messages in one.
        mean, variance: of the service time.
    """
    rate = batch_rate * size
    rho = stable(rate * mean, 1)
    second = size_variance + size**2
    waiting = (rate * (variance + mean**2) + (second - size) * mean / size) / (2.0 * (1.0 - rho))
    return with_little(rate, mean, 1, waiting)


def set_up(rate: float, mean: float, variance: float, start: float, start_variance: float) -> Measures:
    """M/G/1 whose server needs a set-up time D when a message finds the system empty (cold start).

    The wait of the M/G/1 plus (2 E[D] + lambda E[D^2]) / 2 (1 + lambda E[D]). Source: Welch, Operations
    Research 12 (1964). The queue length is left out: a message being set up for is no longer in line.
    """
    second = start_variance + start**2
    extra = (2.0 * start + rate * second) / (2.0 * (1.0 + rate * start))
    waiting = mean_wait(rate, mean, variance) + extra
    return Measures(
        waiting_time=waiting,
        sojourn_time=waiting + mean,
        in_system=rate * (waiting + mean),
        throughput=rate,
    )


def polling(rate: float, mean: float, variance: float, pause: float) -> Measures:
    """M/G/1 whose idle server looks again every `pause` seconds (multiple vacations).

    The wait of the M/G/1 plus E[V^2] / 2 E[V] = V/2. Source: Levy & Yechiali 1975; Fuhrmann & Cooper 1985.
    """
    return mg1(rate, mean, variance, extra_wait=pause / 2.0)


def priorities(
    rates: Sequence[float], mean: float, variance: float, servers: int, *, preemptive: bool
) -> list[Measures]:
    """Waiting of each class, the most urgent first; all classes have the same service time.

    Non-preemptive: Wq_k = R / ((1 - s_{k-1}) (1 - s_k)), s_k the load of the classes up to k, R = lambda
    E[S^2] / 2 for one server, and C(c, a) / (c mu) for c exponential ones (Cobham 1954; Davis 1966).
    Preemptive resume, one server: W_k = E[S] / (1 - s_{k-1}) + R_k / ((1 - s_{k-1}) (1 - s_k)) with R_k of
    the classes up to k (Jaiswal 1968). Source also: Gross et al. 2008, 3.4.
    """
    total = sum(rates)
    stable(total * mean, servers)
    second = variance + mean**2
    if servers == 1:
        rest = total * second / 2.0
    else:
        rest = erlang_c(servers, total * mean) * mean / servers
    found = []
    before = up_to = own_rest = 0.0
    for rate in rates:
        before, up_to = up_to, up_to + rate * mean / servers
        own_rest += rate * second / 2.0
        if preemptive:
            sojourn = mean / (1.0 - before) + own_rest / ((1.0 - before) * (1.0 - up_to))
        else:
            sojourn = mean + rest / ((1.0 - before) * (1.0 - up_to))
        found.append(
            Measures(
                waiting_time=None if preemptive else sojourn - mean,
                sojourn_time=sojourn,
                in_system=rate * sojourn,
                throughput=rate,
            )
        )
    return found


def allen_cunneen(rate: float, arrival_scv: float, mean: float, service_scv: float, servers: int) -> Measures:
    """G/G/c, an approximation: Wq ~ C(c, a) / (c mu - lambda) x (c_a^2 + c_s^2) / 2.

    Exact for M/M/c and M/G/1; elsewhere usually within some ten percent in heavy traffic. Source: Kingman
    1962; Allen 1990 (Allen-Cunneen); Whitt 1993.

    Args:
        arrival_scv, service_scv: squared coefficients of variation of gaps and service times.
    """
    waits = erlang_c(servers, rate * mean)
    waiting = waits / (servers / mean - rate) * (arrival_scv + service_scv) / 2.0
    return with_little(rate, mean, servers, waiting)


def kingman_bound(rate: float, gap_variance: float, mean: float, service_variance: float) -> float:
    """Upper bound of the mean wait in a G/G/1: lambda (Var gap + Var S) / 2 (1 - rho).

    Source: Kingman, Biometrika 49 (1962).
    """
    rho = stable(rate * mean, 1)
    return rate * (gap_variance + service_variance) / (2.0 * (1.0 - rho))
