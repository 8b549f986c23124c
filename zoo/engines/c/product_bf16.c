/* The products of `product.c` with both factors rounded to bfloat16, two terms of a sum at a time, added up in
 * float: the instruction VDPBF16PS of AVX-512. On other processors this file is empty.
 *
 * A word of a packed weight holds two terms of one column. Rows are rounded in blocks that stay in the cache.
 */
#if defined(__AVX512BF16__)
#include <immintrin.h>
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
EXPORT void pack(i64 n, i64 k, const float *w, i64 by_column, i64 by_row, float *packed, i64 me, i64 all) {
  const i64 pairs = (k + 1) / 2;
  for (i64 j = me * NR; j < n; j += all * NR) {
    const i64 width = n - j < NR ? n - j : NR, padded = (width + LANES - 1) / LANES * LANES;
    uint32_t *panel = (uint32_t *)packed + j * pairs;
    for (i64 q = 0; q < padded; ++q) {
      const float *column = w + (j + q) * by_column;
      for (i64 p = 0; p < pairs; ++p) {
        const uint32_t low = q < width ? rounded(column[2 * p * by_row]) : 0;
        const uint32_t high = q < width && 2 * p + 1 < k ? rounded(column[(2 * p + 1) * by_row]) : 0;
        panel[p * padded + q] = low | high << 16;
      }
    }
  }
}

/* A row of k numbers, rounded, in pairs; the last one filled up with 0. */
static void round_row(i64 k, const float *x, uint32_t *pairs) {
  uint16_t *to = (uint16_t *)pairs;
  i64 p = 0;
  for (; p + LANES <= k; p += LANES) {
    const __m256bh half = _mm512_cvtneps_pbh(_mm512_loadu_ps(x + p));
    memcpy(to + p, &half, sizeof half);
  }
  for (; p < k; ++p) to[p] = (uint16_t)rounded(x[p]);
  if (k % 2) to[k] = 0;
}

static inline __attribute__((always_inline)) __mmask16 first(i64 count) { return (__mmask16)((1u << count) - 1); }

/* A tile of r rows and v vectors, the last of which has `last` entries. */
static inline __attribute__((always_inline)) void tile(
    i64 r, i64 v, i64 pairs, const uint32_t *a, const i64 *rows, const uint32_t *w, const float *from,
    i64 ldf, i64 last, float *c, i64 ldc) {
  __m512 sum[MR][NV];
  EACH(i, r, MR)
    EACH(q, v, NV)
      sum[i][q] = from ? _mm512_maskz_loadu_ps(first(q < v - 1 ? LANES : last), from + rows[i] * ldf + q * LANES)
                       : _mm512_setzero_ps();
  for (i64 p = 0; p < pairs; ++p, w += v * LANES)
    EACH(i, r, MR) {
      const __m512i x = _mm512_set1_epi32((int)a[i * pairs + p]);
      EACH(q, v, NV)
        sum[i][q] = _mm512_dpbf16_ps(sum[i][q], (__m512bh)x, (__m512bh)_mm512_loadu_si512(w + q * LANES));
    }
  EACH(i, r, MR)
    EACH(q, v, NV)
      _mm512_mask_storeu_ps(c + rows[i] * ldc + q * LANES, first(q < v - 1 ? LANES : last), sum[i][q]);
}

typedef void tile_t(i64, const uint32_t *, const i64 *, const uint32_t *, const float *, i64, i64, float *, i64);
#define TILE(r, v)                                                                                          \
  static void tile_##r##_##v(i64 pairs, const uint32_t *a, const i64 *rows, const uint32_t *w,              \
                             const float *from, i64 ldf, i64 last, float *c, i64 ldc) {                     \
    tile(r, v, pairs, a, rows, w, from, ldf, last, c, ldc);                                                 \
  }
#define TILES_OF(v) TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v) TILE(5, v) TILE(6, v)
#define NAMES_OF(v) {tile_1_##v, tile_2_##v, tile_3_##v, tile_4_##v, tile_5_##v, tile_6_##v}
TILES_OF(1) TILES_OF(2) TILES_OF(3) TILES_OF(4)
static tile_t *const TILES[NV][MR] = {NAMES_OF(1), NAMES_OF(2), NAMES_OF(3), NAMES_OF(4)};

/* As `product` of `product.c`. */
EXPORT void product(i64 m, i64 n, i64 k, const float *a, i64 lda, const i64 *rows, const float *packed,
             const float *from, i64 ldf, float *c, i64 ldc) {
  const i64 pairs = (k + 1) / 2;
  uint32_t halves[MANY * pairs];
  for (i64 block = 0; block < m; block += MANY, rows += MANY) {
    const i64 count = m - block < MANY ? m - block : MANY;
    for (i64 i = 0; i < count; ++i) round_row(k, a + rows[i] * lda, halves + i * pairs);
    for (i64 j = 0; j < n; j += NR) {
      const i64 width = n - j < NR ? n - j : NR, v = (width + LANES - 1) / LANES;
      const i64 last = width - (v - 1) * LANES;
      const uint32_t *panel = (const uint32_t *)packed + j * pairs;
      /* as many tiles as needed, all of about the same height */
      for (i64 i = 0, tiles = (count + MR - 1) / MR; tiles > 0; --tiles) {
        const i64 r = (count - i + tiles - 1) / tiles;
        TILES[v - 1][r - 1](pairs, halves + i * pairs, rows + i, panel, from ? from + j : from, ldf, last, c + j, ldc);
        i += r;
      }
    }
  }
}
#endif
