"""Who is behind a handle."""
