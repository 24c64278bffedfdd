// setjmp for the WebAssembly codecs: a decoder runs in an instance of its own, so an error ends it by a trap, and the host drops
// the instance. What went wrong has been recorded before.
#pragma once

typedef int jmp_buf[1];
#define setjmp(buffer) ((void)(buffer), 0)
static inline __attribute__((noreturn)) void longjmp(jmp_buf buffer, int value) {
  (void)buffer, (void)value;
  __builtin_trap();
}
