"""Reading registers: spreadsheets, Word tables and CSV into tables of cells, in a process of their own."""
