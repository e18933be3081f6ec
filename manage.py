#!/usr/bin/env python
"""Django's command line; ``./run manage ...`` calls it with the private services' settings."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit("\nInterrompu : ce qui est déjà enregistré est gardé ; relancez la même commande pour finir.")
