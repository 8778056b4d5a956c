"""The discrete-event engine on SimPy: clock, messages, brokers, endpoints, links."""
