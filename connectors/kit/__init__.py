"""Code that several connectors share. Knowledge about one vendor stays in its folder."""
