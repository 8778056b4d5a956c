"""What a design is told before it is run: rules of practice, their mends, and counter-examples."""
