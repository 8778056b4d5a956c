"""The design document: reading, typed settings, upgrades and explanations of what is wrong."""
