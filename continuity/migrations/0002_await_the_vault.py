"""One question, asked after a commit: is everything that was committed on the vault's disk? PostgreSQL only.

It waits inside the server, so that a receipt costs one round trip. Owned by the owner of the tables, because web and
workers may not read who replicates; and it sets nothing that outlives its transaction.
"""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION continuity_await(
    _chain bigint, _wanted bigint, _receiver text, _role text, _patience double precision, _anyway boolean,
    OUT reached bigint, OUT waited double precision, OUT streams boolean
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _began timestamptz := clock_timestamp();
    _rests boolean;
    _refused text;
    _length bigint;
    _target pg_lsn;
    _flushed pg_lsn;
    _sender int;
    _pause double precision := 0.0005;
BEGIN
    SELECT r.seq, r.rests, r.refused INTO reached, _rests, _refused FROM public.continuity_reached r WHERE r.chain_id = _chain;
    reached := coalesce(reached, 0);
    waited := 0;
    IF reached >= _wanted OR _refused <> '' OR pg_is_in_recovery() THEN
        RETURN;
    END IF;
    -- What is seen here is on this disk; its place in the log is asked for afterwards, so it lies before that.
    SELECT c.length INTO _length FROM public.journal_chain c WHERE c.id = _chain;
    _target := pg_current_wal_flush_lsn();
    SELECT a.pid INTO _sender FROM pg_stat_activity a
        WHERE a.backend_type = 'walsender' AND a.application_name = _receiver AND a.usename = _role
        ORDER BY a.backend_start DESC LIMIT 1;
    streams := _sender IS NOT NULL;
    LOOP
        SELECT s.flush_lsn INTO _flushed FROM pg_stat_get_wal_senders() s WHERE s.pid = _sender;
        -- Nobody has written what was not written here: whoever says so is not believed.
        IF _flushed > pg_current_wal_flush_lsn() THEN
            _flushed := NULL;
        END IF;
        waited := extract(epoch FROM clock_timestamp() - _began);
        EXIT WHEN _flushed IS NULL OR _flushed >= _target OR waited >= _patience;
        EXIT WHEN _rests AND NOT _anyway;
        PERFORM pg_sleep(least(_pause, _patience - waited));
        _pause := least(_pause * 1.5, 0.02);
    END LOOP;
    -- Lost in a crash, this is found out again; so nobody waits for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    IF _flushed >= _target THEN
        reached := greatest(reached, _length);
        INSERT INTO public.continuity_reached AS r (chain_id, seq, at, rests, slow)
            VALUES (_chain, _length, clock_timestamp(), false, 0)
            ON CONFLICT (chain_id) DO UPDATE SET seq = greatest(r.seq, excluded.seq), at = excluded.at,
                slow = CASE WHEN waited > 0.1 THEN least(r.slow + 1, 3) ELSE 0 END,
                rests = (r.rests AND NOT (_anyway AND waited <= 0.1)) OR (waited > 0.1 AND r.slow >= 2);
    ELSIF waited >= _patience THEN
        INSERT INTO public.continuity_reached AS r (chain_id, rests) VALUES (_chain, true)
            ON CONFLICT (chain_id) DO UPDATE SET rests = true;
    END IF;
END $$;
REVOKE ALL ON FUNCTION continuity_await FROM PUBLIC;
"""
BACK = "DROP FUNCTION continuity_await"


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BACK)


class Migration(migrations.Migration):
    dependencies = [("continuity", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
