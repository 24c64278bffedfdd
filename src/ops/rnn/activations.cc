#include "ops/rnn/activations.h"

#include <cctype>

namespace webinfer::ops {

namespace {

using kernels::GateActivation;
using kernels::GateFunction;

struct Known {
  std::string_view name;
  GateActivation defaults;
  bool takes_alpha, takes_beta;
};

constexpr Known kKnown[] = {
    {"sigmoid", {GateFunction::kSigmoid, 0, 0}, false, false},
    {"tanh", {GateFunction::kTanh, 0, 0}, false, false},
    {"relu", {GateFunction::kRelu, 0, 0}, false, false},
    {"affine", {GateFunction::kAffine, 1, 0}, true, true},
    {"leakyrelu", {GateFunction::kLeakyRelu, 0.01f, 0}, true, false},
    {"thresholdedrelu", {GateFunction::kThresholdedRelu, 1, 0}, true, false},
    {"scaledtanh", {GateFunction::kScaledTanh, 1, 1}, true, true},
    {"hardsigmoid", {GateFunction::kHardSigmoid, 0.2f, 0.5f}, true, true},
    {"elu", {GateFunction::kElu, 1, 0}, true, false},
    {"softsign", {GateFunction::kSoftsign, 0, 0}, false, false},
    {"softplus", {GateFunction::kSoftplus, 0, 0}, false, false},
};

bool SameIgnoringCase(std::string_view given, std::string_view lower) {
  if (given.size() != lower.size()) return false;
  for (size_t i = 0; i < given.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(given[i])) != lower[i]) return false;
  }
  return true;
}

int PerDirection(CellKind kind) { return kind == CellKind::kLstm ? 3 : kind == CellKind::kGru ? 2 : 1; }

}  // namespace

Status ReadGateActivations(const Attributes& attributes, CellKind kind, int directions, GateActivation* activations,
                           bool* defaults) {
  const GateActivation sigmoid = kKnown[0].defaults, tanh = kKnown[1].defaults;
  for (int d = 0; d < 2; ++d) {
    activations[3 * d] = kind == CellKind::kRnn ? tanh : sigmoid;
    activations[3 * d + 1] = activations[3 * d + 2] = tanh;
  }
  *defaults = true;
  const std::span<const std::string> names = attributes.Strings("activations");
  if (names.empty()) return OkStatus();
  const int per_direction = PerDirection(kind);
  if (names.size() != static_cast<size_t>(per_direction * directions)) {
    return Error(Code::kInvalidModel, "A wrong number of activations")
        .Expected("%d", per_direction * directions)
        .Actual("%zu", names.size());
  }
  const std::span<const float> alphas = attributes.Floats("activation_alpha"), betas = attributes.Floats("activation_beta");
  size_t next_alpha = 0, next_beta = 0;
  for (int i = 0; i < per_direction * directions; ++i) {
    const Known* found = nullptr;
    for (const Known& known : kKnown) {
      if (SameIgnoringCase(names[static_cast<size_t>(i)], known.name)) found = &known;
    }
    if (found == nullptr)
      return Error(Code::kUnsupported, "An unknown activation").Actual("%s", names[static_cast<size_t>(i)].c_str());
    GateActivation activation = found->defaults;
    if (found->takes_alpha && next_alpha < alphas.size()) activation.alpha = alphas[next_alpha++];
    if (found->takes_beta && next_beta < betas.size()) activation.beta = betas[next_beta++];
    GateActivation& slot = activations[i / per_direction * 3 + i % per_direction];
    *defaults = *defaults && slot.function == activation.function;
    slot = activation;
  }
  return OkStatus();
}

}  // namespace webinfer::ops
