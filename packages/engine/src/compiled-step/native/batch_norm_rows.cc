// See batch_norm_rows.h.
//
// Rows are taken in parts that fit a core's cache, and what is summed in parts is added up in the order of the rows: so bits depend
// on no number of threads. Within a part `period` values are taken at a time, as many whole rows as make full vectors whatever
// the number of channels; what there is for each channel is repeated to that length.
#include "batch_norm_rows.h"
#include <algorithm>
#include "helpers.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#ifdef __x86_64__
#define VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef VECTOR_CLONES
#define VECTOR_CLONES
#endif

namespace selfsup {
namespace {

constexpr int64_t kVector = 16;
/** Values of a part, about, and rows, at least: its sums are to be few beside it. */
constexpr int64_t kPart = 8192;
constexpr int64_t kRows = 32;

/** How a matrix is gone through. */
class Parts {
 public:
  explicit Parts(const Sides& sides) : channels_(sides.channels), values_(sides.rows * sides.channels) {
    int64_t together = 1;
    // Of long rows the end that fills no vector is no matter.
    while (together * channels_ % kVector != 0 && together * channels_ < kPart / kRows) together++;
    period_ = together * channels_;
    size_ = std::max(kPart / period_, (kRows + together - 1) / together) * period_;
    count = (values_ + size_ - 1) / size_;
  }

  /** The first value of a part. */
  int64_t First(int64_t part) const { return part * size_; }
  int64_t Size(int64_t part) const { return std::min(size_, values_ - First(part)); }
  int64_t Rows(int64_t part) const { return Size(part) / channels_; }

  Channels Repeat(const Channels& channels) const {
    Channels repeated(static_cast<size_t>(period_));
    for (int64_t i = 0; i < period_; i++) repeated[i] = channels[i % channels_];
    return repeated;
  }

  Norm Repeat(const Norm& norm) const { return {Repeat(norm.mean), Repeat(norm.factor), Repeat(norm.offset), norm.least}; }

  /** For each place of a period. */
  Channels Zeros() const { return Channels(static_cast<size_t>(period_)); }

  /** For each channel, of what was summed for each place of a period. */
  Channels Fold(const Channels& places) const {
    Channels sums(static_cast<size_t>(channels_));
    for (int64_t i = 0; i < period_; i++) sums[i % channels_] += places[i];
    return sums;
  }

  int64_t count;

 private:
  int64_t period_;
  int64_t channels_;
  int64_t values_;
  int64_t size_;
};

/** Sums for each place of a period. */
struct Sums {
  Channels of_values;
  Channels of_squares;
};

/** Of differences from the first row: squares of the values themselves would be large beside their spread. */
VECTOR_CLONES
void AddDifferences(const float* x, int64_t size, const Channels& firsts, Sums& sums) {
  const float* const first = firsts.data();
  float *const values = sums.of_values.data(), *const squares = sums.of_squares.data();
  const int64_t period = firsts.size();
  for (; size > 0; size -= period, x += period) {
    const int64_t length = std::min(period, size);
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) {
      const float difference = x[i] - first[i];
      values[i] += difference;
      squares[i] += difference * difference;
    }
  }
}

VECTOR_CLONES
void NormalisePart(const float* x, float* y, int64_t size, const Norm& norm) {
  const float *const mean = norm.mean.data(), *const factor = norm.factor.data(), *const offset = norm.offset.data();
  const float least = norm.least;
  const int64_t period = norm.mean.size();
  for (; size > 0; size -= period, x += period, y += period) {
    const int64_t length = std::min(period, size);
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) {
      const float value = (x[i] - mean[i]) * factor[i] + offset[i];
      // What is no number stays so.
      y[i] = value < least ? least : value;
    }
  }
}

VECTOR_CLONES
void AddGradients(const float* dy, const float* x, int64_t size, const Norm& norm, Gradients& gradients) {
  const float *const mean = norm.mean.data(), *const factor = norm.factor.data(), *const offset = norm.offset.data();
  float *const sum = gradients.sum.data(), *const product = gradients.product.data();
  const float least = norm.least;
  const int64_t period = norm.mean.size();
  for (; size > 0; size -= period, x += period, dy += period) {
    const int64_t length = std::min(period, size);
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) {
      const float difference = x[i] - mean[i];
      const float through = difference * factor[i] + offset[i] > least ? dy[i] : 0.0f;
      sum[i] += through;
      product[i] += through * difference;
    }
  }
}

VECTOR_CLONES
void DifferentiatePart(const float* dy, const float* x, float* dx, int64_t size, const Norm& norm, const Channels& shifts,
                       const Channels& slopes) {
  const float *const mean = norm.mean.data(), *const factor = norm.factor.data(), *const offset = norm.offset.data();
  const float *const shift = shifts.data(), *const slope = slopes.data();
  const float least = norm.least;
  const int64_t period = norm.mean.size();
  for (; size > 0; size -= period, x += period, dy += period, dx += period) {
    const int64_t length = std::min(period, size);
#pragma GCC ivdep
    for (int64_t i = 0; i < length; i++) {
      const float difference = x[i] - mean[i];
      const float through = difference * factor[i] + offset[i] > least ? dy[i] : 0.0f;
      dx[i] = (through - shift[i] - difference * slope[i]) * factor[i];
    }
  }
}

}  // namespace

Moments MomentsOf(const float* x, const Sides& sides) {
  const Parts parts(sides);
  std::vector<Sums> found(static_cast<size_t>(parts.count));
  InParts(parts.count, [&](int64_t part) {
    const float* const values = x + parts.First(part);
    const Channels first = parts.Repeat(Channels(values, values + sides.channels));
    Sums sums{parts.Zeros(), parts.Zeros()};
    AddDifferences(values, parts.Size(part), first, sums);
    found[part] = {parts.Fold(sums.of_values), parts.Fold(sums.of_squares)};
  });
  // Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances, 1979.
  std::vector<double> mean(static_cast<size_t>(sides.channels)), squares(mean.size());
  double before = 0;
  for (int64_t part = 0; part < parts.count; part++) {
    const auto& [of_values, of_squares] = found[part];
    const double rows = static_cast<double>(parts.Rows(part));
    const double share = rows / (before + rows);
    for (size_t c = 0; c < mean.size(); c++) {
      const double offset = of_values[c] / rows;
      const double difference = x[parts.First(part) + static_cast<int64_t>(c)] + offset - mean[c];
      mean[c] += difference * share;
      squares[c] += of_squares[c] - offset * offset * rows + difference * difference * before * share;
    }
    before += rows;
  }
  for (double& sum : squares) sum = std::max(0.0, sum);
  return {Channels(mean.begin(), mean.end()), Channels(squares.begin(), squares.end())};
}

void Normalise(const float* x, float* y, const Sides& sides, const Norm& norm) {
  const Parts parts(sides);
  const Norm repeated = parts.Repeat(norm);
  InParts(parts.count, [&](int64_t part) {
    NormalisePart(x + parts.First(part), y + parts.First(part), parts.Size(part), repeated);
  });
}

Gradients GradientsOf(const float* dy, const float* x, const Sides& sides, const Norm& norm) {
  const Parts parts(sides);
  const Norm repeated = parts.Repeat(norm);
  std::vector<Gradients> found(static_cast<size_t>(parts.count));
  InParts(parts.count, [&](int64_t part) {
    Gradients places{parts.Zeros(), parts.Zeros()};
    AddGradients(dy + parts.First(part), x + parts.First(part), parts.Size(part), repeated, places);
    found[part] = {parts.Fold(places.sum), parts.Fold(places.product)};
  });
  std::vector<double> sum(static_cast<size_t>(sides.channels)), product(sum.size());
  for (const Gradients& one : found) {
    for (size_t c = 0; c < sum.size(); c++) {
      sum[c] += one.sum[c];
      product[c] += one.product[c];
    }
  }
  return {Channels(sum.begin(), sum.end()), Channels(product.begin(), product.end())};
}

void Differentiate(const float* dy, const float* x, float* dx, const Sides& sides, const Norm& norm, const Channels& shift,
                   const Channels& slope) {
  const Parts parts(sides);
  const Norm repeated = parts.Repeat(norm);
  const Channels shifts = parts.Repeat(shift), slopes = parts.Repeat(slope);
  InParts(parts.count, [&](int64_t part) {
    const int64_t first = parts.First(part);
    DifferentiatePart(dy + first, x + first, dx + first, parts.Size(part), repeated, shifts, slopes);
  });
}

}  // namespace selfsup
