"""The demo: four weeks of an invented hospital, played by the real use cases with its own clock."""
