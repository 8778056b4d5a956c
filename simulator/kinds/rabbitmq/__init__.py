"""RabbitMQ: exchanges with bindings, classic and quorum queues."""
