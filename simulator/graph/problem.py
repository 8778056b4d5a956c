"""Problems: what is wrong with a drawing, as data that page, API and command line show alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from simulator.graph.edits import Edit

Severity = Literal["error", "warning", "hint"]

CODES: dict[str, str] = {
    "D100": "The file cannot be read as a design.",
    "D101": "A required key is missing.",
    "D102": "A key is not known here.",
    "D103": "A value has the wrong type.",
    "D104": "A value is out of range, or not a finite number.",
    "D105": "The kind of a node is not known.",
    "D106": "A choice (a distribution, a process, a listed value) is not known.",
    "D107": "An id is not well formed.",
    "D108": "The document is too large, too deep, or holds too many elements.",
    "D109": "The format version is not supported.",
    "D110": "A trace file or uploaded load cannot be used.",
    "D111": "A file cannot be imported.",
    "D201": "An id is used twice.",
    "D202": "An edge leads from or to a node that does not exist.",
    "D203": "These two nodes cannot be connected.",
    "D204": "A cycle has no delay, so messages would travel it without time passing.",
    "D205": "The role of an edge is not allowed between these nodes.",
    "D206": "Probability and choice on outgoing edges are misused.",
    "D207": "A fault or an objective names an element or metric that does not exist.",
    "D280": "The design has no nodes.",
    "D281": "Nothing produces messages.",
    "D282": "Nothing consumes what is produced.",
    "D283": "Two settings cannot go together.",
    "D284": "A state machine or a saga is not valid, or one of its tasks is bound to nothing.",
    "D290": "An experiment cannot be made as it was asked for.",
    "D300": "The design runs, but a good practice is not followed.",
    "D301": "A node is offered more than it can serve.",
    "D302": "A visibility timeout is shorter than the work it must cover.",
    "D303": "A join waits for more inputs than it has.",
    "D310": "A use of Amazon SQS that people come to regret.",
    "D320": "A setting of RabbitMQ that people come to regret.",
    "D330": "A setting of Amazon SNS that people come to regret.",
    "D340": "A setting of Amazon EventBridge that people come to regret.",
    "D345": "A schedule never comes, or drops what it cannot deliver.",
    "D350": "Messages go round in a loop that they never leave.",
    "D360": "A setting of AWS Step Functions that people come to regret.",
    "D370": "A synchronous call is made in a way that people come to regret.",
    "D380": "A setting of AWS Lambda that people come to regret.",
    "D385": "An event store loads long streams and has no snapshots.",
    "D386": "Events are appended whatever has happened since.",
    "D387": "A command is given up after the first conflict.",
    "D388": "A projection gets its events in no order.",
    "D389": "A projection has more workers than its source has partitions.",
    "D390": "The stream of a DynamoDB table is read and not switched on.",
    "D391": "More than two readers of the stream of a DynamoDB table.",
    "D392": "More load than the provisioned capacity of a DynamoDB table.",
    "D393": "More load than an on-demand DynamoDB table takes at once.",
    "D394": "An index of a DynamoDB table has few keys and many writes.",
    "D395": "One key asks for more than a partition of a DynamoDB table has.",
    "D396": "Items of a DynamoDB table are near the limit of 400 KB.",
    "D397": "A transaction is given up after the first conflict.",
    "D398": "What needs a key at a DynamoDB table gets messages without one.",
    "D400": "A step of a saga that may have to be undone has no compensation.",
    "D401": "A step or a saga has no timeout.",
    "D402": "A step after the pivot has a compensation.",
    "D403": "A compensation is tried once.",
    "D404": "What comes twice or late in a saga takes effect once more.",
    "D405": "The state of a saga is kept in memory.",
    "D406": "A caller waits for the end of a saga.",
    "D407": "An edge of a saga has no command, or one that it does not know.",
    "D410": "A compensation waits for an event that nobody publishes.",
    "D411": "A failure in a saga is told to nobody.",
    "D412": "Many services take part in a saga without coordinator.",
    "D413": "The events of a saga go round in a circle.",
    "D414": "A timeout stands where the saga does not begin.",
    "D415": "A service writes to its database and to a broker, one after the other.",
    "D416": "A relay reads its outbox above the last id.",
    "D417": "An outbox is never cleaned.",
    "D418": "An outbox has nobody to tell.",
    "D304": "A join waits without end for messages that may be lost.",
}
"""One sentence per code; practice findings (warnings, hints) are ``D3xx`` to ``D6xx``.

Those from ``D500`` on have their sentence in the table of rules (`simulator.advice.table`).
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a design: where it is, what is wrong and how to mend it.

    ``element`` is the id of a node or an edge ("" for the document itself), ``field`` a dotted path
    inside that element and ``path`` the path in the whole document as its author sees it
    (``nodes[2].config.arrivals.rate``). ``mend`` holds the edits that mend it, where that is safe without
    asking; they are carried out as one step.
    """

    code: str
    severity: Severity = "error"
    element: str = ""
    field: str = ""
    message: str = ""
    hint: str = ""
    path: str = ""
    mend: tuple[Edit, ...] = ()

    @property
    def blocks(self) -> Literal["save", "run"] | None:
        """What the problem prevents: saving (D1xx, D2xx), only running (D28x), or nothing."""
        if self.severity != "error":
            return None
        if self.code.startswith("D28"):
            return "run"
        return "save" if self.code.startswith(("D1", "D2")) else None

    def as_dict(self) -> dict[str, Any]:
        """The problem as a JSON-able dict with the dataclass's field names."""
        return {
            "code": self.code,
            "severity": self.severity,
            "element": self.element,
            "field": self.field,
            "message": self.message,
            "hint": self.hint,
            "path": self.path,
            "mend": [edit.as_dict() for edit in self.mend],
        }

    def __str__(self) -> str:
        """One line for a terminal: ``path: message (hint) [code]``."""
        place = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint} [{self.code}]"
