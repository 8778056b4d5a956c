"""Closed forms against the values of textbooks and of each other."""

from __future__ import annotations

from math import exp

import pytest

from simulator.theory import markovian, networks, single_server
from simulator.theory.measures import Unstable


def near(value: float, rel: float = 1e-6) -> object:
    return pytest.approx(value, rel=rel)


def test_mm1_at_utilization_08() -> None:
    found = markovian.mmc(40, 0.02, 1)
    assert (found.waiting_time, found.sojourn_time) == (near(0.08), near(0.1))
    assert (found.queue_length, found.in_system) == (near(3.2), near(4.0))
    assert found.waiting_probability == near(0.8)
    assert found.sojourn_percentiles["p50"] == near(0.069314718)
    assert found.sojourn_percentiles["p99"] == near(0.46051702)
    assert found.waiting_percentiles["p95"] == near(0.27725887)


def test_mmc_with_five_servers() -> None:
    found = markovian.mmc(80, 0.05, 5)
    assert found.waiting_time == near(0.027705628)
    assert found.in_system == near(6.2164502)
    assert found.waiting_probability == near(0.55411255)
    assert found.sojourn_percentiles["p95"] == near(0.20987313)
    assert found.sojourn_percentiles["p99"] == near(0.30398313)
    assert found.waiting_percentiles["p95"] == near(0.12026724)


def test_mmc_when_the_drain_equals_the_service_rate() -> None:
    # c mu - lambda = mu: the two exponentials of the sojourn time coincide.
    exact = markovian.mmc(2.0, 0.5, 2).sojourn_percentiles["p95"]
    beside = markovian.mmc(2.0 + 1e-6, 0.5, 2).sojourn_percentiles["p95"]
    assert exact == pytest.approx(beside, rel=1e-5)


@pytest.mark.parametrize(
    ("servers", "load", "blocked"),
    [(1, 1.0, 0.5), (2, 1.0, 0.2), (8, 6.0, 0.12187578), (10, 5.0, 0.018385), (100, 90.0, 0.026957)],
)
def test_erlang_b(servers: int, load: float, blocked: float) -> None:
    assert markovian.erlang_b(servers, load) == pytest.approx(blocked, rel=1e-4)


def test_erlang_c_of_a_single_server_is_its_utilization_and_large_pools_do_not_overflow() -> None:
    assert markovian.erlang_c(1, 0.7) == near(0.7)
    assert 0.0 < markovian.erlang_c(5000, 4900) < 1.0
    with pytest.raises(Unstable):
        markovian.erlang_c(2, 2.0)


def test_a_bounded_line_above_its_capacity() -> None:
    found = markovian.mmck(60, 0.02, 1, 7)
    assert found.rejection_probability == near(0.20673288)
    assert found.throughput == near(47.596027)
    assert found.in_system == near(5.1635758)
    assert found.waiting_time == near(0.088487538)
    assert found.utilization == near(0.95192054)


def test_a_long_bounded_line_is_the_unbounded_one() -> None:
    assert markovian.mmck(40, 0.02, 1, 2000).waiting_time == near(0.08)
    assert markovian.mmck(200, 0.02, 1, 5000).throughput == near(50.0)


def test_a_loss_system() -> None:
    found = markovian.loss_system(30, 0.2, 8)
    assert found.rejection_probability == near(0.12187578)
    assert found.in_system == near(5.2687453)
    assert markovian.mmck(30, 0.2, 8, 0).throughput == near(found.throughput or 0.0)


def test_md1_with_its_percentiles() -> None:
    found = single_server.md1(80, 0.01)
    assert found.waiting_time == near(0.02)
    assert found.waiting_variance == near(0.00053333333)
    assert found.waiting_percentiles["p95"] == near(0.06620325)
    assert found.waiting_percentiles["p99"] == near(0.10355887)


def test_the_distribution_of_md1_stays_sane_far_out_and_near_saturation() -> None:
    assert single_server.md1_waiting_share(0.5, 0.0) == near(0.5)
    assert single_server.md1_waiting_share(0.8, 0.5) == near(0.2 * exp(0.4))
    shares = [single_server.md1_waiting_share(0.98, t) for t in (10.0, 50.0, 120.0, 200.0)]
    assert shares == sorted(shares)
    assert 0.999 < shares[-1] <= 1.0
    # Heavy traffic: P(Wq > t) is nearly exponential with mean rho D / 2 (1 - rho).
    assert 1 - shares[1] == pytest.approx(exp(-50 / 24.5), rel=0.05)


@pytest.mark.parametrize("utilization", [0.3, 0.8, 0.95, 0.995])
def test_the_sum_and_the_tail_of_md1_meet(utilization: float, monkeypatch: pytest.MonkeyPatch) -> None:
    tail = single_server.md1_waiting_share(utilization, 15.5)
    monkeypatch.setattr(single_server, "LONGEST_SUM", 20.0)
    assert tail == pytest.approx(single_server.md1_waiting_share(utilization, 15.5), abs=1e-12)


def test_mg1_with_lognormal_work() -> None:
    mean, scv = 0.025, 1.5
    third = mean**3 * (1 + scv) ** 3
    found = single_server.mg1(30, mean, scv * mean**2, third)
    assert found.waiting_time == near(0.09375)
    assert found.in_system == near(3.5625)
    assert found.waiting_variance == near(0.018554688)


def test_gm1_is_mm1_under_poisson_arrivals_and_dm1_waits_far_less() -> None:
    poisson = single_server.gm1(40, 0.02, lambda s: 40 / (40 + s))
    assert poisson.waiting_time == near(0.08)
    regular = single_server.gm1(25, 0.02, single_server.constant_gaps(25))
    assert regular.waiting_probability == pytest.approx(0.203188, rel=1e-5)
    assert single_server.erlang_gaps(25, 1)(3.0) == near(25 / 28)


def test_round_robin_waits_less_than_random_choice_and_more_than_one_line() -> None:
    shared = markovian.mmc(70, 0.05, 5).waiting_time or 0.0
    robin = single_server.gm1(14, 0.05, single_server.erlang_gaps(14, 5)).waiting_time or 0.0
    random = markovian.mmc(14, 0.05, 1).waiting_time or 0.0
    assert shared < robin < random


def test_batches_of_ten() -> None:
    mean = 0.018181818
    found = single_server.batches(4, 10, 0, mean, mean**2)
    assert found.waiting_time == pytest.approx(0.34848485, rel=1e-6)
    assert found.in_system == pytest.approx(14.666667, rel=1e-6)


def test_bulk_service_of_one_at_a_time_is_mm1() -> None:
    found = markovian.bulk_service(40, 0.02, 1)
    assert found.waiting_time == near(0.08)
    assert found.utilization == near(0.8)
    assert (markovian.bulk_service(40, 0.02, 10).waiting_time or 1.0) < 0.08
    with pytest.raises(Unstable):
        markovian.bulk_service(100, 0.02, 2)


def test_set_up_without_a_set_up_time_is_mg1() -> None:
    assert single_server.set_up(40, 0.02, 0.0004, 0.0, 0.0).waiting_time == near(0.08)
    # A constant second of set-up at almost no load is waited for in full.
    assert single_server.set_up(1e-9, 0.02, 0.0004, 1.0, 0.0).waiting_time == pytest.approx(1.0, rel=1e-6)


def test_polling_adds_half_a_pause() -> None:
    assert single_server.polling(40, 0.02, 0.0004, 0.5).waiting_time == near(0.08 + 0.25)


def test_priorities_non_preemptive_and_preemptive() -> None:
    urgent, patient = single_server.priorities([15, 25], 0.02, 0.0004, 1, preemptive=False)
    assert (urgent.sojourn_time, patient.sojourn_time) == (near(0.042857143), near(0.13428571))
    first, second = single_server.priorities([15, 25], 0.02, 0.0004, 1, preemptive=True)
    assert first.sojourn_time == near(0.02 / 0.7)  # as if the others were not there
    # Exponential work: the number in the system is that of an M/M/1, whatever the order.
    assert 15 * (first.sojourn_time or 0) + 25 * (second.sojourn_time or 0) == near(4.0)
    several = single_server.priorities([30, 50], 0.05, 0.0025, 5, preemptive=False)
    mean = (30 * (several[0].waiting_time or 0) + 50 * (several[1].waiting_time or 0)) / 80
    assert mean == near(0.027705628)


def test_retries_raise_the_load_and_dead_letters_bound_it() -> None:
    found, receives = markovian.with_retries(40, 0.02, 1, 0.1, None)
    assert receives == near(1 / 0.9)
    assert found.in_system == near((0.8 / 0.9) / (1 - 0.8 / 0.9))
    assert markovian.with_retries(40, 0.02, 1, 0.5, 2)[1] == near(1.5) if 40 * 0.02 * 1.5 < 1 else True
    with pytest.raises(Unstable):
        markovian.with_retries(40, 0.02, 1, 1.0, None)


def test_expiry_ends_where_it_should() -> None:
    # No patience at all is a loss system with one server, endless patience an M/M/1.
    assert markovian.with_expiry(40, 0.02, 0.0)[1] == near(markovian.erlang_b(1, 0.8))
    endless, expired = markovian.with_expiry(40, 0.02, 5.0)
    assert expired < 1e-12
    assert endless.waiting_time == near(0.08)
    # At full load the limit alone keeps the line short: 1 - expired = utilization.
    full, expired = markovian.with_expiry(50, 0.02, 0.1)
    assert full.utilization == near(1 - expired)


def test_closed_clients() -> None:
    # One client never waits; two and one server by hand: think 1, serve 1.
    alone = markovian.closed(1, 1.0, 1.0, 1)
    assert (alone.waiting_time, alone.throughput) == (near(0.0) if alone.waiting_time else 0.0, near(0.5))
    two = markovian.closed(2, 1.0, 1.0, 1)  # p = (1, 2, 2) / 5
    assert two.utilization == near(0.8)
    assert two.throughput == near(0.8)
    assert two.sojourn_time == near(1.5)
    assert two.waiting_probability == near(0.5)


def test_infinite_servers_hold_the_offered_load() -> None:
    assert markovian.infinite_servers(30, 0.2).in_system == near(6.0)


def test_allen_cunneen_is_exact_where_the_exact_forms_are_known() -> None:
    assert single_server.allen_cunneen(80, 1, 0.05, 1, 5).waiting_time == near(0.027705628)
    assert single_server.allen_cunneen(80, 1, 0.01, 0, 1).waiting_time == near(0.02)
    assert single_server.kingman_bound(25, 0.0, 0.02, 0.0004) > (
        single_server.gm1(25, 0.02, single_server.constant_gaps(25)).waiting_time or 1.0
    )


def test_traffic_equations_with_feedback() -> None:
    # A third goes back to the start: 30 per second from outside become 45.
    assert networks.traffic([30, 0], [[0, 1], [1 / 3, 0]]) == [near(45), near(45)]
    with pytest.raises(ValueError, match="never leave"):
        networks.traffic([1, 0], [[0, 1], [1, 0]])


def test_the_sum_of_two_sojourn_times() -> None:
    drains = [1 / 0.025 - 25, 1 / 0.028571429 - 25]
    assert networks.tandem_percentiles(drains)["p95"] == pytest.approx(0.39997772, rel=1e-5)
    with pytest.raises(ValueError, match="nearly equal"):
        networks.tandem_percentiles([10.0, 10.001])


@pytest.mark.parametrize(("rho", "needed"), [(0.5, 45e3), (0.8, 190e3), (0.9, 681e3), (0.95, 2.6e6)])
def test_messages_for_five_percent(rho: float, needed: float) -> None:
    assert markovian.messages_for_precision(rho, 0.05) == pytest.approx(needed, rel=0.03)
