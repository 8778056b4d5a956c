"""Where everything of a drawing stands: cards, wires round the cards, labels beside the wires."""
