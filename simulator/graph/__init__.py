"""The drawing as a graph: problems found in it, its construction and its checks."""
