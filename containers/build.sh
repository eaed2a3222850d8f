#!/bin/sh
# Makes the folder that containers/install.sh began into one that runs by itself: bundle, entry point, and of the packages
# only those that this process needs. The Dockerfiles run exactly this, and so does containers/try.ts without Docker.
#
#   sh containers/build.sh <relay|router> <folder>     in the folder of the sources
set -eu
process="$1"
folder="$2"

npm run build
cp "dist/$process/main.mjs" containers/entry.mjs "$folder/"
# The agent's packages and what only the installation needed stay behind.
npx tsx containers/keep-needed.ts "$folder"

node "$folder/entry.mjs" --check
