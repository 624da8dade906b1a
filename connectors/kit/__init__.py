"""What several connectors share. A vendor's own knowledge stays in its folder."""
