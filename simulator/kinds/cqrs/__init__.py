"""Event sourcing and CQRS: the event store, and the projections that make read models of it."""
