#!/bin/sh
# Writes deploy/constraints.txt anew: the newest packages that pyproject.toml allows, in a fresh environment.
#   PYTHON=python3.12 deploy/constraints.sh
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3.12}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet ./sdk '.[demo]'
{
  echo "# What the image is built with: python 3.12, made by deploy/constraints.sh. Applications and tests take what pyproject.toml allows."
  "$work/env/bin/pip" freeze | grep -v '^watchkeeper'
} > "$work/constraints.txt"
mv "$work/constraints.txt" deploy/constraints.txt
