#!/bin/sh
# Builds one process into a folder that runs by itself: bundle, packages, entry point. The Dockerfiles run exactly this,
# and so does containers/try.ts in a plain directory.
#
#   sh containers/build.sh <relay|router> <folder>     in the folder of the sources
set -eu
process="$1"
folder="$2"

# The tools that bundle. Their install scripts are not needed, so they do not run.
npm ci --ignore-scripts --no-audit --no-fund
npm run build

mkdir -p "$folder"
cp "dist/$process/main.mjs" containers/entry.mjs "$folder/"
cp package.json package-lock.json "$folder/"

# node-gyp would fetch headers from the internet; those beside this very binary always fit it. With CI_CHECK_FAIL ssh2's
# installer fails when its native addon cannot be built, instead of going on without it.
npm_config_nodedir="$(node -p 'require("node:path").resolve(process.execPath, "../..")')"
export npm_config_nodedir
(cd "$folder" && CI_CHECK_FAIL=ssh2 npm ci --omit=dev --no-audit --no-fund)

# The agent's packages and what only the installation needed stay behind.
npx tsx containers/keep-needed.ts "$folder"
rm "$folder/package-lock.json"

node "$folder/entry.mjs" --check
