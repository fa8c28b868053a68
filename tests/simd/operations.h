/* Every operation of the thin headers, by the shape of its arguments. The wrappers, the comparison
 * with the scalar definition and the list of names all expand these, and a test compares that list
 * with what the headers define: an operation cannot stand in one profile only, or untested.
 *
 * SAME: all bits are defined. NUMBER: floats that are computed, of which any NaN is as good. */

#define ALL_TYPES(X) X(f32) X(f64) X(i32) X(u32) X(i64) X(u64)
#define FLOAT_TYPES(X) X(f32) X(f64)
#define INTEGER_TYPES(X) X(i32) X(u32) X(i64) X(u64)
#define NARROW_TYPES(X) X(i32, i8) X(i32, i16) X(u32, u8) X(u32, u16)

/* X(T, name, comparison): T from T. */
#define FLOAT_UNARY(X, T)                                                                          \
    X(T, sqrt, NUMBER)                                                                             \
    X(T, exp, NUMBER)                                                                              \
    X(T, floor, NUMBER)                                                                            \
    X(T, ceil, NUMBER)                                                                             \
    X(T, trunc, NUMBER)                                                                            \
    X(T, round, NUMBER)                                                                            \
    X(T, sign, NUMBER)                                                                             \
    X(T, abs, SAME)                                                                                \
    X(T, neg, SAME)                                                                                \
    X(T, canon, SAME)
#define UNARY(X)                                                                                   \
    FLOAT_UNARY(X, f32)                                                                            \
    FLOAT_UNARY(X, f64)                                                                            \
    X(i32, not, SAME)                                                                              \
    X(u32, not, SAME)                                                                              \
    X(i64, not, SAME)                                                                              \
    X(u64, not, SAME)                                                                              \
    X(i32, sign, SAME)                                                                             \
    X(u32, sign, SAME)                                                                             \
    X(i64, sign, SAME)                                                                             \
    X(u64, sign, SAME)                                                                             \
    X(i32, neg, SAME)                                                                              \
    X(i64, neg, SAME)                                                                              \
    X(i32, abs, SAME)                                                                              \
    X(i64, abs, SAME)                                                                              \
    X(i32, wrap_i8, SAME)                                                                          \
    X(i32, wrap_i16, SAME)                                                                         \
    X(u32, wrap_u8, SAME)                                                                          \
    X(u32, wrap_u16, SAME)

/* X(T, name, comparison): T from T and T. */
#define FLOAT_BINARY(X, T)                                                                         \
    X(T, add, NUMBER)                                                                              \
    X(T, sub, NUMBER)                                                                              \
    X(T, mul, NUMBER)                                                                              \
    X(T, div, NUMBER)                                                                              \
    X(T, min, SAME)                                                                                \
    X(T, max, SAME)
#define INTEGER_BINARY(X, T)                                                                       \
    X(T, add, SAME)                                                                                \
    X(T, sub, SAME)                                                                                \
    X(T, mul, SAME)                                                                                \
    X(T, div, SAME)                                                                                \
    X(T, rem, SAME)                                                                                \
    X(T, min, SAME)                                                                                \
    X(T, max, SAME)                                                                                \
    X(T, and, SAME)                                                                                \
    X(T, or, SAME)                                                                                 \
    X(T, xor, SAME)
#define BINARY(X)                                                                                  \
    FLOAT_BINARY(X, f32)                                                                           \
    FLOAT_BINARY(X, f64)                                                                           \
    INTEGER_BINARY(X, i32)                                                                         \
    INTEGER_BINARY(X, u32)                                                                         \
    INTEGER_BINARY(X, i64)                                                                         \
    INTEGER_BINARY(X, u64)

/* X(T, name): the second operand is below the width. */
#define SHIFTS(X)                                                                                  \
    X(i32, shl) X(u32, shl) X(i64, shl) X(u64, shl) X(i32, shr) X(u32, shr) X(i64, shr) X(u64, shr)

/* X(T, name): a mask from T and T; a mask from T. */
#define COMPARE_TYPE(X, T) X(T, lt) X(T, le) X(T, eq)
#define COMPARISONS(X)                                                                             \
    COMPARE_TYPE(X, f32)                                                                           \
    COMPARE_TYPE(X, f64)                                                                           \
    COMPARE_TYPE(X, i32)                                                                           \
    COMPARE_TYPE(X, u32)                                                                           \
    COMPARE_TYPE(X, i64)                                                                           \
    COMPARE_TYPE(X, u64)                                                                           \
    X(f32, either_nan)                                                                             \
    X(f64, either_nan)
#define CLASSES(X) X(f32, nan) X(f64, nan)

/* X(R, T, name, comparison): R from T. */
#define CONVERSIONS(X)                                                                             \
    X(f32, f64, from_f64, NUMBER)                                                                  \
    X(f32, i32, from_i32, SAME)                                                                    \
    X(f32, u32, from_u32, SAME)                                                                    \
    X(f32, i64, from_i64, SAME)                                                                    \
    X(f32, u64, from_u64, SAME)                                                                    \
    X(f64, f32, from_f32, NUMBER)                                                                  \
    X(f64, i32, from_i32, SAME)                                                                    \
    X(f64, u32, from_u32, SAME)                                                                    \
    X(f64, i64, from_i64, SAME)                                                                    \
    X(f64, u64, from_u64, SAME)                                                                    \
    X(i32, f32, from_f32, SAME)                                                                    \
    X(i32, f64, from_f64, SAME)                                                                    \
    X(i32, u32, from_u32, SAME)                                                                    \
    X(i32, i64, from_i64, SAME)                                                                    \
    X(i32, u64, from_u64, SAME)                                                                    \
    X(u32, f32, from_f32, SAME)                                                                    \
    X(u32, f64, from_f64, SAME)                                                                    \
    X(u32, i32, from_i32, SAME)                                                                    \
    X(u32, i64, from_i64, SAME)                                                                    \
    X(u32, u64, from_u64, SAME)                                                                    \
    X(i64, f32, from_f32, SAME)                                                                    \
    X(i64, f64, from_f64, SAME)                                                                    \
    X(i64, i32, from_i32, SAME)                                                                    \
    X(i64, u32, from_u32, SAME)                                                                    \
    X(i64, u64, from_u64, SAME)                                                                    \
    X(u64, f32, from_f32, SAME)                                                                    \
    X(u64, f64, from_f64, SAME)                                                                    \
    X(u64, i32, from_i32, SAME)                                                                    \
    X(u64, u32, from_u32, SAME)                                                                    \
    X(u64, i64, from_i64, SAME)                                                                    \
    X(u32, f32, bits_of_f32, SAME)                                                                 \
    X(u64, f64, bits_of_f64, SAME)                                                                 \
    X(f32, u32, of_bits, SAME)                                                                     \
    X(f64, u64, of_bits, SAME)

/* X(T, name, op): all lanes to one value; `op` joins what two registers give. */
#define ACROSS(X)                                                                                  \
    X(i64, i32, sum, add)                                                                          \
    X(i64, i64, sum, add)                                                                          \
    X(u64, u64, sum, add)                                                                          \
    X(i32, i32, least, min)                                                                        \
    X(u32, u32, least, min)                                                                        \
    X(i64, i64, least, min)                                                                        \
    X(u64, u64, least, min)                                                                        \
    X(i32, i32, most, max)                                                                         \
    X(u32, u32, most, max)                                                                         \
    X(i64, i64, most, max)                                                                         \
    X(u64, u64, most, max)

/* X(T, op): the trees. */
#define FOLDS(X) X(f32, add) X(f32, min) X(f32, max) X(f64, add) X(f64, min) X(f64, max)

/* X(name): on masks. */
#define MASK_BINARY(X) X(and) X(or) X(xor) X(andnot)
