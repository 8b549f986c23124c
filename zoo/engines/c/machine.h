/* What machines do not share; it comes before every C file. */
#include <stdint.h>

typedef int64_t i64; /* as torch's whole numbers; a long is shorter on Windows */

#ifdef _OPENMP /* declared here, for some compilers have the library and not its header */
extern int omp_get_thread_num(void), omp_get_num_threads(void);
#else /* a compiler without threads reads over `omp parallel`, and runs one */
static inline int omp_get_thread_num(void) { return 0; }
static inline int omp_get_num_threads(void) { return 1; }
#endif

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

/* A loop whose turns become lines of their own, so that what they compute stays in registers: of `most` turns, the
 * first n. Written with a bound that is no constant, clang would unroll it too late. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif
#define EACH(i, n, most) UNROLL for (i64 i = 0; i < most; ++i) if (i < n)
