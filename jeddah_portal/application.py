"""The portal as a WSGI application. What only a web process needs besides is in wsgi.py."""

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """Text is UTF-8, whatever charset a request claims.

    Django takes any codec Python knows, some of which are not for text, and trips over them here, before the
    first middleware, where nobody could answer for it.
    """

    def _set_content_type_params(self, meta: dict[str, str]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            meta["CONTENT_TYPE"] = self.content_type = ""
            self.content_params = {}


application: WSGIHandler = get_wsgi_application()
application.request_class = Utf8Request
