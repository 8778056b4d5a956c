"""What each number says: title, unit, definition (shown beside the number everywhere)."""

from __future__ import annotations

from simulator.report.model_metrics import MODELS
from simulator.report.pattern_metrics import PATTERNS


def _metric(title: str, unit: str, definition: str) -> dict[str, str]:
    return {"title": title, "unit": unit, "definition": definition}


METRICS: dict[str, dict[str, str]] = {
    "arrival_rate": _metric(
        "Arrival rate", "msg/s", "Messages that arrive per second, refused ones included."
    ),
    "throughput": _metric("Throughput", "msg/s", "Completions per second."),
    "goodput": _metric("Goodput", "msg/s", "Completions per second without duplicates and dead letters."),
    "utilization": _metric("Utilization", "1", "Busy share of the servers, averaged over time."),
    "waiting_time": _metric(
        "Waiting time", "s", "From acceptance by the broker until the first service of the message starts."
    ),
    "service_time": _metric("Service time", "s", "Busy time of one server for one delivery."),
    "sojourn_time": _metric(
        "Sojourn time", "s", "From acceptance by the broker until the message is acknowledged."
    ),
    "end_to_end_latency": _metric(
        "End-to-end latency", "s", "From creation at the producer to the acknowledgement at the consumer."
    ),
    "waiting_probability": _metric(
        "Waiting probability", "1", "Share of messages that wait at all, as the arrivals see it."
    ),
    "rejection_probability": _metric(
        "Rejection probability", "1", "Share of the arriving messages that is refused."
    ),
    "queue_length": _metric("Queue length", "messages", "Messages waiting and available to consumers."),
    "delayed": _metric("Delayed", "messages", "Messages stored and not visible yet."),
    "in_flight": _metric("In flight", "messages", "Messages delivered and not acknowledged."),
    "in_system": _metric("In the system", "messages", "Messages waiting plus messages in service."),
    "backlog": _metric(
        "Backlog", "messages", "Messages stored and not yet delivered, delayed ones included."
    ),
    "consumer_lag": _metric(
        "Consumer lag",
        "messages",
        "Log end offset less committed offset, all partitions and groups together.",
    ),
    "unassigned_partitions": _metric(
        "Unassigned partitions",
        "partitions",
        "Partitions that no member of a group reads, as in a rebalance.",
    ),
    "produce_latency": _metric(
        "Produce latency", "s", "From the producer's hand-over until the acknowledgement that acks asks for."
    ),
    "receives_per_message": _metric(
        "Receives per message", "1", "Deliveries for each message that left; 1 without redelivery."
    ),
    "oldest_message_age": _metric(
        "Age of the oldest message",
        "s",
        "Age of the oldest message not deleted, looked at once a second or less.",
    ),
    "buffered": _metric(
        "Buffered", "messages", "Messages at their senders: in a batch that fills, or waiting for a retry."
    ),
    "lost_responses": _metric(
        "Lost responses", "calls", "Receives whose response never came to the consumer."
    ),
    "over_limit": _metric(
        "Over limit", "receives", "Receives that returned nothing because 120,000 messages were in flight."
    ),
    "delete_errors": _metric(
        "Delete errors", "messages", "Deletes of a FIFO queue with a receipt handle that had expired."
    ),
    "order_violations": _metric(
        "Order violations", "messages", "Messages deleted after a later one of their message group."
    ),
    "purged": _metric("Purged", "messages", "Messages deleted by a purge."),
    "redriven": _metric("Redriven", "messages", "Dead letters taken back to the queue they came from."),
    "requests_send": _metric(
        "Send requests", "requests", "SendMessage and SendMessageBatch, 64 KiB of payload each."
    ),
    "requests_receive": _metric(
        "Receive requests", "requests", "ReceiveMessage, 64 KiB of payload each, empty ones included."
    ),
    "empty_receives": _metric("Empty receives", "requests", "Receives that returned no message."),
    "requests_delete": _metric("Delete requests", "requests", "DeleteMessage and DeleteMessageBatch."),
    "requests_change_visibility": _metric(
        "Visibility requests", "requests", "ChangeMessageVisibility: heartbeats and back-off after failures."
    ),
    "batch_size": _metric("Batch size", "messages", "Messages served together."),
    "redelivered": _metric("Redelivered", "deliveries", "Deliveries after the first of a message."),
    "dead_lettered": _metric("Dead-lettered", "messages", "Messages moved to a dead-letter queue."),
    "expired": _metric("Expired", "messages", "Messages that reached the end of their retention."),
    "dropped": _metric("Dropped", "messages", "Accepted messages thrown away or answered with an error."),
    "rejected": _metric("Rejected", "messages", "Messages refused on arrival."),
    "failures": _metric("Failures", "deliveries", "Services that failed."),
    "unroutable": _metric("Unroutable", "messages", "Matched no binding of the exchange and were dropped."),
    "returned": _metric("Returned", "messages", "Mandatory messages that matched no binding."),
    "confirmed": _metric("Confirmed", "messages", "Publishes that the broker has confirmed."),
    "nacked": _metric("Refused publishes", "messages", "Publishes answered with a negative confirm."),
    "resent": _metric("Resent", "messages", "Publishes of a message that was refused before."),
    "undelivered_letters": _metric(
        "Undelivered dead letters",
        "messages",
        "Dead letters that stay in the queue until their target has them.",
    ),
    "confirm_latency": _metric(
        "Confirm latency", "s", "From the arrival of a publish until its confirm is back at the sender."
    ),
    "matched": _metric(
        "Matched", "messages", "Messages that matched the rule or binding; of a bus: any rule."
    ),
    "blocked_publishers": _metric(
        "Blocked publishers",
        "channels",
        "Publishing channels held back by flow control, an alarm or a cut network; the mean times the length "
        "of the run is the time blocked.",
    ),
    "publisher_blocks": _metric("Publisher blocks", "times", "How often a publishing channel was held back."),
    "consumer_timeouts": _metric(
        "Consumer timeouts", "channels", "Channels closed because a delivery was unacknowledged too long."
    ),
    "leader_elections": _metric(
        "Leader elections", "elections", "How often a replicated queue got a new leader."
    ),
    "skipped": _metric(
        "Skipped", "messages", "Messages of a stream from before the place where the consumer began."
    ),
    "dead_rejected": _metric("Given up: rejected", "messages", "Rejected without requeue."),
    "dead_expired": _metric("Given up: expired", "messages", "Time to live over at the head of the queue."),
    "dead_maxlen": _metric("Given up: maxlen", "messages", "Pushed out of a full queue."),
    "dead_delivery_limit": _metric(
        "Given up: delivery limit", "messages", "Failed more often than the delivery limit allows."
    ),
    "dead_letter_cycles": _metric(
        "Dead-letter cycles", "messages", "Dropped: they came round without having been rejected."
    ),
    "filtered_out": _metric(
        "Filtered out", "deliveries", "Copies that a subscription's filter policy has kept back."
    ),
    "unread": _metric(
        "Unread", "events", "Events of a log that its readers have not finished, those in hand included."
    ),
    "staleness": _metric(
        "Staleness", "s", "From the commit of an event until it is visible in the read model."
    ),
    "view_age": _metric(
        "Age of the view",
        "s",
        "How far the read model is behind: seconds since the oldest commit that is not in it, looked at "
        "once a second or less.",
    ),
    "staleness_at_read": _metric(
        "Staleness at a read",
        "s",
        "What a query sees: seconds since the oldest commit of its key that is not in the view, "
        "0 when none is.",
    ),
    "read_your_writes": _metric(
        "Read your writes",
        "1",
        "Share of the queries that see their own write: that of their message, else the latest of their key.",
    ),
    "read_latency": _metric("Read latency", "s", "From a query until its answer."),
    "rebuild_time": _metric("Rebuild time", "s", "From the start of a rebuild until the view has caught up."),
    "load_time": _metric(
        "Load time", "s", "Reading a snapshot and the events since, and applying them, for one command."
    ),
    "stream_length": _metric("Stream length", "events", "Events of an aggregate when it is loaded."),
    "events_replayed": _metric(
        "Events replayed", "events", "Events applied to load an aggregate: those since its snapshot."
    ),
    "events_appended": _metric("Events appended", "events", "Events committed to the store."),
    "conflicts": _metric(
        "Conflicts",
        "1",
        "Writes refused because somebody else had written since the version they read.",
    ),
    "conflict_retries": _metric("Conflict retries", "attempts", "Attempts after a conflict."),
    "conflicts_given_up": _metric(
        "Given up: conflict", "calls", "Calls answered with an error because all attempts met a conflict."
    ),
    "snapshots": _metric("Snapshots", "snapshots", "Snapshots of aggregates that were taken."),
    "loads": _metric("Loads", "loads", "Aggregates loaded, again after every conflict."),
    "read_units": _metric("Read units", "units", "Read capacity consumed, whole units."),
    "write_units": _metric("Write units", "units", "Write capacity consumed, indexes included."),
    "throttled_partition": _metric(
        "Throttled: partition",
        "attempts",
        "A partition was at its ceiling of 3,000 reads or 1,000 writes a second.",
    ),
    "throttled_table": _metric("Throttled: table", "attempts", "The capacity of the table was used up."),
    "throttled_index": _metric("Throttled: index", "attempts", "A global secondary index was full."),
    "throttled_out": _metric("Given up: throttled", "calls", "Calls whose attempts were all throttled."),
    "sdk_retries": _metric("SDK retries", "attempts", "Further attempts of the SDK after throttling."),
    "conditions_failed": _metric("Conditions failed", "writes", "Writes whose condition was not met."),
    "transaction_conflicts": _metric(
        "Transaction conflicts", "writes", "Writes that met a transaction under way on their item."
    ),
    "splits": _metric("Splits", "partitions", "Partitions split for heat or growth."),
    "ttl_deleted": _metric("Deleted by TTL", "items", "Items deleted because their time to live was over."),
    "cache_hit_ratio": _metric("Cache hit ratio", "1", "Share of the cached reads that found their item."),
    "hot_partition_share": _metric(
        "Share of the hottest partition", "1", "Of all that was consumed in a minute, minute by minute."
    ),
    "reads": _metric("Reads", "queries", "Queries that were taken."),
    "reads_refused": _metric("Reads refused", "queries", "Queries refused in an outage."),
    "checkpoints": _metric("Checkpoints", "times", "How often the position of the view was stored."),
    "rebuilds": _metric("Rebuilds", "times", "Rebuilds that have caught up."),
    "executions_started": _metric(
        "Executions started", "executions", "StartExecution calls that were taken."
    ),
    "executions_succeeded": _metric("Executions succeeded", "executions", "Executions that reached an end."),
    "executions_failed": _metric(
        "Executions failed", "executions", "Ended by a Fail state or an error that nothing caught."
    ),
    "executions_timed_out": _metric(
        "Executions timed out",
        "executions",
        "Ran past TimeoutSeconds, a year (standard) or 5 min (express; pipes).",
    ),
    "executions_aborted": _metric("Executions aborted", "executions", "Stopped from outside."),
    "executions_redriven": _metric(
        "Executions redriven", "executions", "Went on at the state that had failed."
    ),
    "inputs_too_large": _metric(
        "Inputs too large", "calls", "StartExecution calls refused for an input above 256 KiB."
    ),
    "activity_schedule_time": _metric(
        "Activity schedule time", "s", "From the scheduling of an activity's task until a worker has it."
    ),
    "execution_time": _metric("Execution time", "s", "From the start of an execution to its end, any way."),
    "state_transitions": _metric(
        "State transitions", "transitions", "States entered, those of children too."
    ),
    **{name: _metric(*words) for name, words in PATTERNS.items()},
    "task_retries": _metric("Task retries", "retries", "States tried again after a failure."),
    "task_calls": _metric("Task calls", "calls", "Attempts of tasks that went to this target."),
    "task_failures": _metric("Task failures", "calls", "Attempts that the target refused or failed."),
    "throttled_transitions": _metric(
        "Throttled transitions", "transitions", "Transitions that waited for the quota of state transitions."
    ),
    "throttled": _metric(
        "Throttled", "requests", "Requests refused because they came faster than the quota."
    ),
    "billed_requests": _metric(
        "Billed requests", "requests", "Publishes as they are billed: each 64 KiB chunk counts."
    ),
    "delivery_latency": _metric(
        "Delivery latency", "s", "From the publish until the subscriber has the message."
    ),
    "delivery_retries": _metric("Delivery retries", "deliveries", "Deliveries tried again after a failure."),
    "retries_immediate": _metric("Retries: immediate", "deliveries", "Tried again without delay."),
    "retries_pre_backoff": _metric(
        "Retries: pre-back-off", "deliveries", "Tried again after the smallest delay."
    ),
    "retries_backoff": _metric("Retries: back-off", "deliveries", "Tried again after a growing delay."),
    "retries_post_backoff": _metric(
        "Retries: post-back-off", "deliveries", "Tried again after the greatest delay."
    ),
    "dead_client_error": _metric(
        "Given up: client error",
        "messages",
        "The endpoint is gone or cannot take the message; never retried.",
    ),
    "dead_retries_exhausted": _metric(
        "Given up: retries exhausted", "messages", "Failed more often than the delivery policy allows."
    ),
    "deduplicated": _metric(
        "Deduplicated",
        "messages",
        "Published once more within the deduplication interval, and not delivered.",
    ),
    "archived": _metric("Archived", "messages", "Kept for a later replay."),
    "replayed": _metric("Replayed", "deliveries", "Delivered once more from the archive."),
    "unmatched": _metric("Unmatched", "events", "Events that no rule matches: accepted and forgotten."),
    "not_forwarded": _metric(
        "Not forwarded", "events", "Events from a bus that a rule would have sent to a third one."
    ),
    "invocation_delay": _metric(
        "Invocation delay", "s", "From a moment of the schedule until the target is invoked."
    ),
    "delayed_invocations": _metric(
        "Delayed invocations", "deliveries", "Invocations that waited for the invocations quota."
    ),
    "failed_no_resource": _metric("Failed: no resource", "deliveries", "Given up: the target is gone."),
    "failed_no_permissions": _metric(
        "Failed: no permissions", "deliveries", "Given up: the bus may not call the target."
    ),
    "failed_client_error": _metric(
        "Failed: client error",
        "deliveries",
        "Given up: the target does not take it, such as too long a message.",
    ),
    "failed_maximum_retry_attempts": _metric(
        "Failed: retries used up", "deliveries", "Given up: MaximumRetryAttempts retries have failed."
    ),
    "failed_maximum_event_age": _metric(
        "Failed: too old", "deliveries", "Given up: older than MaximumEventAgeInSeconds."
    ),
    "duplicates": _metric("Duplicates", "messages", "Acknowledged once more by the same consumer."),
    "out_of_order": _metric(
        "Out of order", "messages", "Acknowledged after a later message of the same producer and key."
    ),
    "rebalances": _metric(
        "Rebalances", "rebalances", "Rounds in which a consumer group handed out its partitions again."
    ),
    "largest_partition": _metric(
        "Largest partition",
        "messages",
        "Records in the partition that got most; times the partitions, over all records, it is the skew.",
    ),
    "bytes_in": _metric("Bytes in", "bytes", "Bytes written into the log, after compression, once."),
    "bytes_out": _metric(
        "Bytes out", "bytes", "Bytes that fetches have brought to all groups together, after compression."
    ),
    "bytes_in_rate": _metric(
        "Bytes in per second", "bytes/s", "Bytes written into the log per second (Kafka: BytesInPerSec)."
    ),
    "bytes_out_rate": _metric(
        "Bytes out per second", "bytes/s", "Bytes fetched per second by all groups (Kafka: BytesOutPerSec)."
    ),
    "log_size": _metric(
        "Log size", "bytes", "Bytes in the log of one replica at the end, all partitions together."
    ),
    "message_bytes_ready": _metric(
        "Bytes ready", "bytes", "Bodies of the messages that wait in the queue (message_bytes_ready)."
    ),
    "message_bytes_unacknowledged": _metric(
        "Bytes unacknowledged",
        "bytes",
        "Bodies of the messages delivered and not acknowledged (message_bytes_unacknowledged).",
    ),
    "isr_shrinks": _metric(
        "ISR shrinks", "replicas", "Followers that left the in-sync replicas of a partition."
    ),
    "under_min_isr_rejects": _metric(
        "Under-min-ISR rejects", "batches", "Writes refused for too few in-sync replicas (NotEnoughReplicas)."
    ),
    "elections": _metric("Elections", "partitions", "Partitions that got another leader."),
    "unclean_elections": _metric(
        "Unclean elections", "partitions", "Partitions whose new leader was not in sync and lacked records."
    ),
    "produce_retries": _metric("Produce retries", "batches", "Batches that a producer has sent again."),
    "repeated_writes": _metric(
        "Repeated writes", "messages", "Records that a retry has put into the log a second time."
    ),
    "blocked_sends": _metric(
        "Blocked sends", "messages", "Records that waited for a place in the producer's buffer."
    ),
    "lost_buffer_full": _metric(
        "Lost: buffer full", "messages", "Waited longer than max.block.ms for a place in the buffer."
    ),
    "lost_delivery_timeout": _metric(
        "Lost: delivery timeout", "messages", "Given up by the producer, which tells the application."
    ),
    "lost_unreplicated": _metric(
        "Lost: not replicated",
        "messages",
        "Acknowledged by the leader alone, or not at all waited for, and gone with that leader.",
    ),
    "lost_unclean": _metric(
        "Lost: unclean election", "messages", "Acknowledged records that an out-of-sync new leader lacks."
    ),
    "transactions_committed": _metric(
        "Transactions committed", "transactions", "Transactions of producers whose records may be read."
    ),
    "transactions_aborted": _metric(
        "Transactions aborted", "transactions", "Ended by the application, or by transaction.timeout.ms."
    ),
    "compacted": _metric(
        "Compacted", "messages", "Records that the cleaner took from the log: superseded, or old tombstones."
    ),
    "compacted_unread": _metric(
        "Compacted unread", "messages", "Of what has expired: superseded in the log before the group read it."
    ),
    "null_key_rejects": _metric(
        "Rejected: no key", "messages", "Records without a key, which a compacted topic does not take."
    ),
    "quota_throttles": _metric(
        "Throttles", "throttles", "Times that a producer or a member was over its byte rate and had to wait."
    ),
    "throttled_producers": _metric(
        "Throttled producers", "producers", "Producers that wait because they wrote more than their quota."
    ),
    "throttled_members": _metric(
        "Throttled members", "members", "Members that wait because they read more than their quota."
    ),
    "lock_expiries": _metric(
        "Lock expiries", "messages", "Records of share groups whose acquisition lock ran out."
    ),
    "lock_renewals": _metric(
        "Lock renewals", "messages", "Acquisition locks that a member of a share group has renewed."
    ),
    "share_archived": _metric(
        "Archived",
        "messages",
        "Records that a share group rejected, or was delivered as often as is allowed.",
    ),
    "partial_answers": _metric(
        "Partial answers", "requests", "Requests answered without one of the optional or slower calls."
    ),
    "cache_hits": _metric("Cache hits", "requests", "Call steps whose answer was kept and still good."),
    "cache_misses": _metric("Cache misses", "requests", "Call steps with a cache that had to call."),
    "busy_cores": _metric("Busy cores", "cores", "Cores on which a cpu step runs."),
    "calls": _metric("Calls", "calls", "Calls on this edge, each with all its attempts."),
    "calls_ok": _metric("Calls answered", "calls", "Calls that the service has answered in time."),
    "call_errors": _metric("Call errors", "attempts", "Attempts answered with an error, or refused."),
    "call_timeouts": _metric("Call timeouts", "attempts", "Attempts whose answer did not come in time."),
    "late_answers": _metric(
        "Late answers", "attempts", "Answers after the time limit: work of the service for nobody."
    ),
    "retries": _metric("Retries", "attempts", "Attempts after the first one of a call."),
    "retries_denied": _metric("Retries denied", "attempts", "Retries for which the budget had no token."),
    "breaker_rejects": _metric(
        "Breaker rejects", "attempts", "Attempts not made because the circuit breaker was open."
    ),
    "breaker_opened": _metric("Breaker opened", "times", "How often the circuit breaker has opened."),
    "bulkhead_full": _metric(
        "Bulkhead full", "attempts", "Attempts refused because too many calls were under way."
    ),
    "pool_timeouts": _metric(
        "Pool timeouts", "attempts", "Attempts that waited too long for a connection of the pool."
    ),
    "fallbacks": _metric("Fallbacks", "calls", "Calls answered by a fallback, or passed on to one."),
    "invocations": _metric("Invocations", "invocations", "Executions of a function that have begun."),
    "cold_starts": _metric(
        "Cold starts", "invocations", "Invocations that waited for a new environment to be initialised."
    ),
    "concurrent_executions": _metric(
        "Concurrent executions", "runs", "Executions under way, cold starts included."
    ),
    "throttles": _metric(
        "Throttles", "invocations", "Invocations refused (429) for concurrency, scaling or request rate."
    ),
    "timeouts": _metric("Timeouts", "invocations", "Invocations stopped at the Timeout of the function."),
    "duration": _metric("Duration", "s", "The handler's run, from its start to its end or its Timeout."),
    "init_duration": _metric("Init duration", "s", "Initialisation of a new environment (cold start)."),
    "billed_duration": _metric(
        "Billed duration", "s", "Duration and initialisation of an invocation, to the next millisecond."
    ),
    "iterator_age": _metric(
        "Iterator age", "s", "Age of a record of a stream when its reader begins with it."
    ),
    "async_event_age": _metric(
        "Async event age", "s", "From the queueing of an asynchronous event until a run of it begins."
    ),
    "records_given_up": _metric(
        "Records given up", "records", "Records of a stream that a pipe went on without."
    ),
    "event_retries": _metric(
        "Event retries", "invocations", "Asynchronous events that run again after a function error."
    ),
    "events_throttled": _metric(
        "Events throttled", "invocations", "Attempts of asynchronous events that went back to their queue."
    ),
    "destinations_delivered": _metric(
        "To destinations", "messages", "Asynchronous events sent to a destination or dead-letter queue."
    ),
    "dead_event_age": _metric(
        "Given up: too old", "messages", "Asynchronous events past MaximumEventAgeInSeconds."
    ),
    "batches": _metric("Batches", "batches", "Batches with which a mapping has invoked its function."),
    "batches_throttled": _metric(
        "Batches throttled", "batches", "Batches of a mapping that had to wait for room in the function."
    ),
    "throttled_messages": _metric(
        "Given back unread",
        "messages",
        "Received, never run for throttling, and back in their queue when the visibility timeout ended.",
    ),
    **MODELS,
    "instances": _metric("Instances", "instances", "Instances that work, as the autoscaler has it."),
    "scale_outs": _metric("Scale-outs", "decisions", "Decisions of the autoscaler for more instances."),
    "scale_ins": _metric("Scale-ins", "decisions", "Decisions of the autoscaler for fewer instances."),
    "lost": _metric("Lost", "messages", "Refused, dropped or expired on the way of this flow."),
    "delivered": _metric("Delivered", "messages", "Acknowledged for the first time."),
}
