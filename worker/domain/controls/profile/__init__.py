"""Controls of a group's profile: what the messenger shows of it besides its members."""
