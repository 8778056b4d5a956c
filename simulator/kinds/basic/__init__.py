"""The textbook kinds: producer, queue, topic, consumer, service."""
