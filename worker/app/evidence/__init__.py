"""Evidence packs and checks of the database against the journal."""
