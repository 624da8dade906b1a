"""Read registers: spreadsheets, Word tables and CSV into tables of cells, in a separate process."""
