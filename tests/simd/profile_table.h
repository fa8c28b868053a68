/* Included once for each profile, with P its name, W its lanes and FN what its functions need:
 * makes `table_P`, in which every operation takes blocks of 16 values, so that tables of any two
 * profiles can be compared row by row. Functions take (out, a, b, mask), and use of these what they
 * need. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define JOIN3_(a, b, c) a##b##c
#define JOIN3(a, b, c) JOIN3_(a, b, c)
#define JOIN4_(a, b, c, d) a##b##c##d
#define JOIN4(a, b, c, d) JOIN4_(a, b, c, d)

#define OP(T, name) JOIN4(ngi_##T##x, W, _, name)
#define MASK(name) JOIN3(ngi_m, W, _##name)
#define MASK_TYPE JOIN(ngi_m, W)
#define TYPE(T) JOIN(ngi_##T##x, W)
#define RUN(shape, T, name) JOIN(P, _##shape##_##T##_##name)
#define FUNCTION(shape, T, name)                                                                   \
    FN static void RUN(shape, T, name)(void *out, const void *a, const void *b, uint64_t mask)
#define UNUSED_B_MASK (void)b, (void)mask
#define UNUSED_MASK (void)mask

/* Steps over the 16 values, W at a time. */
#define EACH_STEP for (int i = 0; i < 16; i += W)
#define MASK_OF(bits) MASK(from_bits)((uint32_t)((bits) >> i))
#define X_OF(T, p) OP(T, load)((const ngi_##T##x1 *)p + i)

#define DO_UNARY(T, name, comparison)                                                              \
    FUNCTION(unary, T, name) {                                                                     \
        UNUSED_B_MASK;                                                                             \
        EACH_STEP { OP(T, store)((ngi_##T##x1 *)out + i, OP(T, name)(X_OF(T, a))); }               \
    }
#define DO_BINARY(T, name, comparison)                                                             \
    FUNCTION(binary, T, name) {                                                                    \
        UNUSED_MASK;                                                                               \
        EACH_STEP { OP(T, store)((ngi_##T##x1 *)out + i, OP(T, name)(X_OF(T, a), X_OF(T, b))); }   \
    }
#define DO_SHIFT(T, name)                                                                          \
    FUNCTION(shift, T, name) {                                                                     \
        UNUSED_MASK;                                                                               \
        EACH_STEP {                                                                                \
            const TYPE(T) by = OP(T, and)(X_OF(T, b), OP(T, set)(8 * sizeof(ngi_##T##x1) - 1));    \
            OP(T, store)((ngi_##T##x1 *)out + i, OP(T, name)(X_OF(T, a), by));                     \
        }                                                                                          \
    }
#define DO_COMPARE(T, name)                                                                        \
    FUNCTION(compare, T, name) {                                                                   \
        UNUSED_MASK;                                                                               \
        uint32_t bits = 0;                                                                         \
        EACH_STEP { bits |= MASK(bits)(OP(T, name)(X_OF(T, a), X_OF(T, b))) << i; }                \
        *(uint32_t *)out = bits;                                                                   \
    }
#define DO_CLASS(T, name)                                                                          \
    FUNCTION(class, T, name) {                                                                     \
        UNUSED_B_MASK;                                                                             \
        uint32_t bits = 0;                                                                         \
        EACH_STEP { bits |= MASK(bits)(OP(T, name)(X_OF(T, a))) << i; }                            \
        *(uint32_t *)out = bits;                                                                   \
    }
#define DO_CONVERT(R, T, name, comparison)                                                         \
    FUNCTION(convert_##R, T, name) {                                                               \
        UNUSED_B_MASK;                                                                             \
        EACH_STEP { OP(R, store)((ngi_##R##x1 *)out + i, OP(R, name)(X_OF(T, a))); }               \
    }
#define DO_ACROSS(R, T, name, op)                                                                  \
    FUNCTION(across, T, name) {                                                                    \
        UNUSED_B_MASK;                                                                             \
        ngi_##R##x1 all = OP(T, name)(OP(T, load)((const ngi_##T##x1 *)a));                        \
        for (int i = W; i < 16; i += W) {                                                          \
            all = ngi_##R##x1_##op(all, OP(T, name)(X_OF(T, a)));                                  \
        }                                                                                          \
        *(ngi_##R##x1 *)out = all;                                                                 \
    }
#define DO_FOLD(T, op)                                                                             \
    FUNCTION(fold, T, op) {                                                                        \
        UNUSED_B_MASK;                                                                             \
        *(ngi_##T##x1 *)out = OP(T, fold_##op)((const ngi_##T##x1 *)a);                            \
    }                                                                                              \
    FUNCTION(fold_rows, T, op) {                                                                   \
        UNUSED_B_MASK;                                                                             \
        OP(T, fold_rows_##op)((ngi_##T##x1 *)out, (const ngi_##T##x1 *)a);                         \
    }
/* Memory is addressed one byte off, as no alignment is promised; arrays are no larger than they
 * must be, so that a sanitizer sees every byte too far. */
#define DO_MEMORY(T)                                                                               \
    FUNCTION(set, T, ) {                                                                           \
        UNUSED_B_MASK;                                                                             \
        EACH_STEP { OP(T, store)((ngi_##T##x1 *)out + i, OP(T, set)(*(const ngi_##T##x1 *)a)); }   \
    }                                                                                              \
    FUNCTION(move, T, ) {                                                                          \
        UNUSED_B_MASK;                                                                             \
        EACH_STEP {                                                                                \
            char from[1 + W * sizeof(ngi_##T##x1)], to[1 + W * sizeof(ngi_##T##x1)];               \
            __builtin_memcpy(from + 1, (const ngi_##T##x1 *)a + i, sizeof from - 1);               \
            OP(T, store)((ngi_##T##x1 *)(void *)(to + 1),                                          \
                         OP(T, load)((const ngi_##T##x1 *)(const void *)(from + 1)));              \
            __builtin_memcpy((ngi_##T##x1 *)out + i, to + 1, sizeof to - 1);                       \
        }                                                                                          \
    }                                                                                              \
    FUNCTION(pick, T, ) {                                                                          \
        EACH_STEP {                                                                                \
            OP(T, store)                                                                           \
            ((ngi_##T##x1 *)out + i, OP(T, pick)(MASK_OF(mask), X_OF(T, a), X_OF(T, b)));          \
        }                                                                                          \
    }                                                                                              \
    FUNCTION(keep, T, ) {                                                                          \
        (void)b;                                                                                   \
        EACH_STEP {                                                                                \
            OP(T, store)((ngi_##T##x1 *)out + i, OP(T, keep)(MASK_OF(mask), X_OF(T, a)));          \
        }                                                                                          \
    }                                                                                              \
    FUNCTION(pack, T, ) {                                                                          \
        ngi_##T##x1 *to = (ngi_##T##x1 *)out;                                                      \
        (void)b;                                                                                   \
        EACH_STEP {                                                                                \
            ngi_##T##x1 packed[W];                                                                 \
            const MASK_TYPE m = MASK_OF(mask);                                                     \
            OP(T, pack)(packed, m, X_OF(T, a));                                                    \
            for (uint32_t lane = 0; lane < MASK(count)(m); lane++) {                               \
                *to++ = packed[lane];                                                              \
            }                                                                                      \
        }                                                                                          \
    }
#define DO_NARROW(T, N)                                                                            \
    FUNCTION(load, T, N) {                                                                         \
        UNUSED_B_MASK;                                                                             \
        EACH_STEP {                                                                                \
            N##_value from[W];                                                                     \
            __builtin_memcpy(from, (const N##_value *)a + i, sizeof from);                         \
            OP(T, store)((ngi_##T##x1 *)out + i, OP(T, load_##N)(from));                           \
        }                                                                                          \
    }                                                                                              \
    FUNCTION(store, T, N) {                                                                        \
        UNUSED_B_MASK;                                                                             \
        EACH_STEP {                                                                                \
            N##_value to[W];                                                                       \
            OP(T, store_##N)(to, X_OF(T, a));                                                      \
            __builtin_memcpy((N##_value *)out + i, to, sizeof to);                                 \
        }                                                                                          \
    }                                                                                              \
    FUNCTION(pack, T, N) {                                                                         \
        N##_value *to = (N##_value *)out;                                                          \
        (void)b;                                                                                   \
        EACH_STEP {                                                                                \
            N##_value packed[W];                                                                   \
            const MASK_TYPE m = MASK_OF(mask);                                                     \
            OP(T, pack_##N)(packed, m, X_OF(T, a));                                                \
            for (uint32_t lane = 0; lane < MASK(count)(m); lane++) {                               \
                *to++ = packed[lane];                                                              \
            }                                                                                      \
        }                                                                                          \
    }
#define DO_MASK_BINARY(name)                                                                       \
    FUNCTION(mask, m, name) {                                                                      \
        uint32_t bits = 0;                                                                         \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        EACH_STEP { bits |= MASK(bits)(MASK(name)(MASK_OF(mask), MASK_OF(mask >> 16))) << i; }     \
        *(uint32_t *)out = bits;                                                                   \
    }

UNARY(DO_UNARY)
BINARY(DO_BINARY)
SHIFTS(DO_SHIFT)
COMPARISONS(DO_COMPARE)
CLASSES(DO_CLASS)
CONVERSIONS(DO_CONVERT)
ACROSS(DO_ACROSS)
FOLDS(DO_FOLD)
ALL_TYPES(DO_MEMORY)
NARROW_TYPES(DO_NARROW)
MASK_BINARY(DO_MASK_BINARY)

FUNCTION(mask, m, not) {
    uint32_t bits = 0;
    (void)a;
    (void)b;
    EACH_STEP { bits |= MASK(bits)(MASK(not)(MASK_OF(mask))) << i; }
    *(uint32_t *)out = bits;
}
FUNCTION(mask, m, first) {
    uint32_t bits = 0;
    const size_t n = (size_t)mask; /* any number: more than 16 is all */
    (void)a;
    (void)b;
    EACH_STEP { bits |= MASK(bits)(MASK(first)(n > (size_t)i ? n - (size_t)i : 0)) << i; }
    *(uint32_t *)out = bits;
}
/* What a mask says of itself: set, any, all, count, bits. */
FUNCTION(mask, m, tells) {
    uint32_t any = 0, all = 1, count = 0, bits = 0;
    (void)a;
    (void)b;
    EACH_STEP {
        const MASK_TYPE m = MASK_OF(mask);
        any |= MASK(any)(m);
        all &= MASK(all)(m);
        count += MASK(count)(m);
        bits |= MASK(bits)(m) << i;
    }
    const uint32_t some = MASK(bits)(MASK(set)((mask & 1) != 0)) & 1;
    const uint32_t each = MASK(all)(MASK(set)((mask & 1) != 0));
    *(uint32_t *)out = bits | any << 16 | all << 17 | some << 18 | each << 19 | count << 20;
}
FUNCTION(count, i32, ) {
    (void)b;
    EACH_STEP { OP(i32, store)((int32_t *)out + i, OP(i32, count)(X_OF(i32, a), MASK_OF(mask))); }
}
FUNCTION(bits_pack, u64, ) {
    UNUSED_MASK;
    *(uint64_t *)out = JOIN3(ngi_, P, _bits_pack)(*(const uint64_t *)a, *(const uint64_t *)b);
}

#define ROW_UNARY(T, name, comparison)                                                             \
    {#T "_" #name, T##_lane, 16, T##_lane, 16, comparison, RUN(unary, T, name)},
#define ROW_BINARY(T, name, comparison)                                                            \
    {#T "_" #name, T##_lane, 16, T##_lane, 16, comparison, RUN(binary, T, name)},
#define ROW_SHIFT(T, name) {#T "_" #name, T##_lane, 16, T##_lane, 16, SAME, RUN(shift, T, name)},
#define ROW_COMPARE(T, name) {#T "_" #name, T##_lane, 16, u32_lane, 1, SAME, RUN(compare, T, name)},
#define ROW_CLASS(T, name) {#T "_" #name, T##_lane, 16, u32_lane, 1, SAME, RUN(class, T, name)},
#define ROW_CONVERT(R, T, name, comparison)                                                        \
    {#R "_" #name, T##_lane, 16, R##_lane, 16, comparison, RUN(convert_##R, T, name)},
#define ROW_ACROSS(R, T, name, op)                                                                 \
    {#T "_" #name, T##_lane, 16, R##_lane, 1, SAME, RUN(across, T, name)},
#define ROW_FOLD(T, op)                                                                            \
    {#T "_fold_" #op, T##_lane, 128, T##_lane, 1, NUMBER, RUN(fold, T, op)},                       \
        {#T "_fold_rows_" #op, T##_lane, 256, T##_lane, 16, NUMBER, RUN(fold_rows, T, op)},
#define ROW_MEMORY(T)                                                                              \
    {#T "_set", T##_lane, 1, T##_lane, 16, SAME, RUN(set, T, )},                                   \
        {#T "_load " #T "_store", T##_lane, 16, T##_lane, 16, SAME, RUN(move, T, )},               \
        {#T "_pick", T##_lane, 16, T##_lane, 16, SAME, RUN(pick, T, )},                            \
        {#T "_keep", T##_lane, 16, T##_lane, 16, SAME, RUN(keep, T, )},                            \
        {#T "_pack", T##_lane, 16, T##_lane, 16, SAME, RUN(pack, T, )},
#define ROW_NARROW(T, N)                                                                           \
    {#T "_load_" #N, N##_lane, 16, T##_lane, 16, SAME, RUN(load, T, N)},                           \
        {#T "_store_" #N, T##_lane, 16, N##_lane, 16, SAME, RUN(store, T, N)},                     \
        {#T "_pack_" #N, T##_lane, 16, N##_lane, 16, SAME, RUN(pack, T, N)},
#define ROW_MASK_BINARY(name) {"m_" #name, u32_lane, 1, u32_lane, 1, SAME, RUN(mask, m, name)},

static const operation JOIN(table_, P)[] = {
    UNARY(ROW_UNARY) BINARY(ROW_BINARY) SHIFTS(ROW_SHIFT) COMPARISONS(ROW_COMPARE)
        CLASSES(ROW_CLASS) CONVERSIONS(ROW_CONVERT) ACROSS(ROW_ACROSS) FOLDS(ROW_FOLD)
            ALL_TYPES(ROW_MEMORY) NARROW_TYPES(ROW_NARROW) MASK_BINARY(ROW_MASK_BINARY) //
    {"m_not", u32_lane, 1, u32_lane, 1, SAME, RUN(mask, m, not)},
    {"m_first", u32_lane, 1, u32_lane, 1, SAME, RUN(mask, m, first)},
    {"m_set m_from_bits m_bits m_any m_all m_count", u32_lane, 1, u32_lane, 1, SAME,
     RUN(mask, m, tells)},
    {"i32_count", i32_lane, 16, i32_lane, 16, SAME, RUN(count, i32, )},
    {"bits_pack", u64_lane, 1, u64_lane, 1, SAME, RUN(bits_pack, u64, )},
};

#undef P
#undef W
#undef FN
