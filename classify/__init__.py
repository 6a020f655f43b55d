"""What a document is, how sure we are, where it goes and who checks."""
