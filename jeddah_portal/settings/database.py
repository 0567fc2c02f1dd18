"""The databases, and how long a request waits for them."""

from __future__ import annotations

from .environment import DEMO, VAR, env

DATABASE_URL_DEFAULT = f"sqlite:///{VAR / 'portal.sqlite3'}"
DATABASES = {"default": env.db("DATABASE_URL", default=DATABASE_URL_DEFAULT) if DEMO else env.db("DATABASE_URL")}
if env.str("REPLICA_DATABASE_URL", default=""):
    # A streaming replica of the same server: it answers inquiries (core/db/replica.py).
    DATABASES["replica"] = env.db("REPLICA_DATABASE_URL")
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
# This place is the second site: DATABASE_URL is a standby that applies everything some minutes late, the replica is one
# that follows at once. It answers inquiries without the centre and takes nothing until it is promoted (ADR 52).
SECOND_SITE = env.bool("SECOND_SITE", default=False)
DATABASE_ROUTERS = ["core.db.replica.Router"]
# Seconds a request of the web may wait for the database, all its statements together, before it answers 503.
DATABASE_PATIENCE = env.float("DATABASE_PATIENCE", default=1.5)
# What PostgreSQL is told of every session, and of those of the web besides (libpq's `options`). No commit waits for a
# vault, which may be away; it is asked afterwards (continuity).
# It compiles no query either: of those with many conditions that takes longer than they do (ADR 63).
DATABASE_SESSION = env.str(
    "DATABASE_SESSION", default="-c idle_in_transaction_session_timeout=15s -c synchronous_commit=local -c jit=off"
)
DATABASE_WEB_SESSION = env.str("DATABASE_WEB_SESSION", default="-c lock_timeout=1200ms -c statement_timeout=3s")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Write-ahead mode is unsafe before SQLite 3.51.3 (Debian 12 ships 3.40); deferred transactions fail under load.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=EXTRA; PRAGMA foreign_keys=ON;",
    }
    # A file, so that tests may start other processes on it.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
else:
    # Behind PgBouncer in transaction mode neither a connection nor a cursor of the server may outlive a transaction.
    pooled = env.bool("DATABASE_POOLED", default=False)
    for database in DATABASES.values():
        database["CONN_MAX_AGE"] = 0 if pooled else 60
        database["DISABLE_SERVER_SIDE_CURSORS"] = pooled
        database["CONN_HEALTH_CHECKS"] = True
        database.setdefault("OPTIONS", {}).update(
            connect_timeout=2, keepalives_idle=5, keepalives_interval=5, keepalives_count=2, tcp_user_timeout=10_000
        )
        database["OPTIONS"]["options"] = DATABASE_SESSION
# Django's own engine, noting commits (core/db).
for database in DATABASES.values():
    database["ENGINE"] = database["ENGINE"].replace("django.db.backends", "core.db")
