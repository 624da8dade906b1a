"""Messages to people, as data and in their language."""
