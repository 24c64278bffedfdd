// The image decoders as ImageDecoder's, for native programs.
#pragma once

namespace webinfer::conformance {

void InstallImageCodecs();

}  // namespace webinfer::conformance
