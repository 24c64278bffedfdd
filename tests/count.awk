#!/usr/bin/awk -f
# Prints "passed failed skipped" of a test log: GoogleTest's, Jest's, Python unittest's, or our own runners' last line.
/^\[  PASSED  \] [0-9]+ tests?\./ { passed += $4 }
/^\[  FAILED  \] [0-9]+ tests?, listed/ { failed += $4 }
/^\[  SKIPPED \] [0-9]+ tests?, listed/ { skipped += $4 }
/^Tests: / {
  for (i = 2; i < NF; i++) {
    if ($(i + 1) ~ /^passed/) passed += $i
    if ($(i + 1) ~ /^failed/) failed += $i
    if ($(i + 1) ~ /^(skipped|todo)/) skipped += $i
  }
}
/^Ran [0-9]+ tests? in / { ran = $2 }
/^FAILED \(/ { broken = $0; gsub(/[^0-9]+/, " ", broken); split(broken, numbers, " "); failed += numbers[1] + numbers[2]; passed -= numbers[1] + numbers[2] }
/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5 }
END { print passed + ran, failed + 0, skipped + 0 }
