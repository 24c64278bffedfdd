// What JavaScript holds for one session: the session, the strings it was fed, and room to describe values.
//
// The hot path (hot_path.cc) and the cold one (bindings.cc) share this struct; its address is the handle that JavaScript keeps.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/session.h"

namespace webinfer {

// A value as JavaScript reads it from memory, field by field: js/src/engine/instance.ts knows this layout.
struct ValueRecord {
  int32_t kind = 0;  // ValueKind
  int32_t dtype = 0;
  int32_t present = 0;
  int32_t rank = 0;
  int32_t dims[kMaxRank] = {};
  uint32_t data = 0;  // address of the elements; of a string tensor, of pointers to StringData
  uint32_t bytes = 0;
  uint32_t elements = 0;  // of a sequence; 2 of a map
  uint32_t value = 0;     // address of the RuntimeValue, 0 if the value has none
};

struct BoundSession {
  std::unique_ptr<Session> session;
  StringPool fed_strings;                                 // elements of the string tensors of the next run
  std::vector<std::unique_ptr<RuntimeValue>> fed_values;  // sequences, maps and optionals of the next run
};

}  // namespace webinfer
