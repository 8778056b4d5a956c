"""`aws.lambda`: a function, its execution environments, and the roads on which it is invoked."""
