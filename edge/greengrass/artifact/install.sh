#!/bin/sh
# install.sh ARTIFACT WORK: the wheel in ARTIFACT, with what it needs, into WORK/venv.
set -eu
artifact=$1 work=$2
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || { echo "moodlens.Camera needs Python 3.11 or newer as $python" >&2; exit 1; }
"$python" -m venv "$work/venv"
wheel=$(echo "$artifact"/moodlens-*.whl)
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --constraint "$artifact/constraints.txt" \
  "$wheel[producer,classify]"
# the same version may have been built anew
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
