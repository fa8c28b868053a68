/* handmade: one operator written by hand, to prove that `drive` passes what is right and catches
 * what is wrong. For rows with x > 0 it gives the running total, a quotient, the row's text and
 * flags. DEFECT plants one mistake; each is a way in which a kernel could really be wrong. */
#ifndef HANDMADE_H
#define HANDMADE_H

#include "nagare.h"

#ifndef DEFECT
#define DEFECT 0
#endif

enum handmade_defect {
    SOUND,
    READS_A_ROW_BEHIND,
    READS_A_BIT_BYTE_BEHIND,
    WRITES_A_ROW_BEHIND,
    WRITES_TOO_MUCH_TEXT,
    CLOBBERS_EARLIER_BITS,
    WRITES_TO_THE_INPUT,
    CLAIMS_ALL_CONSUMED,
    CLAIMS_TOO_MUCH_PRODUCED,
    STOPS_EARLY,
    FORGETS_THE_OFFSET,
    POINTS_INTO_ITSELF,
    KEEPS_STATE_OUTSIDE,
    RECOVERS_FROM_FAILURE,
    LOSES_THE_FAILED_ROW,
    IGNORES_PARAMS,
    NEVER_ENDS,
    DIFFERS_BY_PROFILE
};

typedef struct handmade_params {
    int32_t least;
} handmade_params;

typedef struct handmade_in {
    const int32_t *x, *d;
    const uint8_t *x_valid;
    const int32_t *t;
    const uint8_t *t_bytes;
    size_t offset;
} handmade_in;

typedef struct handmade_out {
    int64_t *total;
    int32_t *quotient;
    uint8_t *quotient_valid;
    uint8_t *odd;
    int32_t *t;
    uint8_t *t_bytes;
    size_t t_room, capacity, rows;
} handmade_out;

typedef struct handmade {
    int64_t total, *where;
    uint64_t row;
    int32_t least;
    int32_t status, profile;
} handmade;

static int64_t handmade_outside;

static void handmade_init(void *state, const void *params) {
    handmade *k = (handmade *)state;
    const handmade fresh = {0, NULL, 0, 3, 0, NG_SCALAR};
    *k = fresh;
    k->where = &k->total;
    if (params != NULL && DEFECT != IGNORES_PARAMS) {
        k->least = ((const handmade_params *)params)->least;
    }
    handmade_outside = 0;
}

static bool handmade_bit(const uint8_t *bits, size_t at) {
    return (bits[at / 8] >> (at % 8) & 1) != 0;
}

static void handmade_put(uint8_t *bits, size_t at, bool value) {
    const unsigned bit = 1u << (at % 8);
    const unsigned old = DEFECT == CLOBBERS_EARLIER_BITS && at % 8 != 7 ? 0 : bits[at / 8];
    bits[at / 8] = (uint8_t)(value ? old | bit : old & ~bit);
}

/* Appends a row; false where its text does not fit. */
static bool handmade_emit(handmade *k, const handmade_in *in, size_t at, handmade_out *out) {
    const int32_t from = in->t[at], size = in->t[at + 1] - from, to = out->t[out->rows];
    const int32_t x = in->x[at];
    if (DEFECT != WRITES_TOO_MUCH_TEXT && (size_t)(to + size) > out->t_room) {
        return false;
    }
    for (int32_t i = 0; i < size; i += 1) {
        out->t_bytes[to + i] = in->t_bytes[from + i];
    }
    int64_t *total = DEFECT == POINTS_INTO_ITSELF    ? k->where
                     : DEFECT == KEEPS_STATE_OUTSIDE ? &handmade_outside
                                                     : &k->total;
    *total += x + (DEFECT == DIFFERS_BY_PROFILE && k->profile == NG_V512 ? 1 : 0);
    out->t[out->rows + 1] = to + size;
    out->total[out->rows] = *total;
    out->quotient[out->rows] = 100 / in->d[at];
    handmade_put(out->quotient_valid, out->rows, x != 7);
    handmade_put(out->odd, out->rows, x % 2 != 0);
    out->rows += 1;
    return true;
}

static ng_step handmade_push(void *state, const void *in_, size_t rows, void *out_) {
    handmade *k = (handmade *)state;
    const handmade_in *in = (const handmade_in *)in_;
    handmade_out *out = (handmade_out *)out_;
    ng_step step = {0, 0, (ng_status)k->status};
    const size_t begin = out->rows;
    const size_t end = rows + (DEFECT == READS_A_ROW_BEHIND ? 1 : 0);
    const size_t capacity = out->capacity + (DEFECT == WRITES_A_ROW_BEHIND ? 1 : 0);
    const size_t bits_from = DEFECT == FORGETS_THE_OFFSET ? 0 : in->offset;
    volatile uint8_t seen = 0;
    if (k->status < 0) {
        return step;
    }
    if (DEFECT == READS_A_BIT_BYTE_BEHIND && rows > 0 && in->x_valid != NULL) {
        seen = in->x_valid[(in->offset + rows + 7) / 8];
    }
    if (DEFECT == WRITES_TO_THE_INPUT && rows > 0) {
        *(int32_t *)(uintptr_t)(in->x + in->offset) = 1;
    }
    while (step.consumed < end) {
        const size_t at = in->offset + step.consumed;
        const bool valid =
            in->x_valid == NULL || handmade_bit(in->x_valid, bits_from + step.consumed);
        const bool keep = valid && in->x[at] > k->least && step.consumed < rows;
        if (keep && in->d[at] == 0) {
            k->status = NG_DIVIDED_BY_ZERO;
            break;
        }
        if (keep && (out->rows == capacity || !handmade_emit(k, in, at, out))) {
            break;
        }
        step.consumed += 1;
        k->row += 1;
        if (DEFECT == STOPS_EARLY && step.consumed == 5) {
            break;
        }
    }
    (void)seen;
    step.consumed = DEFECT == CLAIMS_ALL_CONSUMED || step.consumed > rows ? rows : step.consumed;
    step.produced = out->rows - begin + (DEFECT == CLAIMS_TOO_MUCH_PRODUCED ? 1 : 0);
    step.status = (ng_status)k->status;
    if (DEFECT == RECOVERS_FROM_FAILURE) {
        k->status = NG_OK;
    }
    return step;
}

static ng_step handmade_flush(void *state, void *out) {
    const handmade *k = (const handmade *)state;
    const ng_step step = {0, 0, DEFECT == NEVER_ENDS ? NG_AGAIN : (ng_status)k->status};
    (void)out;
    return step;
}

static ng_profile handmade_force(void *state, ng_profile profile) {
    handmade *k = (handmade *)state;
    k->profile = profile == NG_AUTO || profile == NG_V512 ? NG_V512 : NG_SCALAR;
    return (ng_profile)k->profile;
}

static uint64_t handmade_failed_row(const void *state) {
    return ((const handmade *)state)->row + (DEFECT == LOSES_THE_FAILED_ROW ? 1 : 0);
}

#define HANDMADE_AT(type, member) ((uint16_t)offsetof(type, member))

static const ng_field handmade_in_fields[] = {
    {"x", NG_I32, true, HANDMADE_AT(handmade_in, x), HANDMADE_AT(handmade_in, x_valid), NG_NONE,
     NG_NONE},
    {"d", NG_I32, false, HANDMADE_AT(handmade_in, d), NG_NONE, NG_NONE, NG_NONE},
    {"t", NG_UTF8, false, HANDMADE_AT(handmade_in, t), NG_NONE, HANDMADE_AT(handmade_in, t_bytes),
     NG_NONE},
};
static const ng_field handmade_out_fields[] = {
    {"total", NG_I64, false, HANDMADE_AT(handmade_out, total), NG_NONE, NG_NONE, NG_NONE},
    {"quotient", NG_I32, true, HANDMADE_AT(handmade_out, quotient),
     HANDMADE_AT(handmade_out, quotient_valid), NG_NONE, NG_NONE},
    {"odd", NG_BOOL, false, HANDMADE_AT(handmade_out, odd), NG_NONE, NG_NONE, NG_NONE},
    {"t", NG_UTF8, false, HANDMADE_AT(handmade_out, t), NG_NONE, HANDMADE_AT(handmade_out, t_bytes),
     HANDMADE_AT(handmade_out, t_room)},
};
static const ng_field handmade_params_fields[] = {
    {"least", NG_I32, false, HANDMADE_AT(handmade_params, least), NG_NONE, NG_NONE, NG_NONE},
};

static const ng_kernel handmade_kernel = {
    "handmade",
    "written by hand",
    sizeof(handmade),
    sizeof(handmade_params),
    sizeof(handmade_in),
    sizeof(handmade_out),
    HANDMADE_AT(handmade_in, offset),
    HANDMADE_AT(handmade_out, capacity),
    HANDMADE_AT(handmade_out, rows),
    {handmade_in_fields, 3},
    {handmade_out_fields, 4},
    {handmade_params_fields, 1},
    handmade_init,
    handmade_push,
    handmade_flush,
    handmade_force,
    handmade_failed_row,
};

#endif
