"""The textbook kinds, as worked examples with exact times."""

from __future__ import annotations

from simulator import Document, check, simulate
from simulator.kinds.basic.queue import Queue
from tests.simulator.designs import Watched, at, design, node


def test_one_server_serves_in_the_order_of_arrival() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1, 2)),
            node("q", "queue"),
            node("c", "consumer", service_time=5),
        ],
        ["p->q", "q->c"],
    )
    watched = Watched(document, 100.0)
    recording = watched.run()
    assert watched.times("c") == [0.0, 5.0, 10.0]
    assert recording.ledgers["q"]["delivered"] == 3


def test_a_queue_with_no_waiting_place_refuses_what_finds_all_servers_busy() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1, 6)),
            node("q", "queue", capacity=0),
            node("c", "consumer", service_time=5),
        ],
        ["p->q", "q->c"],
    )
    watched = Watched(document, 100.0)
    watched.run()
    assert watched.times("c") == [0.0, 6.0]
    assert watched.world.nodes["q"].rejected == 1


def test_a_full_queue_may_drop_its_oldest_message() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1, 2, 3)),
            node("q", "queue", capacity=1, overflow="drop-oldest"),
            node("c", "consumer", service_time=5),
        ],
        ["p->q", "q->c"],
    )
    result = simulate(document, duration=50)
    assert result["nodes"]["q"]["dropped"]["mean"] == 2
    assert result["flows"][0]["lost"]["mean"] == 2
    assert result["conservation"]["ok"]


def test_two_consumers_of_one_queue_take_turns() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 10, 20, 30)),
            node("q", "queue"),
            node("a", "consumer", service_time=1),
            node("b", "consumer", service_time=1),
        ],
        ["p->q", "q->a", "q->b"],
    )
    watched = Watched(document, 100.0)
    watched.run()
    assert watched.starts == [(0.0, "a"), (10.0, "b"), (20.0, "a"), (30.0, "b")]


def test_a_failed_message_goes_to_the_tail_and_after_its_receives_to_the_dead_letters() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1)),
            node("q", "queue"),
            node("c", "consumer", service_time=4, failure={"probability": 1.0}),
            node("dead", "queue"),
        ],
        ["p->q", "q->c", "q->dead:dead-letter"],
        edge_configs={"q->dead:dead-letter": {"maxReceiveCount": 2}},
    )
    watched = Watched(document, 100.0)
    recording = watched.run()
    assert watched.times("c") == [0.0, 4.0, 8.0, 12.0]
    assert recording.ledgers["dead"]["waiting"] == 2
    assert recording.ledgers["c"]["accepted"] == 0


def test_a_topic_gives_every_subscriber_a_copy_and_a_slow_one_delays_nobody() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1)),
            node("t", "topic"),
            node("q", "queue"),
            node("fast", "consumer", service_time=0.5),
            node("slow", "consumer", service_time=50),
        ],
        ["p->t", "t->q", "t->slow", "q->fast"],
    )
    watched = Watched(document, 10.0)
    recording = watched.run()
    assert watched.times("fast") == [0.0, 1.0]
    assert watched.times("slow") == [0.0]
    assert recording.ledgers["t"]["accepted"] == recording.ledgers["t"]["delivered"] == 2
    assert recording.ledgers["t:e2"]["waiting"] == 1


def test_a_consumer_sends_on_after_its_work_and_an_edge_may_take_time() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0)),
            node("q1", "queue"),
            node("first", "consumer", service_time=2),
            node("q2", "queue"),
            node("second", "consumer", service_time=3),
        ],
        ["p->q1", "q1->first", "first->q2", "q2->second"],
        edge_configs={"first->q2": {"delay": 4}},
    )
    watched = Watched(document, 100.0)
    watched.run()
    assert watched.starts == [(0.0, "first"), (6.0, "second")]
    flows = {(flow.producer, flow.consumer): flow for flow in watched.world.flows}
    assert flows["p", "second"].delivered == 1


def test_choice_sends_each_message_one_way_and_probability_each_way_by_itself() -> None:
    nodes = [
        node("p", "producer", arrivals={"process": "constant", "rate": 100}),
        node("q", "queue"),
        node("c", "consumer", service_time=0),
        node("a", "queue"),
        node("b", "queue"),
    ]
    edges = ["p->q", "q->c", "c->a", "c->b"]
    choice = design(nodes, edges, edge_configs={"c->a": {"choice": 3}, "c->b": {"choice": 1}})
    watched = Watched(choice, 100.0)
    ledgers = watched.run().ledgers
    done = watched.world.nodes["c"].delivered
    assert ledgers["a"]["accepted"] + ledgers["b"]["accepted"] == done
    assert 0.70 < ledgers["a"]["accepted"] / done < 0.80
    both = design(nodes, edges, edge_configs={"c->a": {"probability": 0.5}, "c->b": {"probability": 1}})
    ledgers = Watched(both, 100.0).run().ledgers
    assert ledgers["b"]["accepted"] == done
    assert 0.45 < ledgers["a"]["accepted"] / done < 0.55


def test_a_closed_client_waits_until_its_message_is_done_before_it_thinks_again() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "closed", "clients": 1, "think_time": 3}),
            node("q", "queue"),
            node("c", "consumer", service_time=2),
        ],
        ["p->q", "q->c"],
    )
    watched = Watched(document, 14.0)
    watched.run()
    assert watched.times("c") == [3.0, 8.0, 13.0]


def test_a_closed_client_waits_for_every_copy_of_its_message() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "closed", "clients": 1, "think_time": 1}),
            node("t", "topic"),
            node("a", "consumer", service_time=2),
            node("b", "consumer", service_time=5),
        ],
        ["p->t", "t->a", "t->b"],
    )
    watched = Watched(document, 14.0)
    watched.run()
    assert watched.times("a") == [1.0, 7.0, 13.0]


def test_a_service_stays_busy_until_the_service_it_invokes_has_answered() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 0)),
            node("api", "service", concurrency=1, service_time=1),
            node("store", "service", concurrency=1, service_time=2),
        ],
        ["p->api", "api->store"],
    )
    result = simulate(document, duration=20)
    latency = result["flows"][0]["end_to_end_latency"]
    assert latency["max"]["mean"] == 6
    assert result["nodes"]["api"]["service_time"]["mean"]["mean"] == 3


def test_a_refused_request_fails_the_work_of_the_consumer_that_made_it() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 0.5)),
            node("q", "queue"),
            node("c", "consumer", concurrency=2, service_time=1),
            node("s", "service", concurrency=1, service_time=10, capacity=0),
        ],
        ["p->q", "q->c", "c->s"],
    )
    watched = Watched(document, 11.2)
    recording = watched.run()
    assert watched.world.nodes["s"].rejected > 0
    assert recording.ledgers["q"]["delivered"] == 1


def test_a_paused_consumer_takes_nothing_until_it_is_resumed() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "constant", "rate": 100}),
            node("q", "queue"),
            node("c", "consumer", service_time=0.00625),
        ],
        ["p->q", "q->c"],
        faults=[{"kind": "pause", "node": "c", "at": 10, "duration": 30}],
    )
    watched = Watched(document, 100.0)
    watched.run()
    queue = watched.world.node("q", Queue)
    # 100 messages/s for 30 s; the one in service at the pause is finished.
    assert abs(max(watched.replication.recorder.recording.nodes["q"].peaks["queue_length"])[0] - 3000) <= 1
    assert queue.queue_length.value == 0


def test_what_two_producers_send_through_one_queue_is_told_apart_in_the_flows() -> None:
    document = design(
        [
            node("often", "producer", arrivals=at(1, 2, 3)),
            node("late", "producer", arrivals=at(3.25)),
            node("q", "queue"),
            node("c", "consumer", service_time=0.5),
        ],
        ["often->q", "late->q", "q->c"],
        simulation={"duration": 10, "warmup": 0},
    )
    often, late = simulate(document)["flows"]
    assert (often["from"], often["delivered"]["mean"]) == ("often", 3)
    assert often["end_to_end_latency"]["mean"]["mean"] == 0.5
    # it came in the middle of the third service of the others
    assert (late["from"], late["delivered"]["mean"]) == ("late", 1)
    assert late["end_to_end_latency"]["mean"]["mean"] == 0.75


def changing(arrivals: dict[str, object], *changes: tuple[float, float]) -> Document:
    return design(
        [node("p", "producer", arrivals=arrivals), node("q", "queue"), node("c", "consumer", service_time=0)],
        ["p->q", "q->c"],
        faults=[{"kind": "set", "node": "p", "at": time, "config": {"rate": rate}} for time, rate in changes],
    )


def test_a_producer_goes_on_at_another_rate_from_a_moment_on() -> None:
    clock = {"process": "constant", "rate": 1}
    watched = Watched(changing(clock, (2.5, 2), (4.2, 0), (6, 0.5)), 11.0)
    watched.run()
    # The clock begins anew at each change; nothing comes at a rate of 0.
    assert watched.times("c") == [1.0, 2.0, 3.0, 3.5, 4.0, 8.0, 10.0]


def test_a_change_before_the_start_and_a_limit_are_kept() -> None:
    clock = {"process": "constant", "rate": 1, "start": 5, "limit": 3, "stop": 100}
    watched = Watched(changing(clock, (2, 4), (5.6, 1)), 50.0)
    watched.run()
    assert watched.times("c") == [5.25, 5.5, 6.6]


def test_a_load_without_a_rate_cannot_be_changed() -> None:
    for arrivals in (at(1, 2), {"process": "closed", "clients": 2, "think_time": 1}):
        document = changing(arrivals, (1.5, 5))
        (problem,) = [one for one in check(document) if one.severity == "error"]
        assert problem.path == "faults[0]"
        assert "has no rate that could change" in problem.message
        # Wished in a going run it changes nothing and says so.
        watched = Watched(document, 10.0)
        watched.run()
        assert any("has no rate" in text for _, _, _, text in watched.world.events)
