"""What is measured while the simulated world runs: histograms, levels, order, frames."""
