"""Runs scripts of SQS calls: steps `send`, `receive`, `delete`, `change_visibility`, `sleep` and others, with
what each receive must return.
"""

from __future__ import annotations

from typing import Any

from tests.simulator.kinds.aws.sqs_client import Client, Handle

Step = dict[str, Any]


class Script:
    """One script under way; `faults` says where the answers differ from what is expected."""

    def __init__(self, queues: dict[str, dict[str, Any]]) -> None:
        self.client = Client(queues)
        self.handles: dict[str, Handle] = {}
        self.received: dict[str, tuple[int, int]] = {}
        self.faults: list[str] = []

    def run(self, steps: list[Step]) -> list[str]:
        """Do the steps in order; returns the faults found."""
        for number, step in enumerate(steps):
            found = getattr(self, f"_{step['op']}")(step)
            if found:
                self.faults.append(f"step {number} {step}: {found}")
        return self.faults

    def _send(self, step: Step) -> None:
        self.client.send(
            step["body"], group=step.get("group"), dedup=step.get("dedup"), delay=step.get("delay")
        )

    def _receive(self, step: Step) -> str:
        poll = self.client.receive(
            step.get("max", 1),
            visibility=step.get("visibility"),
            wait=step.get("wait", 0.0),
            queue=step.get("queue", ""),
        )
        if "save_handle" in step and poll.handles:
            self.handles[step["save_handle"]] = poll.handles[0]
        self.handles.update(zip(step.get("save_handles", []), poll.handles, strict=False))
        wrong = ""
        if "expect" in step and poll.bodies != step["expect"]:
            wrong = f"returned {poll.bodies}"
        if "expect_set" in step and sorted(poll.bodies) != sorted(step["expect_set"]):
            wrong = f"returned {poll.bodies}"
        if "expect_any_of" in step and poll.bodies not in step["expect_any_of"]:
            wrong = f"returned {poll.bodies}"
        for body, (message, _) in zip(poll.bodies, poll.handles, strict=True):
            identity = (message.source, message.sequence)
            if step.get("same_message_id") and self.received.get(body) != identity:
                wrong = f"{body} has another MessageId"
            self.received[body] = identity
        return wrong

    def _delete(self, step: Step) -> str:
        done = self.client.delete(self.handles[step["handle"]], step.get("queue", ""))
        expected = step.get("expect", "ok")
        return "" if done == (expected == "ok") else f"answered {'ok' if done else 'an error'}"

    def _change_visibility(self, step: Step) -> str:
        done = self.client.change_visibility(self.handles[step["handle"]], step["seconds"])
        expected = step.get("expect", "ok")
        return "" if done == (expected == "ok") else f"answered {'ok' if done else 'an error'}"

    def _sleep(self, step: Step) -> None:
        self.client.sleep(step["seconds"])

    def _purge(self, _step: Step) -> None:
        self.client.purge()

    def _attributes(self, step: Step) -> str:
        found = self.client.attributes(step.get("queue", ""))
        return "" if found == step["expect"] else f"found {found}"

    def _start_long_polls(self, step: Step) -> None:
        for _ in range(step["count"]):
            self.client.poll(step["wait"], step.get("max", 1))

    def _expect_poll_result(self, step: Step) -> str:
        until = self.client.now + step["within"]
        while not self.client.returned and self.client.now < until:
            self.client.sleep(min(0.1, until - self.client.now))
        if not self.client.returned:
            return "no poll returned"
        poll = self.client.returned.popleft()
        if "save_handle" in step:
            self.handles[step["save_handle"]] = poll.handles[0]
        return "" if poll.bodies == [step["body"]] else f"a poll returned {poll.bodies}"

    def _expect_no_poll_result(self, step: Step) -> str:
        self.client.sleep(step["during"])
        return f"a poll returned {self.client.returned[0].bodies}" if self.client.returned else ""
