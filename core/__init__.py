"""The ground floor: nouns, settings, tables, storage, jobs, events, embedding and model access."""
