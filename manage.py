#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["version"]:  # Django's own command of this name tells its own
        from jeddah_portal import __version__

        sys.stdout.write(f"{__version__}\n")
        sys.exit()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jeddah_portal.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        from journal.standing import Refused

        if not isinstance(error, Refused):
            raise
        sys.exit(f"Nothing was written. {error}")
