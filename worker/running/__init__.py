"""Running the worker: `wiring` is the composition root, the only file that names connectors."""
