"""What an invoke edge with settings does with a call: time limit, attempts, breaker, bulkhead, fallback."""
