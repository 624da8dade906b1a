"""The web desk: pages, links and signing in, over the same use cases as the command line."""
