"""The words said to models, one file a prompt, and the strict loader that fills them in."""
