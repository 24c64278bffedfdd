// Plain JavaScript objects of what the cold path talks about; bindings.cc says what is in them.
#pragma once

#include <emscripten/val.h>

#include <vector>

#include "runtime/session.h"

namespace webinfer {

emscripten::val MetadataFields(const std::vector<ValueMetadata>& values);
// Producer, versions and metadata.
emscripten::val ModelFields(const Model& model);
SessionOptions OptionsOf(const emscripten::val& from);

}  // namespace webinfer
