"""The transactional outbox, and the dual writes that it takes the place of."""
