"""A table that is gone is a database that is away, and no mistake of ours: pages and API answer it with a 503."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("sql", ["SELECT * FROM nobody_made_this", "UPDATE nobody_made_this SET x = 1"])
def test_a_table_that_is_not_there_is_a_database_that_is_away(sql):
    with pytest.raises(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
