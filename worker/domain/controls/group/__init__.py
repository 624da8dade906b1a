"""Controls of groups as a whole: known, needed, in the right messenger, with the right admins."""
