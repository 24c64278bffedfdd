// The attributes `activations`, `activation_alpha` and `activation_beta` of LSTM, GRU and RNN.
#pragma once

#include "ops/rnn/recurrent.h"

namespace webinfer::ops {

// Three functions for each direction; unused ones stay the defaults. *defaults: all of them are.
Status ReadGateActivations(const Attributes& attributes, CellKind kind, int directions, kernels::GateActivation* activations,
                           bool* defaults);

}  // namespace webinfer::ops
