// The arithmetic of batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) over the rows of a matrix, with the ReLU after
// it in the same pass over memory.
#ifndef SELFSUP_BATCH_NORM_ROWS_H_
#define SELFSUP_BATCH_NORM_ROWS_H_

#include <cstdint>
#include <vector>

namespace selfsup {

/** A number for each channel. */
using Channels = std::vector<float>;

/** Sides of a matrix in memory row by row. */
struct Sides {
  int64_t rows;
  int64_t channels;
};

/** Makes `(x − mean) · factor + offset` of a value, but at least `least`: 0 is a ReLU, −∞ is none. */
struct Norm {
  Channels mean;
  Channels factor;
  Channels offset;
  float least;
};

/** Means, and sums of squared differences from them. */
struct Moments {
  Channels mean;
  Channels squares;
};

Moments MomentsOf(const float* x, const Sides& sides);

/** `y` may be `x`. */
void Normalise(const float* x, float* y, const Sides& sides, const Norm& norm);

/** Sums over the gradient of the result, as far as it came through the ReLU: of itself, and times `x − mean`. */
struct Gradients {
  Channels sum;
  Channels product;
};

Gradients GradientsOf(const float* dy, const float* x, const Sides& sides, const Norm& norm);

/** `(dy − shift − (x − mean) · slope) · factor` of the gradient of the result, as far as it came through. `dx` may be `dy`. */
void Differentiate(const float* dy, const float* x, float* dx, const Sides& sides, const Norm& norm, const Channels& shift,
                   const Channels& slope);

}  // namespace selfsup

#endif  // SELFSUP_BATCH_NORM_ROWS_H_
