/* Products of some rows with one weight: c (m, n) = a (m, k) w (k, n), added to c itself or to a bias.
 *
 * The weight is packed once, into panels as wide as a tile, in the order in which a tile reads it. A tile of
 * results stays in registers while all k terms are added: up to MR rows of NV vectors. This is the inner kernel
 * of Goto and van de Geijn, 2008, https://doi.org/10.1145/1356052.1356053; as a, c and a panel fit in the
 * second cache, nothing more is blocked. Sums run over k in order, so that a row does not depend on the others.
 *
 * `real` is float or double.
 */
#include <string.h>

#if defined(__AVX512F__)
#define VECTOR 64
#define NV 4
#elif defined(__AVX__)
#define VECTOR 32
#define NV 2
#elif defined(__aarch64__)
#define VECTOR 16
#define NV 4
#else
#define VECTOR 16
#define NV 2
#endif
#define MR 6
#define LANES (VECTOR / (i64)sizeof(real))
#define NR (NV * LANES)
#define BLOCK 16
#define MANY 96
#define TERMS 128
#define FAR 384 /* rows so far apart fall into few sets of the first cache */

typedef real vec __attribute__((vector_size(VECTOR), aligned(sizeof(real)), may_alias));

/* The part of w (n, k) that this thread packs: entry (j, p) lies at w[j * by_column + p * by_row]. */
EXPORT void pack(i64 n, i64 k, const real *w, i64 by_column, i64 by_row, real *packed, i64 me, i64 all) {
  for (i64 j = me * NR; j < n; j += all * NR) {
    const i64 width = n - j < NR ? n - j : NR, padded = (width + LANES - 1) / LANES * LANES;
    real *panel = packed + j * k;
    for (i64 from = 0; from < k; from += BLOCK) { /* a cache line of w at a time, whichever way it lies */
      const i64 to = from + BLOCK < k ? from + BLOCK : k;
      for (i64 q = 0; q < padded; ++q)
        for (i64 p = from; p < to; ++p)
          panel[p * padded + q] = q < width ? w[(j + q) * by_column + p * by_row] : 0;
    }
  }
}

/* One vector of a row, of which `count` entries are there. */
static inline __attribute__((always_inline)) vec load(const real *at, i64 count) {
  vec x = {0};
  if (count == LANES) return *(const vec *)at;
  memcpy(&x, at, count * sizeof(real));
  return x;
}

static inline __attribute__((always_inline)) void store(vec x, real *at, i64 count) {
  if (count == LANES) *(vec *)at = x;
  else memcpy(at, &x, count * sizeof(real));
}

/* A tile of r rows and v vectors, the last of which has `last` entries. */
static inline __attribute__((always_inline)) void tile(
    i64 r, i64 v, i64 k, const real *a, i64 lda, const i64 *rows, const real *w, const real *from,
    i64 ldf, i64 last, real *c, i64 ldc) {
  vec sum[MR][NV];
  const real *x[MR];
  EACH(i, r, MR) {
    x[i] = a + rows[i] * lda;
    EACH(q, v, NV)
      sum[i][q] = from ? load(from + rows[i] * ldf + q * LANES, q < v - 1 ? LANES : last) : (vec){0};
  }
  for (i64 p = 0; p < k; ++p, w += v * LANES)
    EACH(i, r, MR)
      EACH(q, v, NV)
        sum[i][q] += x[i][p] * *(const vec *)(w + q * LANES);
  EACH(i, r, MR)
    EACH(q, v, NV)
      store(sum[i][q], c + rows[i] * ldc + q * LANES, q < v - 1 ? LANES : last);
}

typedef void tile_t(i64, const real *, i64, const i64 *, const real *, const real *, i64, i64, real *, i64);
#define TILE(r, v)                                                                                          \
  static void tile_##r##_##v(i64 k, const real *a, i64 lda, const i64 *rows, const real *w,                 \
                             const real *from, i64 ldf, i64 last, real *c, i64 ldc) {                       \
    tile(r, v, k, a, lda, rows, w, from, ldf, last, c, ldc);                                                \
  }
#define TILES_OF(v) TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v) TILE(5, v) TILE(6, v)
#define NAMES_OF(v) {tile_1_##v, tile_2_##v, tile_3_##v, tile_4_##v, tile_5_##v, tile_6_##v}
#if NV == 4
TILES_OF(1) TILES_OF(2) TILES_OF(3) TILES_OF(4)
static tile_t *const TILES[NV][MR] = {NAMES_OF(1), NAMES_OF(2), NAMES_OF(3), NAMES_OF(4)};
#else
TILES_OF(1) TILES_OF(2)
static tile_t *const TILES[NV][MR] = {NAMES_OF(1), NAMES_OF(2)};
#endif

/* The product for the m rows whose numbers are given. It begins from `from`: c where it is added, a bias, whose
 * rows are 0 apart, or nothing. Rows of a and c are lda and ldc apart. */
EXPORT void product(i64 m, i64 n, i64 k, const real *a, i64 lda, const i64 *rows, const real *packed,
             const real *from, i64 ldf, real *c, i64 ldc) {
  for (i64 j = 0; j < n; j += NR) {
    const i64 width = n - j < NR ? n - j : NR, v = (width + LANES - 1) / LANES, last = width - (v - 1) * LANES;
    const real *start = from ? from + j : from;
    /* as many tiles as needed, all of about the same height */
    for (i64 i = 0, tiles = (m + MR - 1) / MR; tiles > 0; --tiles) {
      const i64 r = (m - i + tiles - 1) / tiles;
      TILES[v - 1][r - 1](k, a, lda, rows + i, packed + j * k, start, ldf, last, c + j, ldc);
      i += r;
    }
  }
}

/* The product for many rows, all m where none are given, in blocks that stay in the cache; in threads. */
EXPORT void products(i64 m, i64 n, i64 k, const real *a, const i64 *rows, const real *w, i64 by_column, i64 by_row,
              real *packed, real *c, i64 threads) {
  #pragma omp parallel num_threads(threads)
  {
    const i64 me = omp_get_thread_num(), all = omp_get_num_threads();
    pack(n, k, w, by_column, by_row, packed, me, all);
    #pragma omp barrier
    const i64 end = m * (me + 1) / all;
    for (i64 first = m * me / all; first < end; first += MANY) {
      i64 numbers[MANY];
      const i64 count = end - first < MANY ? end - first : MANY;
      for (i64 i = 0; i < count; ++i) numbers[i] = rows ? rows[first + i] : first + i;
      product(count, n, k, a, k, numbers, packed, 0, 0, c, n);
    }
  }
}

/* A tile of the sum of outer products over some rows, added to c or put there. */
static inline __attribute__((always_inline)) void outer_tile(
    i64 r, i64 v, i64 count, const real *a, i64 lda, const i64 *rows, const real *w, int adds, i64 last,
    real *c, i64 ldc) {
  vec sum[MR][NV] = {0};
  for (i64 p = 0; p < count; ++p, w += v * LANES) {
    const real *x = a + rows[p] * lda;
    EACH(i, r, MR)
      EACH(q, v, NV) sum[i][q] += x[i] * *(const vec *)(w + q * LANES);
  }
  EACH(i, r, MR)
    EACH(q, v, NV) {
      real *at = c + i * ldc + q * LANES;
      const i64 there = q < v - 1 ? LANES : last;
      if (adds) sum[i][q] += load(at, there);
      store(sum[i][q], at, there);
    }
}

typedef void outer_t(i64, const real *, i64, const i64 *, const real *, int, i64, real *, i64);
#define OUTER(r, v)                                                                                         \
  static void outer_##r##_##v(i64 count, const real *a, i64 lda, const i64 *rows, const real *w,            \
                              int adds, i64 last, real *c, i64 ldc) {                                       \
    outer_tile(r, v, count, a, lda, rows, w, adds, last, c, ldc);                                           \
  }
#define OUTERS_OF(v) OUTER(1, v) OUTER(2, v) OUTER(3, v) OUTER(4, v) OUTER(5, v) OUTER(6, v)
#define OUTER_NAMES_OF(v) {outer_1_##v, outer_2_##v, outer_3_##v, outer_4_##v, outer_5_##v, outer_6_##v}
#if NV == 4
OUTERS_OF(1) OUTERS_OF(2) OUTERS_OF(3) OUTERS_OF(4)
static outer_t *const OUTERS[NV][MR] = {OUTER_NAMES_OF(1), OUTER_NAMES_OF(2), OUTER_NAMES_OF(3), OUTER_NAMES_OF(4)};
#else
OUTERS_OF(1) OUTERS_OF(2)
static outer_t *const OUTERS[NV][MR] = {OUTER_NAMES_OF(1), OUTER_NAMES_OF(2)};
#endif

/* Columns of some rows of a, MR side by side, as a tile reads them. */
static void pack_columns(i64 count, i64 columns, const real *a, i64 lda, const i64 *rows, real *packed) {
  for (i64 p = 0; p < count; ++p) {
    const real *x = a + rows[p] * lda;
    real *to = packed + p * MR;
    i64 i = 0;
    /* a power of two at once: what is too much is written over by the next row, or lies behind the last one */
    for (; i + 8 <= columns; i += MR, to += count * MR) memcpy(to, x + i, 8 * sizeof(real));
    for (; i < columns; i += MR, to += count * MR)
      memcpy(to, x + i, (columns - i < MR ? columns - i : MR) * sizeof(real));
  }
}

/* c (n, k) = the sum of a(row)^T b(row) over many rows, all m where none are given; each thread takes rows of c.
 * Sums of TERMS rows are added up, so that rounding grows with their number and not with that of all rows. */
EXPORT void outer(i64 m, i64 n, i64 k, const real *a, i64 lda, const real *b, i64 ldb, const i64 *rows,
           real *packed, real *c, i64 threads) {
  #pragma omp parallel num_threads(threads)
  {
    const i64 me = omp_get_thread_num(), all = omp_get_num_threads();
    const i64 top = n * me / all, end = n * (me + 1) / all;
    real *panel = packed + me * TERMS * (NR + n / all + 3 * MR), *tiles = panel + TERMS * NR;
    i64 places[TERMS];
    for (i64 p = 0; p < TERMS; ++p) places[p] = p;
    for (i64 first = 0; first < m; first += TERMS) {
      i64 numbers[TERMS];
      const i64 count = m - first < TERMS ? m - first : TERMS;
      for (i64 p = 0; p < count; ++p) numbers[p] = rows ? rows[first + p] : first + p;
      const int far = lda >= FAR;
      if (far) pack_columns(count, end - top, a + top, lda, numbers, tiles);
      for (i64 j = 0; j < k; j += NR) {
        const i64 width = k - j < NR ? k - j : NR, v = (width + LANES - 1) / LANES, last = width - (v - 1) * LANES;
        for (i64 p = 0; p < count; ++p)
          for (i64 q = 0; q < v; ++q)
            *(vec *)(panel + (p * v + q) * LANES) = load(b + numbers[p] * ldb + j + q * LANES, q < v - 1 ? LANES : last);
        for (i64 i = top, r; i < end; i += r) {
          r = end - i < MR ? end - i : MR;
          const real *from = far ? tiles + (i - top) * count : a + i;
          OUTERS[v - 1][r - 1](count, from, far ? MR : lda, far ? places : numbers, panel, first > 0, last,
                               c + i * k + j, k);
        }
      }
    }
  }
}
