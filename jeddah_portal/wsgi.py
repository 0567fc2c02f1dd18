import os

from django.core.wsgi import get_wsgi_application

from transactions import database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeddah_portal.settings")
application = get_wsgi_application()
database.install()
