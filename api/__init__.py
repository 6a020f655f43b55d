"""Every door in and out: HTTP, pages, command line, worker."""
