"""Files of other programs on the first page: what was made of them is shown before a design is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.test_first_journey import node

if TYPE_CHECKING:
    from tests.architect.live import LiveServer
    from tests.browser.watching import Watch

TEMPLATE = b"""
Resources:
  Orders: {Type: AWS::SNS::Topic, Properties: {TopicName: orders, KmsMasterKeyId: k}}
  Billing: {Type: AWS::SQS::Queue, Properties: {QueueName: billing, VisibilityTimeout: 99999}}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Orders, Endpoint: !GetAtt Billing.Arn, Protocol: sqs}
"""


def test_a_template_and_a_load_become_a_design_after_a_look_at_the_report(
    page: Page, live: LiveServer
) -> None:
    page.goto(live.url)
    files: list[FilePayload] = [
        {"name": "shop.yaml", "mimeType": "text/yaml", "buffer": TEMPLATE},
        {"name": "orders.csv", "mimeType": "text/csv", "buffer": b"0,300\n60,500\n120,400\n"},
    ]
    page.locator("input[type=file]").set_input_files(files)
    dialog = page.get_by_role("dialog", name="Shop")
    expect(dialog).to_be_visible(timeout=30_000)
    expect(dialog).to_contain_text("VisibilityTimeout left out")
    expect(dialog).to_contain_text("line 3, Resources.Orders")
    assert_accessible(page)
    dialog.get_by_role("button", name="Create design").click()
    expect(node(page, "billing")).to_be_visible(timeout=20_000)


OLD = "Resources:\n  Größe: {}\n".encode("latin-1")


def test_a_bad_file_among_good_ones_is_named_before_anything_is_created(page: Page, live: LiveServer) -> None:
    page.goto(live.url)
    before = len(live.get("/api/designs"))
    files: list[FilePayload] = [
        {"name": "shop.yaml", "mimeType": "text/yaml", "buffer": TEMPLATE},
        {"name": "old.yaml", "mimeType": "text/yaml", "buffer": OLD},
    ]
    page.locator("input[type=file]").set_input_files(files)
    dialog = page.get_by_role("dialog", name="Shop")
    expect(dialog).to_contain_text("old.yaml: line 2, column 5: not UTF-8 text", timeout=30_000)
    expect(dialog).to_contain_text("Save it as UTF-8")
    assert_accessible(page)
    dialog.get_by_role("button", name="Cancel").click()
    assert len(live.get("/api/designs")) == before


def test_a_bad_file_alone_is_refused_and_nothing_is_created(
    page: Page, live: LiveServer, watch: Watch
) -> None:
    watch.tolerated.append(r"422")
    page.goto(live.url)
    before = len(live.get("/api/designs"))
    page.locator("input[type=file]").set_input_files(
        {"name": "old.yaml", "mimeType": "text/yaml", "buffer": OLD}
    )
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("old.yaml: line 2, column 5: not UTF-8 text", timeout=30_000)
    assert_accessible(page)
    dialog.get_by_role("button", name="Close").click()
    assert len(live.get("/api/designs")) == before
