"""What the checks of the kinds and of the graph find themselves: the reasons behind their codes.

Where several findings share a code, each says in its own words what is wrong and how to mend it.
"""

from __future__ import annotations

from simulator.graph.problem import Severity
from simulator.graph.rule import Rule


def _row(code: str, severity: Severity, title: str, why: str, source: str, remedy: str) -> Rule:
    return Rule(code, severity, title, why, source, remedy)


RULES = (
    _row(
        "D300",
        "warning",
        "A loose end, or a setting that the design works against.",
        "A producer that leads nowhere, a queue without a consumer, a consumer without a broker: what is "
        "made is lost or only collects.",
        "Reachability in the design's graph; the documentation of the product the message names",
        "Connect it, or take it away.",
    ),
    _row(
        "D301",
        "warning",
        "A node is offered more than it can serve (utilization of 1 or more).",
        "The backlog grows for as long as the load lasts; no broker setting helps.",
        "Traffic equations: Jackson, Networks of Waiting Lines, 1957; stability rho < 1",
        "Give it more servers than the offered load in erlang, or let the work take less time.",
    ),
    _row(
        "D302",
        "warning",
        "A visibility timeout is shorter than the work it must cover.",
        "The message is delivered to a second worker while the first is still at it: the work is done twice.",
        "Amazon SQS developer guide, Amazon SQS visibility timeout",
        "Set it above the p99.9 of the work, of a whole batch where there are batches, or extend it "
        "(heartbeat).",
    ),
    _row(
        "D303",
        "warning",
        "A join waits for more inputs than it has.",
        "It never completes, and everything behind it gets nothing.",
        "Hohpe and Woolf, Enterprise Integration Patterns, 2003, Aggregator (completeness condition)",
        "Lead the missing inputs to it, or let it wait for fewer.",
    ),
    _row(
        "D304",
        "warning",
        "A join waits without end for messages that may be lost.",
        "One lost part keeps all the others of its group in memory for ever.",
        "Hohpe and Woolf, Enterprise Integration Patterns, 2003, Aggregator (timeout)",
        "Give it a timeout.",
    ),
    _row(
        "D310",
        "warning",
        "A use of Amazon SQS that people come to regret.",
        "Each finding says what happens: heartbeats that come too late, FIFO groups that are too few or too "
        "hot, more in flight than SQS allows, bodies that repeat and are taken for duplicates.",
        "Amazon SQS developer guide: FIFO queue quotas, Exactly-once processing, Visibility timeout",
        "As the finding says.",
    ),
    _row(
        "D320",
        "warning",
        "A setting of RabbitMQ that people come to regret.",
        "Each finding says what happens: routing keys that nothing matches, prefetches that starve workers, "
        "timeouts shorter than the work.",
        "RabbitMQ documentation: Exchanges, Consumer Prefetch, Consumers, Quorum Queues",
        "As the finding says.",
    ),
    _row(
        "D330",
        "warning",
        "A setting of Amazon SNS that people come to regret.",
        "Each finding says what happens: filters that look in the wrong place, FIFO topics with one group "
        "or a standard queue behind, messages near the size limit.",
        "Amazon SNS developer guide: Message filtering, FIFO topics",
        "As the finding says.",
    ),
    _row(
        "D340",
        "warning",
        "A setting of Amazon EventBridge that people come to regret.",
        "Each finding says what happens: events that no pattern matches, loops through a consumer, "
        "schedules that never come.",
        "Amazon EventBridge user guide: Event patterns; EventBridge Scheduler user guide",
        "As the finding says.",
    ),
    _row(
        "D345",
        "warning",
        "A schedule that never comes, or drops what it cannot deliver.",
        "A run that ends before the schedule's first moment shows nothing; without a dead-letter queue what "
        "cannot be delivered in 24 hours is dropped (a hint).",
        "EventBridge Scheduler user guide, Schedule types; Configuring a dead-letter queue",
        "Let the run begin before a moment of the schedule; draw a dead-letter edge to a standard SQS queue.",
    ),
    _row(
        "D350",
        "warning",
        "Messages go round in a loop that they never leave.",
        "Each leads to at least one more: the load grows without bound, whatever the number of servers.",
        "Harris, The Theory of Branching Processes, 1963, chapter II (spectral radius of 1 or more)",
        "Give the way back a probability below 1, or a dead-letter edge instead.",
    ),
    _row(
        "D360",
        "warning",
        "A setting of AWS Step Functions that people come to regret.",
        "Each finding says what happens: callbacks awaited for a year, passing errors of Lambda that fail "
        "the execution, a Choice that nothing matches.",
        "AWS Step Functions developer guide, Best practices",
        "As the finding says.",
    ),
    _row(
        "D370",
        "warning",
        "A synchronous call is made in a way that people come to regret.",
        "Time limits that do not nest work on for nobody, retries at several layers multiply (r to the "
        "power of d at the depth d), circles of calls end in a deadlock.",
        "Nygard, Release It!, 2018, chapters 4 and 5; Beyer et al., Site Reliability Engineering, 2016, "
        "chapter 22",
        "Let limits shrink from caller to callee, and retry at one layer only.",
    ),
    _row(
        "D380",
        "warning",
        "A setting of AWS Lambda that people come to regret.",
        "Each finding says what happens: messages that come again while their batch waits, whole batches "
        "for one failure, shards that stand still, events that are gone.",
        "AWS Lambda developer guide: Using Lambda with Amazon SQS, Stream event sources, Asynchronous "
        "invocation",
        "As the finding says.",
    ),
    _row(
        "D385",
        "hint",
        "An event store loads long streams and has no snapshots.",
        "Every load reads and applies all events of the stream: its time grows with the age of the system.",
        "Young, CQRS Documents, 2010 (rolling snapshots)",
        "Take a snapshot every so many events.",
    ),
    _row(
        "D386",
        "hint",
        "Events are appended whatever has happened since.",
        "Two commands decide on the same state and both win: stock is sold twice.",
        "Young, CQRS Documents, 2010 (expected version, optimistic concurrency)",
        "Append with the expected version.",
    ),
    _row(
        "D387",
        "hint",
        "A command is given up after the first conflict.",
        "Under load conflicts are usual; a second look at the state mostly succeeds.",
        "Young, CQRS Documents, 2010 (optimistic concurrency)",
        "Load and try again a few times.",
    ),
    _row(
        "D388",
        "warning",
        "A projection gets its events in no order.",
        "An older event overwrites a newer one, and the view stays wrong.",
        "Kleppmann, Designing Data-Intensive Applications, 2017, chapter 11",
        "Read a log or the store itself, or check versions.",
    ),
    _row(
        "D389",
        "warning",
        "A projection has more workers than its source has partitions.",
        "One worker reads a partition at a time: the others are idle.",
        "Apache Kafka documentation, Consumers",
        "Use as many workers as there are partitions.",
    ),
    _row(
        "D390",
        "error",
        "The stream of a DynamoDB table is read and not switched on.",
        "A table without a StreamViewType has no stream: its readers get nothing.",
        "Amazon DynamoDB API reference, StreamSpecification",
        "Choose a StreamViewType, such as NEW_AND_OLD_IMAGES.",
    ),
    _row(
        "D391",
        "warning",
        "More than two readers of the stream of a DynamoDB table.",
        "A shard serves two readers; further ones are throttled, and all of them fall behind.",
        "Amazon DynamoDB developer guide, Change data capture for DynamoDB Streams",
        "Let one reader fan out through a topic or a bus.",
    ),
    _row(
        "D392",
        "warning",
        "More load than the provisioned capacity of a DynamoDB table.",
        "Unused capacity of the last 300 s covers a burst, then requests are throttled.",
        "Amazon DynamoDB developer guide, Burst and adaptive capacity",
        "Raise the capacity, scale it automatically, or bill on demand.",
    ),
    _row(
        "D393",
        "warning",
        "More load than an on-demand DynamoDB table takes at once.",
        "It takes twice its previous peak; more is throttled until it has grown, about half an hour.",
        "Amazon DynamoDB developer guide, On-demand capacity mode",
        "Warm it up before the load comes.",
    ),
    _row(
        "D394",
        "warning",
        "An index of a DynamoDB table has few keys and many writes.",
        "The partition of a frequent value is full, and it throttles the writes of the table itself.",
        "Amazon DynamoDB developer guide, Using global secondary indexes",
        "Add a suffix to its key, or index fewer items.",
    ),
    _row(
        "D395",
        "warning",
        "One key asks for more than a partition of a DynamoDB table has.",
        "1,000 writes and 3,000 reads a second are the most for a key, whatever the table's capacity.",
        "Amazon DynamoDB developer guide, Designing partition keys",
        "Spread the key over several, or cache what is read.",
    ),
    _row(
        "D396",
        "hint",
        "Items of a DynamoDB table are near the limit of 400 KB.",
        "Every write costs a unit for each KB, and one more attribute is refused.",
        "Amazon DynamoDB developer guide, Best practices for storing large items",
        "Keep the large part in an object store.",
    ),
    _row(
        "D397",
        "hint",
        "A transaction is given up after the first conflict.",
        "Transactions on the same item cancel each other; a later try mostly succeeds.",
        "Amazon DynamoDB developer guide, Transaction conflict handling",
        "Try again a few times.",
    ),
    _row(
        "D398",
        "warning",
        "What needs a key at a DynamoDB table gets messages without one.",
        "Conditions, transactions, expiry and the cache are about the item of a primary key; without a key "
        "every write is an item of its own, and nothing ever conflicts, expires or is found again.",
        "Amazon DynamoDB API reference, CreateTable (KeySchema)",
        "Give the producer keys.",
    ),
    _row(
        "D420",
        "warning",
        "A caller waits less for a model than an answer usually takes.",
        "The answer is made, paid for, and thrown away; retries ask for it again.",
        "Nygard, Release It!, 2018, chapter 5 (timeouts)",
        "Raise the time limit above the p99 of the answer, ask for fewer tokens, or stream.",
    ),
    _row(
        "D421",
        "hint",
        "The longest answer of a model does not fit the timeout of its client.",
        "The output made until then is paid for and thrown away.",
        "Time to first token + max_output_tokens / tokens per second",
        "Lower max_output_tokens, or raise the timeout.",
    ),
    _row(
        "D422",
        "warning",
        "The context of an agent outgrows the window of its model.",
        "Every turn sends all that was said before; beyond the window requests are refused for good.",
        "Input of turn k: the first input and k - 1 times output and tool results",
        "Send less, cap the turns, or shorten what was said before.",
    ),
    _row(
        "D423",
        "error",
        "Every request has more input than a model takes in a minute.",
        "No bucket of tokens per minute can ever hold it: every call fails.",
        "Token bucket with one minute's worth",
        "Raise itpm, or send less.",
    ),
)
