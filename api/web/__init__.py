"""The page on which staff upload, watch, review and ask."""

from api.web.page import router

__all__ = ["router"]
