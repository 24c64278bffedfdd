# What the scripts share; each sources it first. It enters the checkout, fixes where caches are, and gives a few helpers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export WEBINFER_CACHE=${WEBINFER_CACHE:-$HOME/.cache/webinfer}
jobs=$(nproc)

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# node_of 24: the Node.js of that major version which script/bootstrap keeps for the tests; the host's own if it is that one.
node_of() {
  if [ "$(node -p 'process.versions.node.split(".")[0]')" = "$1" ]; then command -v node; else echo "$WEBINFER_CACHE/node-$1/node_modules/.bin/node"; fi
}

# configure_and_build PRESET [TARGET...]
configure_and_build() {
  local preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

# The four WebAssembly variants, plain before relaxed.
wasm_presets="wasm-simd wasm-relaxed wasm-simd-threads wasm-relaxed-threads"
