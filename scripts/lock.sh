#!/usr/bin/env bash
# Resolve all dependencies anew into the two lock files; uv resolves, plain pip installs them.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
  "${UV:-uv}" pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-annotate \
    --quiet --custom-compile-command "make lock"
}

lock pyproject.toml deploy/lock/torch-needs.in --all-extras \
  --override deploy/lock/overrides.txt --output-file requirements-dev.lock
# What serves takes the same releases as what was tested.
grep -v '^ ' requirements-dev.lock | grep '==' | sed 's/ \\$//' > .lock-constraints.txt
lock pyproject.toml --extra postgres --extra redis \
  --constraint .lock-constraints.txt --excludes deploy/lock/not-served.txt \
  --output-file requirements.lock
rm .lock-constraints.txt
