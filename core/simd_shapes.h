/* simd_shapes: the forms in which the thin headers write their operations.
 *
 * NGI_FN, the profile's function specifier, is set by each header. `T` and `R` are types without
 * their prefix: f32x16, m16. Operands are called a and b, masks m, results R. */
#ifndef NGI_SIMD_SHAPES_H
#define NGI_SIMD_SHAPES_H

#define NGI_1(R, T, name, value)                                                                   \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a) { return value; }
#define NGI_2(R, T, name, value)                                                                   \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a, ngi_##T b) { return value; }
/* A product, which is rounded before anything else sees it. */
#define NGI_MUL(T, kind, value)                                                                    \
    NGI_FN ngi_##T ngi_##T##_mul(ngi_##T a, ngi_##T b) {                                           \
        ngi_##T product = value;                                                                   \
        NGI_ROUND_NOW(kind, product);                                                              \
        return product;                                                                            \
    }
#define NGI_PICK(T, M, value)                                                                      \
    NGI_FN ngi_##T ngi_##T##_pick(ngi_##M m, ngi_##T a, ngi_##T b) { return value; }
#define NGI_KEEP(T, M, value)                                                                      \
    NGI_FN ngi_##T ngi_##T##_keep(ngi_##M m, ngi_##T a) { return value; }
#define NGI_SET(T, C, value)                                                                       \
    NGI_FN ngi_##T ngi_##T##_set(C v) { return value; }
/* Memory holds values of the C type `C`; `name` is load or load_i8, store or store_i8. */
#define NGI_LOAD(T, name, C, value)                                                                \
    NGI_FN ngi_##T ngi_##T##_##name(const C *p) { return value; }
#define NGI_STORE(T, name, C, statement)                                                           \
    NGI_FN void ngi_##T##_##name(C *p, ngi_##T v) { statement; }
#define NGI_PACK(T, M, name, C, statement)                                                         \
    NGI_FN void ngi_##T##_##name(C *out, ngi_##M m, ngi_##T v) { statement; }
/* All lanes to one value: sum, least, most. */
#define NGI_ACROSS(C, T, name, value)                                                              \
    NGI_FN C ngi_##T##_##name(ngi_##T a) { return value; }

/* 64-bit lanes stand in two registers; `half` is a function of one. */
#define NGI_PAIR_1(R, T, name, half)                                                               \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a) {                                                   \
        const ngi_##R both = {half(a.lo), half(a.hi)};                                             \
        return both;                                                                               \
    }
#define NGI_PAIR_2(R, T, name, half)                                                               \
    NGI_FN ngi_##R ngi_##T##_##name(ngi_##T a, ngi_##T b) {                                        \
        const ngi_##R both = {half(a.lo, b.lo), half(a.hi, b.hi)};                                 \
        return both;                                                                               \
    }
#define NGI_PAIR_MUL(T, kind, half)                                                                \
    NGI_FN ngi_##T ngi_##T##_mul(ngi_##T a, ngi_##T b) {                                           \
        ngi_##T product = {half(a.lo, b.lo), half(a.hi, b.hi)};                                    \
        NGI_ROUND_NOW(kind, product.lo);                                                           \
        NGI_ROUND_NOW(kind, product.hi);                                                           \
        return product;                                                                            \
    }
/* Two registers of 32-bit lanes' worth, from the low and the high lanes of one. */
#define NGI_PAIR_OF(R, T, name, low, high)                                                         \
    NGI_FN ngi_##R ngi_##R##_##name(ngi_##T a) {                                                   \
        const ngi_##R both = {low, high};                                                          \
        return both;                                                                               \
    }

/* Lane by lane, by the scalar definition, where the instruction set has nothing better. */
#define NGI_LANES_1(R, T, W, name)                                                                 \
    NGI_FN ngi_##R##x##W ngi_##T##x##W##_##name(ngi_##T##x##W a) {                                 \
        ngi_##T##x1 x[W];                                                                          \
        ngi_##R##x1 r[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        for (int lane = 0; lane < W; lane++) {                                                     \
            r[lane] = ngi_##T##x1_##name(x[lane]);                                                 \
        }                                                                                          \
        return ngi_##R##x##W##_load(r);                                                            \
    }
#define NGI_LANES_2(R, T, W, name)                                                                 \
    NGI_FN ngi_##R##x##W ngi_##T##x##W##_##name(ngi_##T##x##W a, ngi_##T##x##W b) {                \
        ngi_##T##x1 x[W], y[W];                                                                    \
        ngi_##R##x1 r[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        ngi_##T##x##W##_store(y, b);                                                               \
        for (int lane = 0; lane < W; lane++) {                                                     \
            r[lane] = ngi_##T##x1_##name(x[lane], y[lane]);                                        \
        }                                                                                          \
        return ngi_##R##x##W##_load(r);                                                            \
    }
#define NGI_LANES_FROM(R, T, W)                                                                    \
    NGI_FN ngi_##R##x##W ngi_##R##x##W##_from_##T(ngi_##T##x##W a) {                               \
        ngi_##T##x1 x[W];                                                                          \
        ngi_##R##x1 r[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        for (int lane = 0; lane < W; lane++) {                                                     \
            r[lane] = ngi_##R##x1_from_##T(x[lane]);                                               \
        }                                                                                          \
        return ngi_##R##x##W##_load(r);                                                            \
    }
/* All lanes to one, one after the other. */
#define NGI_LANES_ACROSS(T, W, name, op)                                                           \
    NGI_FN ngi_##T##x1 ngi_##T##x##W##_##name(ngi_##T##x##W a) {                                   \
        ngi_##T##x1 x[W];                                                                          \
        ngi_##T##x##W##_store(x, a);                                                               \
        for (int lane = 1; lane < W; lane++) {                                                     \
            x[0] = ngi_##T##x1_##op(x[0], x[lane]);                                                \
        }                                                                                          \
        return x[0];                                                                               \
    }
#endif
