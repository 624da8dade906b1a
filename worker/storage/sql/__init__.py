"""The base of every subject's SQL: engine, tables, mapping, bulk loads, the runner of migrations."""
