"""Find passages, answer from them, and prove every quote."""
