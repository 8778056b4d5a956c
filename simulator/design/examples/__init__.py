"""The designs that come with Headrace: each a document of its own, runnable, with the words of the gallery.

The words stand here and not in the documents: a saved copy is its author's design, not a template.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from simulator.design.reading import read_text

SUFFIX = ".headrace.yaml"


@dataclass(frozen=True, slots=True)
class Template:
    """One ready design.

    Args:
        slug: its name in the API and the stem of its file.
        title, summary: for the gallery; one sentence each.
        see: what a run of it will show.
        document: the design as plain data (`headrace/1`); copy it before changing it.
    """

    slug: str
    title: str
    summary: str
    see: str
    document: dict[str, Any]


@cache
def templates() -> list[Template]:
    """All templates in the order of the gallery."""
    return [
        _template(
            "order-fan-out",
            "Order fan-out",
            summary="A web shop publishes OrderPlaced; billing, stock and mail each read a copy from a queue "
            "of their own.",
            see="Billing stops for a minute: its queue grows to about 3,600 messages and takes three minutes "
            "to drain, while stock and mail do not notice. Refused mails come back after 30 s.",
        ),
        _template(
            "broker-choice",
            "Broker choice",
            summary="A thousand orders a second to three consumers over SNS and SQS, to be compared with a "
            "FIFO queue, Kafka and RabbitMQ.",
            see="As drawn nearly every fifth order is billed out of its order. A FIFO queue keeps the order, "
            "yet one failure holds its warehouse up for 10 s; Kafka meets every objective, at a quarter of "
            "the cost.",
        ),
        _template(
            "work-queue",
            "Work queue with dead letters",
            summary="Jobs on an SQS queue, a pool of workers that fail two times in a hundred, and a "
            "dead-letter queue.",
            see="The work takes 0.4 s, yet the 99th percentile of latency is 30 s: a failed job waits for "
            "its visibility timeout. What fails twice collects in the dead-letter queue.",
        ),
        _template(
            "web-load-replay",
            "Web load replay",
            summary="Two weeks of real load-balancer traffic in front of an SQS queue and four workers.",
            see="The pool is busy 62 % of the time. Half of the jobs start at once, and the slowest "
            "hundredth waits more than an hour, after the busy hours of the thirteenth day.",
        ),
        _template(
            "microservice-chain",
            "Microservice chain",
            summary="Three services that call each other and wait, with shipping behind a queue.",
            see="In a burst payment runs full, and the waiting moves backwards through orders to the API "
            "until requests are refused, although neither of the two is short of workers by itself.",
        ),
        _template(
            "slow-dependency",
            "Microservice mesh with a slow dependency",
            summary="Browsers and buyers share a gateway; behind it one service of five, which only browsers "
            "need, is slow for a minute.",
            see="The slow service holds the workers of its callers up to the gateway, where 8,600 requests "
            "wait: buyers, who never call it, wait up to 44 s. Give the edge to recommendations a "
            "timeout of 0.5 s, a circuit breaker and a fallback, and they do not notice.",
        ),
        _template(
            "bff-web-mobile",
            "BFF for web and mobile",
            summary="One backend for each sort of client gathers a page from five services; the reviews are "
            "slow for a minute.",
            see="Reviews are optional for the web, with a time limit and a circuit breaker: its pages come "
            "without them and in time. Mobile pages need them, and 11,000 fail. Caches spare the catalog "
            "six calls of seven.",
        ),
        _template(
            "kafka-group",
            "Kafka consumer group",
            summary="A topic with 12 partitions and a group of six members; one is killed for a minute.",
            see="For 45 s nobody reads two of the partitions, until the session of the killed one is over: "
            "the backlog grows to some 7,500 records. Some hundred are processed twice, none out of order.",
        ),
        _template(
            "sns-fan-out",
            "SNS fan-out",
            summary="Orders go to an SNS topic; filter policies decide what billing, fraud screening and an "
            "audit endpoint get.",
            see="Two subscribers fail for two minutes. The queue gets everything later; of the HTTP endpoint "
            "about 3,000 messages end in the dead-letter queue, for its retries last one minute only.",
        ),
        _template(
            "event-bus",
            "Event bus",
            summary="Rules of an EventBridge bus split a shop's events among parts of its back office.",
            see="The warehouse's queue is out of reach for ten minutes: some 7,200 orders wait on the bus "
            "for their next try and all arrive, the last a quarter of an hour later. Nobody else notices.",
        ),
        _template(
            "bus-at-scale",
            "Bus at scale",
            summary="A thousand events a second from one EventBridge bus to a FIFO queue, a topic with two "
            "queues, and a pipe.",
            see="The FIFO queue breaks the order of no customer, yet about one event in a hundred is "
            "finished after a later one of its customer: the bus had changed their order before.",
        ),
        _template(
            "nightly-reports",
            "Nightly reports",
            summary="Three thousand EventBridge schedules ask for a report at two in the morning, of a "
            "database that the website reads too.",
            see="All reports are there after four minutes, though their queue is out of reach for one: "
            "Scheduler tries again. Yet one page in a hundred takes more than 2 s. With a "
            "FlexibleTimeWindow of 15 minutes it takes 0.3 s.",
        ),
        _template(
            "order-saga",
            "Orchestrated saga",
            summary="A Step Functions workflow reserves stock, takes the payment and ships, and undoes what "
            "was done, in reverse order, when a step fails.",
            see="One card in twenty is declined, and its stock is released again. While shipping is out for "
            "a minute, retries hold the orders open for some seconds, and then all are refunded.",
        ),
        _template(
            "saga-coordinator",
            "Saga with a coordinator",
            summary="A coordinator sends commands to stock, payment and shipping, and undoes an order whose "
            "payment is declined or does not answer in time.",
            see="For a minute payment is slow: 540 charges are not answered in time and are refunded; 460 of "
            "them come only then and meet a tombstone. Without tombstones those customers pay for nothing. "
            "350 times somebody acted on stock that was released later; a semantic lock prevents it.",
        ),
        _template(
            "choreographed-saga",
            "Choreographed saga",
            summary="Orders, stock, payment and shipping react to each other's events on a Kafka topic, and "
            "undo what they did when a later one refuses; nobody coordinates.",
            see="While payment is away for a minute 1,400 orders are half done, and 740 expire. Payment "
            "takes most of them late and gives the money back; shipping has been told and refuses 700. Take "
            "OrderExpired from its list, and they are shipped and refunded: stuck.",
        ),
        _template(
            "outbox",
            "Transactional outbox",
            summary="An order service commits its events with its orders, and a relay publishes them to a "
            "topic that is out of reach for a minute.",
            see="3,100 events wait in the outbox, and none is lost. Six crashes of the relay publish 385 "
            "twice: customers get two mails, the warehouse remembers and packs once. With the method "
            "commit-then-publish 3,300 orders are never told of.",
        ),
        _template(
            "serverless-orders",
            "Serverless order pipeline",
            summary="Three Lambda functions and two SQS queues take, charge and ship orders; for two minutes "
            "the payment service is slow.",
            see="Batches of ten run into the function's Timeout and come again a minute later, some 7,000 "
            "orders at a time: the 99th percentile is two minutes, and payment gets 6,700 calls too many. "
            "With a BatchSize of 3 it is 7 s, and 140 calls.",
        ),
        _template(
            "rag-assistant",
            "RAG assistant",
            summary="Questions are embedded, looked up, reranked and answered by a model with limits per "
            "minute; retries, a circuit breaker and a smaller model are there when it fails.",
            see="For two minutes the primary model is overloaded: the breaker sends nearly everything to the "
            "smaller one, and nobody goes without an answer. Take the breaker away and the primary fails "
            "twenty times as many requests; take the fallback away and a third of the answers is lost.",
        ),
        _template(
            "multi-model-agent",
            "Multi-model agent",
            summary="A small model checks and judges, a large one works in turns with tools, some results "
            "wait for a person, and a nightly batch uses the same account.",
            see="When the batch begins, its input tokens use up the limit they share: tasks of users fail "
            "with 429, though there are few requests. Switch on prompt caching for the agent's work, and "
            "they no longer do: every turn sends all that was said before.",
        ),
        _template(
            "cqrs-shop",
            "CQRS shop",
            summary="Customers change their basket and see it on the next page, from a read model that "
            "events make.",
            see="In quiet times six pages in seven show the change. While the projection stands still none "
            "does, and it takes 99 s to catch up; at half its speed it hides the changes too. Answers are as "
            "fast as ever.",
        ),
        _template(
            "event-sourced-ledger",
            "Event-sourced ledger",
            summary="Transfers are appended to the streams of accounts; busy accounts conflict, balances are "
            "rebuilt.",
            see="Some 4,100 appends conflict, nearly all at a few accounts, and 108 transfers give up. "
            "With no snapshot the busiest account takes 1.3 s to load; the rebuild reads 36,000 events in "
            "36 s and shows old balances meanwhile.",
        ),
        _template(
            "rabbitmq-orders",
            "RabbitMQ orders",
            summary="A topic exchange, a quorum and a classic queue, dead letters; a leader fails and an "
            "alarm blocks the publisher.",
            see="When the leader fails, publishes are refused for the 5 s of an election, yet nothing that "
            "was confirmed is lost; in the ten seconds of the alarm 2,000 orders wait in the sender. What "
            "fails three times reaches the clerk.",
        ),
        _template(
            "first-queue",
            "First queue",
            summary="The textbook queue M/M/1, busy 80 % of the time, whose answers are known exactly.",
            see="A mean waiting time close to the 0.08 s of theory, 3.2 waiting messages on average, and how "
            "wide the intervals of ten replications are.",
        ),
    ]


def _template(slug: str, title: str, *, summary: str, see: str) -> Template:
    data = read_text((resources.files(__name__) / f"{slug}{SUFFIX}").read_bytes())
    if not isinstance(data, dict):
        raise TypeError(f"{slug} is not a mapping")
    return Template(slug, title, summary, see, data)
