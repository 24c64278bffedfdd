# How script/test runs suites and counts their tests. Sourced by it.
logs=build/test-logs
rm -rf "$logs" && mkdir -p "$logs"

# suite NAME COMMAND...: runs it with its output in a log, and counts its tests from what GoogleTest, Jest or our own runners
# print last. A command that prints no counts is one test. Exit code 77 means that it cannot run here; its log says why.
suite() {
  local name=$1 log=$logs/${1//\//-}.log code=0 from=$SECONDS passed failed skipped
  shift
  "$@" >"$log" 2>&1 </dev/null || code=$?
  read -r passed failed skipped <<<"$(tests/count.awk "$log")"
  if [ "$code" = 77 ]; then
    [ $((passed + failed + skipped)) != 0 ] || skipped=1
  elif [ "$code" != 0 ] && [ "$failed" = 0 ]; then
    failed=1
  elif [ $((passed + failed + skipped)) = 0 ]; then
    passed=1
  fi
  echo "$passed $failed $skipped" >"${log%.log}.count"
  printf '%-4s %-32s %6d passed %4d failed %4d skipped  %4d s\n' "$([ "$failed" = 0 ] && echo ok || echo FAIL)" "$name" \
    "$passed" "$failed" "$skipped" $((SECONDS - from))
  if [ "$failed" != 0 ] || [ "$code" = 77 ]; then tail -n 40 "$log" | sed 's/^/     | /'; fi
}

# Starts a suite beside at most one other; `wait` ends both.
beside() {
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
  suite "$@" &
}

# cpp_suites PRESET LAUNCHER: builds a preset's GoogleTest programs, each of which is a suite; WebAssembly ones need a launcher.
cpp_suites() {
  local preset=$1 launcher=$2 program
  suite "$preset/build" configure_and_build "$preset"
  [ "$(cut -d' ' -f2 "$logs/$preset-build.count")" = 0 ] || return 0
  for program in $(find "build/$preset/tests/cpp" -maxdepth 1 -name 'test_*' ! -name '*.wasm' \( -name '*.cjs' -o -executable \) -type f | sort); do
    # shellcheck disable=SC2086
    beside "$preset/$(basename "$program" .cjs)" $launcher "$program"
  done
  wait
}

# The last line of all: `N passed, N failed, N skipped`; fails if a test did.
sum_suites() {
  awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0}' "$logs"/*.count
}
