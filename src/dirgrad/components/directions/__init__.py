"""Laws of random vectors v with E[v v^T] = I, one a file."""
