"""What a page, a command and the API show, asked once."""
