"""Apache Kafka: partitioned logs and the consumer groups that read them."""
