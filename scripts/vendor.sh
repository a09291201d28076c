#!/bin/sh
# Brings the front-end files named in package-lock.json into static/vendor (never committed).
set -eu
cd "$(dirname "$0")/.."
stamp=static/vendor/.lock
if cmp -s package-lock.json "$stamp" 2>/dev/null; then exit 0; fi
npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null || {
    echo "The front-end files could not be fetched: the npm registry does not answer. Check the network and run the command again." >&2
    exit 1
}
rm -rf static/vendor
mkdir -p static/vendor/bootstrap static/vendor/icons/fonts
for file in css/bootstrap.min.css css/bootstrap.min.css.map js/bootstrap.bundle.min.js js/bootstrap.bundle.min.js.map; do
    cp "node_modules/bootstrap/dist/$file" static/vendor/bootstrap/
done
cp node_modules/bootstrap-icons/font/bootstrap-icons.min.css static/vendor/icons/
cp node_modules/bootstrap-icons/font/fonts/bootstrap-icons.* static/vendor/icons/fonts/
cp package-lock.json "$stamp"
