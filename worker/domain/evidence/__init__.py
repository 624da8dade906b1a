"""The journal, and evidence packs made from it."""
