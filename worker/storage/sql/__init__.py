"""What every subject's SQL stands on: engine, tables, mapping, bulk loads, migrations' runner."""
