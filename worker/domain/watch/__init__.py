"""What the worker notices about itself: what is wrong, what is told of it, and whether it is well. Pure."""
