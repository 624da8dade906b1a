"""The core of Whosleft."""
