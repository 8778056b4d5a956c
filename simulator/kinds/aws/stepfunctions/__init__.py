"""AWS Step Functions: a state machine and its executions in simulated time."""
