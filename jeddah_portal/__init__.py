from .celery import app as celery_app

__all__ = ["__version__", "celery_app"]
__version__ = "1.0.0"
