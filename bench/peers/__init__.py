"""What an administrator writes in an afternoon, and what a synchroniser does: programs that stand alone."""
