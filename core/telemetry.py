"""Logs: dotted event names with fields, as JSON lines or for a person's eyes."""

import logging
import sys
from typing import Any

import structlog


def configure(level: str) -> None:
    """Send all logs to standard error; JSON when nobody is looking."""
    numeric = logging.getLevelNamesMapping()[level]
    render: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(numeric, logging.WARNING), stream=sys.stderr)


def log() -> Any:
    """Return a logger that carries the request and document ids of the moment."""
    return structlog.get_logger()
