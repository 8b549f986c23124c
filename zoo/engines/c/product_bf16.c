/* The products of `product.c` with both factors rounded to bfloat16, two terms of a sum at a time, added up in
 * float: the instruction VDPBF16PS of AVX-512. On other processors this file is empty.
 *
 * A word of a packed weight holds two terms of one column. Rows are rounded in blocks that stay in the cache.
 */
#if defined(__AVX512BF16__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define MR 6
#define NV 4
#define NR (NV * LANES)
#define MANY 32

/* To the nearest, ties to even; NaN stays NaN. */
static inline uint32_t rounded(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* The part of w (n, k) that this thread packs: entry (j, p) lies at w[j * by_column + p * by_row]. */
void pack(long n, long k, const float *w, long by_column, long by_row, float *packed, long me, long all) {
  const long pairs = (k + 1) / 2;
  for (long j = me * NR; j < n; j += all * NR) {
    const long width = n - j < NR ? n - j : NR, padded = (width + LANES - 1) / LANES * LANES;
    uint32_t *panel = (uint32_t *)packed + j * pairs;
    for (long q = 0; q < padded; ++q) {
      const float *column = w + (j + q) * by_column;
      for (long p = 0; p < pairs; ++p) {
        const uint32_t low = q < width ? rounded(column[2 * p * by_row]) : 0;
        const uint32_t high = q < width && 2 * p + 1 < k ? rounded(column[(2 * p + 1) * by_row]) : 0;
        panel[p * padded + q] = low | high << 16;
      }
    }
  }
}

/* A row of k numbers, rounded, in pairs; the last one filled up with 0. */
static void round_row(long k, const float *x, uint32_t *pairs) {
  uint16_t *to = (uint16_t *)pairs;
  long p = 0;
  for (; p + LANES <= k; p += LANES) {
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_loadu_ps(x + p));
    memcpy(to + p, &half, sizeof half);
  }
  for (; p < k; ++p) to[p] = (uint16_t)rounded(x[p]);
  if (k % 2) to[k] = 0;
}

static inline __attribute__((always_inline)) __mmask16 first(long count) { return (__mmask16)((1u << count) - 1); }

/* A tile of r rows and v vectors, the last of which has `last` entries. */
static inline __attribute__((always_inline)) void tile(
    long r, long v, long pairs, const uint32_t *a, const long *rows, const uint32_t *w, const float *from,
    long ldf, long last, float *c, long ldc) {
  __m512 sum[MR][NV];
  _Pragma("GCC unroll 8") for (long i = 0; i < r; ++i)
    _Pragma("GCC unroll 8") for (long q = 0; q < v; ++q)
      sum[i][q] = from ? _mm512_maskz_loadu_ps(first(q < v - 1 ? LANES : last), from + rows[i] * ldf + q * LANES)
                       : _mm512_setzero_ps();
  for (long p = 0; p < pairs; ++p, w += v * LANES)
    _Pragma("GCC unroll 8") for (long i = 0; i < r; ++i) {
      const __m512i x = _mm512_set1_epi32((int)a[i * pairs + p]);
      _Pragma("GCC unroll 8") for (long q = 0; q < v; ++q)
        sum[i][q] = _mm512_dpbf16_ps(sum[i][q], (__m512bh)x, (__m512bh)_mm512_loadu_si512(w + q * LANES));
    }
  _Pragma("GCC unroll 8") for (long i = 0; i < r; ++i)
    _Pragma("GCC unroll 8") for (long q = 0; q < v; ++q)
      _mm512_mask_storeu_ps(c + rows[i] * ldc + q * LANES, first(q < v - 1 ? LANES : last), sum[i][q]);
}

typedef void tile_t(long, const uint32_t *, const long *, const uint32_t *, const float *, long, long, float *, long);
#define TILE(r, v)                                                                                           \
  static void tile_##r##_##v(long pairs, const uint32_t *a, const long *rows, const uint32_t *w,              \
                             const float *from, long ldf, long last, float *c, long ldc) {                   \
    tile(r, v, pairs, a, rows, w, from, ldf, last, c, ldc);                                                  \
  }
#define TILES_OF(v) TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v) TILE(5, v) TILE(6, v)
#define NAMES_OF(v) {tile_1_##v, tile_2_##v, tile_3_##v, tile_4_##v, tile_5_##v, tile_6_##v}
TILES_OF(1) TILES_OF(2) TILES_OF(3) TILES_OF(4)
static tile_t *const TILES[NV][MR] = {NAMES_OF(1), NAMES_OF(2), NAMES_OF(3), NAMES_OF(4)};

/* As `product` of `product.c`. */
void product(long m, long n, long k, const float *a, long lda, const long *rows, const float *packed,
             const float *from, long ldf, float *c, long ldc) {
  const long pairs = (k + 1) / 2;
  uint32_t halves[MANY * pairs];
  for (long block = 0; block < m; block += MANY, rows += MANY) {
    const long count = m - block < MANY ? m - block : MANY;
    for (long i = 0; i < count; ++i) round_row(k, a + rows[i] * lda, halves + i * pairs);
    for (long j = 0; j < n; j += NR) {
      const long width = n - j < NR ? n - j : NR, v = (width + LANES - 1) / LANES;
      const long last = width - (v - 1) * LANES;
      const uint32_t *panel = (const uint32_t *)packed + j * pairs;
      /* as many tiles as needed, all of about the same height */
      for (long i = 0, tiles = (count + MR - 1) / MR; tiles > 0; --tiles) {
        const long r = (count - i + tiles - 1) / tiles;
        TILES[v - 1][r - 1](pairs, halves + i * pairs, rows + i, panel, from ? from + j : from, ldf, last, c + j, ldc);
        i += r;
      }
    }
  }
}
#endif
