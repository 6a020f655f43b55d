"""Readers of one format each; they adapt kept libraries to `ParsedDocument`."""
