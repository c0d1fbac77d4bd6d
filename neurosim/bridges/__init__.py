"""Ways to other packages. Each imports its package when it is imported itself, never before."""
