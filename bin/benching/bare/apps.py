"""django-allauth without its start-up check, which insists on a middleware the bare views go without."""

from allauth.account.apps import AccountConfig


class Account(AccountConfig):
    def ready(self) -> None:
        """Nothing to check here."""
