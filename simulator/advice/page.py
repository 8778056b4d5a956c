"""The page of all rules, `docs/lint.md`, written from the table: `headrace lint --rules > docs/lint.md`."""

from __future__ import annotations

from simulator.advice.counter_examples import COUNTER_EXAMPLES
from simulator.advice.table import all_rules
from simulator.graph.rule import Rule

#: Headings, with the number of the first code below each.
GROUPS = (
    (300, "Checks of the graph and of the kinds"),
    (400, "Sagas and outbox"),
    (420, "Language models"),
    (500, "The whole graph"),
    (520, "Amazon SQS"),
    (530, "Amazon SNS"),
    (540, "Amazon EventBridge"),
    (550, "Apache Kafka: topics and producers"),
    (560, "Apache Kafka: readers"),
    (570, "RabbitMQ: queues and consumers"),
    (580, "RabbitMQ: publishing, exchanges, streams"),
    (600, "AWS Lambda"),
    (620, "AWS Step Functions"),
    (630, "Amazon DynamoDB"),
)
_HEAD = """# Lint: the rules of practice

<!-- Written by `headrace lint --rules > docs/lint.md`; a test compares it with the table of rules. -->

`headrace lint shop.headrace.yaml` says what is wrong or unwise in a design without running it; the page
shows the same list below the canvas, and `headrace check` and the SARIF log carry it too. Every rule has
a code, a severity, the reason, its source and a remedy. Errors (`D1xx`, `D2xx`) keep a design from being
saved or run and say themselves how to mend them; the rules below are warnings and hints and stop
nothing.

| | |
| --- | --- |
| `headrace lint DESIGN` | the findings; exit code 0, 1 with errors, 2 for what cannot be read |
| `headrace lint DESIGN --format json`, `sarif` | the same for programs and code hosts |
| `headrace lint --counter-example CODE` | a run of a few messages that shows the damage, step by step |
| `headrace lint DESIGN --fix` | carries out the mends, in the file itself or to `-o FILE` |

A mend is offered where an edit helps whatever the rest of the system looks like: setting a value,
adding a dead-letter queue with its edge, or an objective that watches one. After it the rule no longer
fires. On the page it is the button **Mend**, one step that can be undone; **Show me** opens the
counter-example of a rule as a design of its own and runs it. In a file the comments and the order of keys
stay.

A rule speaks of what a design can show. What only the code of an application knows (whether a handler is
idempotent, whether the result of a batch call is looked at, which data are personal) is not guessed.
[Which known pitfalls lint speaks of](lint-coverage.md) lists both.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    starts = [start for start, _ in GROUPS]
    for number, (start, heading) in enumerate(GROUPS):
        end = starts[number + 1] if number + 1 < len(starts) else 1_000
        rules = [rule for rule in all_rules().values() if start <= int(rule.code[1:]) < end]
        if rules:
            parts += [f"\n## {heading}\n", *(_entry(rule) for rule in rules)]
    return "".join(parts)


def _entry(rule: Rule) -> str:
    shown = (
        f" Counter-example: `headrace lint --counter-example {rule.code}`."
        if rule.code in COUNTER_EXAMPLES
        else ""
    )
    return (
        f"\n### {rule.code} · {rule.severity}\n\n**{rule.title}** {rule.why}\n\n"
        f"Remedy: {rule.remedy}{shown} Source: {rule.source}.\n"
    )
