"""What a register's tables mean: headings, cells, dates, groups. Pure."""
