// The first walk over a model: afterwards every node has a `def` with a kernel, and everything that is known is a constant.
//
// One walk in execution order resolves operators, checks their inputs and outputs, infers, lowers composed operators, folds
// what is constant, and puts the taken branch of an If whose condition is known in the place of the If. What control flow
// captures from around it and is constant becomes a constant of the body.
#pragma once

#include "passes/fold.h"
#include "passes/pass.h"

namespace webinfer {

// Walks the model, bodies included. Operators this build does not know are listed in one error.
Status Import(Model& model, SymbolTable& symbols, ThreadPool& pool);

}  // namespace webinfer
