"""The result document made from measured replications."""
