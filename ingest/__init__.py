"""The journey of one document: accept, parse, split, conduct."""
