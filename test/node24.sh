#!/bin/sh
# Runs the tests on Node 24, which Lambda and the containers run, beside whatever Node is installed:
# Node from npm's own package, a second checkout of the sources with its own packages, and in it jest.
#
#   npm run test:node24 [-- tests]     without tests: all but those that synthesize or build, which are for Node 20 alone
set -eu
cd "$(dirname "$0")/.."
place="$PWD/dist/node24"
mkdir -p "$place/node" "$place/sources"
[ -x "$place/node/node_modules/node/bin/node" ] ||
  npm install --prefix "$place/node" --no-save --no-audit --no-fund --loglevel=error node@24

# What git knows, changed or not; node_modules stay from run to run.
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read |
  tar --extract --directory "$place/sources"
cd "$place/sources"
PATH="$place/node/node_modules/node/bin:$PATH"
# node-gyp would fetch headers from the internet; those of the package fit its binary.
npm_config_nodedir="$(find "$place/node" -path '*/include/node/node.h' | head -n 1 | sed 's#/include/node/node.h##')"
export PATH npm_config_nodedir
npm ci --no-audit --no-fund --loglevel=error
node -e "if (!require('ssh2/lib/protocol/crypto.js').bindingAvailable) throw new Error('the native addon of ssh2 was not built for ' + process.version)"
node --version
if [ $# = 0 ]; then
  set -- test/unit test/contract test/wire test/e2e/ssh test/e2e/ends \
    --testPathIgnorePatterns containers/images contract/ledger-schedules
fi
exec node --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js "$@"
