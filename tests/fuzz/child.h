// Numbered runs in a process of their own, so that a crash or a hang ends only that one.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/status.h"

namespace webinfer::fuzz {

constexpr unsigned kHangSeconds = 20;

// How a child ended: the number it died at, or -1, what that was, and the signal's name.
struct ChildEnd {
  int number = -1;
  const char* what = "";
  const char* how = "";
};

// `run(number)` for [first, last) in a child; adds to counts per code.
template <typename Run>
ChildEnd RunInChild(int first, int last, std::array<int, 16>& counts, Run run) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    for (int number = first; number < last; ++number) {
      alarm(kHangSeconds);
      const auto code = static_cast<uint8_t>(run(number).code());
      if (write(ends[1], &code, 1) != 1) std::abort();
    }
    _exit(0);
  }
  close(ends[1]);
  int number = first;
  uint8_t code;
  while (read(ends[0], &code, 1) == 1) {
    ++counts[code & 15];
    ++number;
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const bool hang = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
  return {number, hang ? "hang" : "crash", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit"};
}

}  // namespace webinfer::fuzz
