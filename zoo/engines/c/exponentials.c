/* exp, expm1, sigmoid and tanh such that loops that call them become vectors, on any processor and with any C library.
 *
 * exp x = 2^n exp r with n whole and |r| <= ln(2) / 2, where Taylor's polynomial of exp r - 1 is exact to half a unit
 * of the last place; of sigmoid and tanh the error is at most three such units. What is not a number stays so: it passes
 * every comparison below, and its polynomial is not a number either, whatever n came out.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* The number whose bits are (n + bias) << mantissa: 2^n, for n from -126 or -1022 on; 2^128 and 2^1024 are infinite. */
INLINE float power_float(int32_t n) {
  const int32_t bits = (int32_t)((uint32_t)(n + 127) << 23);
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

INLINE double power_double(int64_t n) {
  const int64_t bits = (int64_t)((uint64_t)(n + 1023) << 52);
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

INLINE float taylor_float(float r) {
  float p = 1.f / 5040;
  p = p * r + 1.f / 720;
  p = p * r + 1.f / 120;
  p = p * r + 1.f / 24;
  p = p * r + 1.f / 6;
  p = p * r + 1.f / 2;
  return p * r * r + r;
}

INLINE double taylor_double(double r) {
  double p = 1. / 6227020800;
  p = p * r + 1. / 479001600;
  p = p * r + 1. / 39916800;
  p = p * r + 1. / 3628800;
  p = p * r + 1. / 362880;
  p = p * r + 1. / 40320;
  p = p * r + 1. / 5040;
  p = p * r + 1. / 720;
  p = p * r + 1. / 120;
  p = p * r + 1. / 24;
  p = p * r + 1. / 6;
  p = p * r + 1. / 2;
  return p * r * r + r;
}

/* WHOLE is so large that adding it rounds to a whole number; ln 2 = HIGH + LOW, and n HIGH is exact. */
#define EXPONENTIALS(real, whole, f, LEAST, MOST, WHOLE, HIGH, LOW, SATURATED)                              \
  /* the whole number n that stands in the last bits of z = n + WHOLE */                                    \
  INLINE whole whole_##real(real z) {                                                                       \
    const real zero = WHOLE;                                                                                \
    u##whole n, from;                                                                                       \
    memcpy(&n, &z, sizeof z);                                                                               \
    memcpy(&from, &zero, sizeof zero);                                                                      \
    return (whole)(n - from);                                                                               \
  }                                                                                                         \
  INLINE real own_exp_##real(real x) {                                                                      \
    x = x > MOST ? MOST : x;                                                                                \
    x = x < LEAST ? LEAST : x;                                                                              \
    const real z = x * (real)1.4426950408889634 + WHOLE, n = z - WHOLE;                                     \
    const real e = taylor_##real((x - n * HIGH) - n * LOW) + 1;                                             \
    /* two factors, for 2^n may be beyond the range where the result is within it */                        \
    const whole i = whole_##real(z), half = i / 2;                                                          \
    return e * power_##real(half) * power_##real(i - half);                                                 \
  }                                                                                                         \
  INLINE real own_expm1_##real(real x) {                                                                    \
    const real y = x > MOST ? MOST : x < -SATURATED * 2 ? -SATURATED * 2 : x;                               \
    const real z = y * (real)1.4426950408889634 + WHOLE, n = z - WHOLE;                                     \
    const real e = taylor_##real((y - n * HIGH) - n * LOW);                                                 \
    const whole i = whole_##real(z), half = i / 2;                                                          \
    const real a = power_##real(half), b = power_##real(i - half);                                          \
    /* where 2^n is beyond the range the result may be within it, and 1 is nothing beside it */             \
    return y > MOST - 2 ? (e + 1) * a * b : e * a * b + (a * b - 1);                                        \
  }                                                                                                         \
  INLINE real own_sigmoid_##real(real x) {                                                                  \
    /* one factor is enough: where it is infinite the quotient is 0, and where exp -x is cut off it is 1 */ \
    const real low = x > MOST - 2 ? 2 - MOST : -x, y = low > MOST ? MOST : low;                             \
    const real z = y * (real)1.4426950408889634 + WHOLE, n = z - WHOLE;                                     \
    return 1 / (power_##real(whole_##real(z)) * (taylor_##real((y - n * HIGH) - n * LOW) + 1) + 1);         \
  }                                                                                                         \
  INLINE real own_tanh_##real(real x) {                                                                     \
    const real size = __builtin_fabs##f(x), y = 2 * (size > SATURATED ? SATURATED : size);                  \
    const real z = y * (real)1.4426950408889634 + WHOLE, n = z - WHOLE, s = power_##real(whole_##real(z));  \
    const real e = s * taylor_##real((y - n * HIGH) - n * LOW) + (s - 1);                                   \
    return __builtin_copysign##f(e / (e + 2), x);                                                           \
  }
EXPONENTIALS(float, int32_t, f, -104.f, 89.f, 12582912.f, 0.693359375f, -2.12194440e-4f, 10.f)
EXPONENTIALS(double, int64_t, , -746., 710., 6755399441055744., 6.93147180369123816490e-01,
             1.90821492927058770002e-10, 20.)
