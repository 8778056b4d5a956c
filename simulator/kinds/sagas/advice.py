"""The reasons behind what `simulator.kinds.sagas.checks` finds."""

from __future__ import annotations

from simulator.graph.rule import Rule

_RICHARDSON = "Richardson, Microservices Patterns, 2018, chapter 4"
_SAGAS = "Garcia-Molina and Salem, Sagas, SIGMOD 1987"

RULES = (
    Rule(
        "D400",
        "warning",
        "A step of a saga that may have to be undone has no compensation.",
        "When a later step fails its effect stays: stock reserved for an order that was cancelled.",
        _SAGAS,
        "Name what undoes it, or put the step behind the pivot.",
    ),
    Rule(
        "D401",
        "warning",
        "A step or a saga has no timeout.",
        "One lost reply or event leaves a saga half done for ever, and nobody sees it.",
        _RICHARDSON,
        "Set a timeout above the slowest reply, and undo what is unknown then.",
    ),
    Rule(
        "D402",
        "hint",
        "A step after the pivot has a compensation.",
        "After the pivot a saga is not undone any more: the compensation is never sent.",
        _RICHARDSON,
        "Take the compensation away, or move the pivot.",
    ),
    Rule(
        "D403",
        "warning",
        "A compensation is tried once.",
        "The first error leaves the saga stuck, half undone.",
        _SAGAS,
        "Try it again, with a back-off, until it succeeds.",
    ),
    Rule(
        "D404",
        "warning",
        "What comes twice or late in a saga takes effect once more.",
        "A retried command charges the card again; a step that comes after its compensation stays for good.",
        _RICHARDSON,
        "Let participants remember what they did and what they undid.",
    ),
    Rule(
        "D405",
        "warning",
        "The state of a saga is kept in memory.",
        "An outage of the coordinator forgets all open sagas, and they stay half done.",
        _RICHARDSON,
        "Store the state before every command.",
    ),
    Rule(
        "D406",
        "hint",
        "A caller waits for the end of a saga.",
        "It waits through retries and compensations, and holds a connection meanwhile.",
        _RICHARDSON,
        "Start the saga with a message, and tell the outcome later.",
    ),
    Rule(
        "D407",
        "warning",
        "An edge of a saga has no command, or one that it does not know.",
        "A misspelt name sends the command along another edge.",
        "The definition of the saga itself",
        "Name steps or compensations as the saga does.",
    ),
    Rule(
        "D410",
        "warning",
        "A compensation waits for an event that nobody publishes.",
        "It is never undone, whatever fails.",
        _RICHARDSON,
        "Name the event that says a later step was refused or undone.",
    ),
    Rule(
        "D411",
        "warning",
        "A failure in a saga is told to nobody.",
        "What was done before is never undone: the saga stays half done.",
        _RICHARDSON,
        "Publish an event, and let the participants before compensate on it.",
    ),
    Rule(
        "D412",
        "hint",
        "Many services take part in a saga without coordinator.",
        "Nobody sees how a saga goes, and a change of one step touches several services.",
        _RICHARDSON,
        "From four or five steps on let a coordinator drive them.",
    ),
    Rule(
        "D413",
        "warning",
        "The events of a saga go round in a circle.",
        "It never begins, or never ends.",
        _RICHARDSON,
        "Let one participant react to an event that none of them publishes.",
    ),
    Rule(
        "D414",
        "warning",
        "A timeout stands where the saga does not begin.",
        "Only the first participant starts the clock: this one never runs out.",
        _RICHARDSON,
        "Set it at the first participant.",
    ),
)
