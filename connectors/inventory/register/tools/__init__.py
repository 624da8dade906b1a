"""Write registers: the template, tidied copies, the report of problems."""
