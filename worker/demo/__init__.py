"""The demo: four weeks of an invented hospital, played by the real use cases on a clock of its own."""
