// Reductions over any axes of any type: y = finish(combine over the reduced elements of map(x)).
//
// Axes are merged until kept and reduced ones alternate. If the innermost is reduced, each result is a sum along contiguous
// elements; if it is kept (NHWC global pooling), blocks of results are summed row by row. Both are SIMD for float32.
#pragma once

#include <cstdint>
#include <span>

#include "base/dtype.h"
#include "base/thread_pool.h"

namespace webinfer::kernels {

enum class Map : uint8_t { kIdentity, kAbs, kSquare };
enum class Combine : uint8_t { kSum, kProduct, kMax, kMin };
enum class Finish : uint8_t { kNone, kMean, kSqrt, kLog };

struct Reduction {
  Map map = Map::kIdentity;
  Combine combine = Combine::kSum;
  Finish finish = Finish::kNone;
};

struct ReducePlan {
  static constexpr int kRank = 8;
  Reduction reduction;
  DType dtype;
  bool inner_reduced;                             // the innermost merged axis is reduced; its length is `inner`
  int8_t kept_rank, reduced_rank;                 // of the other axes
  int64_t kept_dims[kRank], kept_strides[kRank];  // strides in elements of the input
  int64_t reduced_dims[kRank], reduced_strides[kRank];
  int64_t inner;
  int64_t groups;   // product of kept_dims: results, or blocks of `inner` results
  int64_t rows;     // product of reduced_dims
  int64_t reduced;  // elements behind one result
};

// `reduced[i]` says whether axis i of `dims` goes away. The dtype must have a ScalarType (bool only for max and min).
ReducePlan MakeReducePlan(Reduction reduction, DType dtype, std::span<const int64_t> dims, std::span<const bool> reduced);

uint64_t ReduceScratchBytes(const ReducePlan& plan, int threads);
void RunReduce(const ReducePlan& plan, const void* input, void* output, uint8_t* scratch, ThreadPool& pool);

// The sum and the largest of `count` >= 0 floats (0 and -infinity for none); Largest keeps NaN.
float SumOf(const float* x, int64_t count);
float LargestOf(const float* x, int64_t count);

}  // namespace webinfer::kernels
