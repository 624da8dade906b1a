"""Questions to a domain, and the meaning of its answers: pages, changes, people."""
