"""What a box of a drawing or a service of a composition is, by the words that name it."""

from __future__ import annotations

import re

from simulator.formats.imports.reading import HANDLER

#: Who works at a broker is no broker: "Kafka consumer", "SQS poller", "RabbitMQ producer".
_AT_A_BROKER = re.compile(
    r"\b(?:kafka|redpanda|kinesis|rabbit ?(?:mq)?|amqp|sqs|sns|event ?hubs?|msk|nats|mqtt|pulsar|pub ?sub|"
    r"queue|topic|event|message|stream) "
    r"(?:(?P<sends>producer|publisher)|streams?|connect|consumer|subscriber|listener|reader|poller|worker|"
    r"handler|processor|client)s?\b"
)
#: In this order: the first that fits decides. Kinds of the catalogue, HANDLER, "producer", or "store" for
#: what keeps data and carries no messages.
_WORDS: tuple[tuple[str, str], ...] = (
    ("aws.sqs", r"\bsqs\b|simple[ _-]?queue|elasticmq"),
    ("aws.sns", r"\bsns\b|simple[ _-]?notification"),
    ("aws.pipe", r"\bpipes?\b"),
    ("aws.eventbridge", r"event[ _-]?bridge|\bevent ?bus\b"),
    ("rabbitmq.exchange", r"\bexchange\b"),
    ("rabbitmq.queue", r"rabbit"),
    ("kafka.topic", r"kafka|redpanda|kinesis|event ?hub|\bmsk\b"),
    ("aws.lambda", r"lambda"),
    ("aws.stepfunctions", r"step ?functions?\b|\bstate machine\b"),
    ("aws.dynamodb", r"\bdynamo ?db\b|\bdynamo\b"),
    ("topic", r"event ?grid|cloud ?pub ?sub"),
    ("queue", r"service ?bus"),
    (
        HANDLER,
        (r"\bfunctions?\b|worker|consumer|subscriber|handler|processor|listener|service\b|\bapi\b"),
    ),
    (
        "store",
        (
            r"postgre|my ?sql|maria|mongo|\bredis\b|database|\bdb\b|\brds\b|\bs3\b|bucket|aurora|sqlite|"
            r"(?:elastic|open) ?search|elasti ?cache|cassandra|memcache|\btable\b|storage|big ?query|"
            r"redshift|snowflake|click ?house|warehouse|data ?lake|\be[bf]s\b"
        ),
    ),
    ("queue", r"queue|\bdlq\b|\bmq\b|\bjms\b|dead.?letter"),
    ("topic", r"\btopic\b|message ?bus|pub.?sub|\bnats\b|mqtt|mosquitto|pulsar|broker|event stream"),
    (
        "producer",
        (
            r"producer|publisher|\bclients?\b|\busers?\b|browser|customer|sensor|device|mobile|internet|"
            r"web ?(shop|site)"
        ),
    ),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _WORDS)
#: What is beside the messages: who keeps secrets, images and settings, who watches, who deploys.
_ASIDE = re.compile(
    r"secrets? manager|parameter store|\bssm\b|\bkms\b|key ?vault|\biam\b|identity and access|"
    r"config(?:uration)? server|\becr\b|container registry|docker ?hub|zoo ?keeper|schema registry|"
    r"cloud ?formation|terraform|code ?(?:pipeline|build|deploy|commit)|jenkins|github actions|\bci ?cd\b|"
    r"prometheus|grafana|jaeger|zipkin|kibana|x ?ray\b|open ?telemetry|data ?dog|observability|cloud ?trail"
)
#: Who watches, and may start something as well: an alarm, a schedule.
_WATCH = re.compile(r"cloud ?watch(?! events?\b)|monitoring")
#: Labels of an arrow that a reader draws to what it reads.
_READS = re.compile(
    r"\b(?:consum(?:es?|er|ing)|polls?|polling|subscribes?|listens?|dequeues?|pulls?|reads|read from)\b"
)
#: Labels of an arrow back to who has asked.
_ANSWERS = re.compile(
    r"\b(?:responses?|respond|repl(?:y|ies)|returns?|results?|answers?|acks?|acknowledges?)\b"
)
#: Share of the messages that goes to what is named like a place for failures.
FAILURE_SHARE = 0.01
_LETTERS = re.compile(r"dead|dlq|\bdlx\b|failed|on.?failure|error", re.IGNORECASE)


def is_at_a_broker(words: str) -> bool:
    """Whether words name who works at a broker: "SQS listener"."""
    return _AT_A_BROKER.search(_plain(words)) is not None


def _plain(words: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words[:400]).lower().replace("_", " ").replace("-", " ")


def guess_kind(words: str) -> str | None:
    """The kind that words speak of; None when they speak of none."""
    plain = _plain(words)
    if found := _AT_A_BROKER.search(plain):
        return "producer" if found["sends"] else HANDLER
    return next((kind for kind, pattern in _PATTERNS if pattern.search(plain)), None)


def is_aside(words: str, *, sends: bool) -> bool:
    """Whether no messages go through what words name: "Secrets Manager", or who watches and sends nothing."""
    plain = _plain(words)
    return _ASIDE.search(plain) is not None or (not sends and _WATCH.search(plain) is not None)


def speaks_of_reading(words: str) -> bool:
    """Whether the label of an arrow to a broker means that messages come from there: "polls"."""
    return _READS.search(_plain(words)) is not None


def speaks_of_an_answer(words: str) -> bool:
    """Whether the label of an arrow means the way back of a call: "response"."""
    return _ANSWERS.search(_plain(words)) is not None


def speaks_of_dead_letters(words: str) -> bool:
    """Whether a label means the way of messages that failed."""
    return _LETTERS.search(words[:400]) is not None
