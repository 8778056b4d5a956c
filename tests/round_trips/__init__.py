"""What is exported, read by the programs it is meant for (`make round-trips`)."""
