"""People. Organisations and roles join them when brokerage rooms do."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Our own user from the first migration on: swapping it later would mean rewriting history."""
