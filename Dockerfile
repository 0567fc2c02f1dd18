# The portal's image has two stages: everything is installed and built in the first; the last carries the result and
# runs it as nobody special. The same image is web, worker and beat; compose.yml says which command each runs.
# Between them stands the vault's own image (target: vault).
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# Built with throw-away demo settings: nothing secret is baked in.
RUN DEMO=1 VAR_DIR=/tmp/var STATIC_ROOT=/srv/static python manage.py compile_translations \
 && DEMO=1 VAR_DIR=/tmp/var STATIC_ROOT=/srv/static python manage.py build_fonts \
 && DEMO=1 VAR_DIR=/tmp/var STATIC_ROOT=/srv/static python manage.py build_icons \
 && DEMO=1 VAR_DIR=/tmp/var STATIC_ROOT=/srv/static python manage.py collectstatic --noinput \
 && rm -rf /tmp/var

# The vault (bin/vault): an image of its own, with nothing of the portal but its own side and the checker of the journal.
FROM python:3.11.14-slim-bookworm AS vault
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10002 --home-dir /srv/vault --create-home vault
WORKDIR /app
COPY requirements-vault.txt .
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements-vault.txt
COPY continuity/__init__.py continuity/
COPY continuity/vault continuity/vault
COPY journal/__init__.py journal/verify.py journal/
USER vault
VOLUME /srv/vault
EXPOSE 8443
ENTRYPOINT ["python", "-m", "continuity.vault"]
CMD ["run", "/srv/vault"]

FROM python:3.11.14-slim-bookworm
# pg_dump and pg_restore, for manage.py backup and restore; libseccomp cages who opens uploaded files (ADR 11).
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client libseccomp2 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/portal --create-home portal
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DEMO=0 VAR_DIR=/var/lib/portal STATIC_ROOT=/srv/static
WORKDIR /app
USER portal
VOLUME /var/lib/portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'X-Forwarded-Proto': 'https'}), timeout=2)"]
# Threads and who may keep them waiting: gunicorn.conf.py.
CMD ["gunicorn", "jeddah_portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2"]
