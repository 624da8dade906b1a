"""Write into the register on which day a row was verified: which cells, how in each kind of file, and in one step."""
