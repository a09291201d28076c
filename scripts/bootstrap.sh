#!/bin/sh
# Makes .venv with the pinned dependencies and brings the front-end files.
#   scripts/bootstrap.sh          what running needs
#   scripts/bootstrap.sh dev      what testing needs, the Debian packages included
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
lock=requirements.txt
[ "$kind" = dev ] && lock=requirements-dev.txt

fail() { echo "$1" >&2; exit 1; }

debian() { # packages that must be there, and what they are for
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $1 (Debian packages for $2) …"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1; } \
            >/tmp/tributary-apt.log 2>&1 || fail "apt-get could not install: $1. Its output is in /tmp/tributary-apt.log; check the network."
    else
        fail "Missing for $2: $1. Run: sudo apt-get install --no-install-recommends $1"
    fi
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || debian "python3 python3-venv" "running anything"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Tributary needs Python 3.11 or newer; $python is $("$python" -V). Set PYTHON=/path/to/python3.11."

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    "$python" -c 'import ensurepip' 2>/dev/null || debian python3-venv "a virtual environment"
    echo "Making .venv …"
    "$python" -m venv --clear .venv
fi

# The dev lock holds everything of the plain one, so a dev environment also runs the product.
wanted=$(cat "$lock" scripts/uv.txt | sha256sum | cut -d' ' -f1)
have=$(cat ".venv/.lock-$kind" 2>/dev/null || true)
if [ "$wanted" != "$have" ]; then
    echo "Installing the pinned dependencies ($lock) …"
    { .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r scripts/uv.txt &&
        .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$lock"; } 2>.venv/install.log || {
        tail -5 .venv/install.log >&2
        fail "The dependencies could not be installed: the package index does not answer or refuses. Check the network and run the command again."
    }
    echo "$wanted" > ".venv/.lock-$kind"
fi

PATH="$PWD/.venv/bin:$PATH"
if ! cmp -s package-lock.json static/vendor/.lock 2>/dev/null && ! command -v npm >/dev/null; then
    echo "Installing Node.js into .venv …"
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r scripts/node.txt || fail "Node.js could not be installed: check the network and run the command again."
fi
scripts/vendor.sh

if [ "$kind" = dev ]; then
    [ -d node_modules/axe-core ] || { rm -f static/vendor/.lock; scripts/vendor.sh; }
    missing=""
    command -v redis-server >/dev/null || missing="$missing redis-server"
    command -v chromium >/dev/null || missing="$missing chromium"
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    [ -z "$missing" ] || debian "${missing# }" "the tests"
fi
