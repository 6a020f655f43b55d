"""Engines that say what a document is; one file per engine, one contract for all."""
