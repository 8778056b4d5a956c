"""What a design costs: the price file of the package, and the bill of what was simulated."""
