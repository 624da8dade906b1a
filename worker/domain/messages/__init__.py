"""What is said to people, as data and in their language."""
