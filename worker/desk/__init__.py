"""The web desk: pages, links and sign-in, over the same use cases as the command line."""
