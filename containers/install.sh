#!/bin/sh
# Installs the packages of the lock file: the tools that bundle into this folder, what the processes need into another.
# Needs nothing but the two package files, so that a change of the sources does not install anew.
#
#   sh containers/install.sh <folder>                  in the folder of package.json
set -eu
folder="$1"

# The tools' install scripts are not needed, so they do not run.
npm ci --ignore-scripts --no-audit --no-fund

mkdir -p "$folder"
cp package.json package-lock.json "$folder/"
cp -r containers "$folder/"
cd "$folder"
# node-gyp would fetch headers from the internet; those beside this very binary always fit it. With CI_CHECK_FAIL ssh2's
# installer fails when its native addon cannot be built, instead of going on without it.
npm_config_nodedir="$(node -p 'require("node:path").resolve(process.execPath, "../..")')"
export npm_config_nodedir
CI_CHECK_FAIL=ssh2 npm ci --omit=dev --no-audit --no-fund
rm -r package-lock.json containers
