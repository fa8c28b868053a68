/* value: one case for each type. */
#include "value.h"

static bool ngi_value_signed(const char *text, size_t size, int bits, int64_t *out) {
    const int64_t most = INT64_MAX >> (64 - bits);
    int64_t value;
    if (!ng_read_i64(text, size, &value) || value > most || value < -most - 1) {
        return false;
    }
    *out = value;
    return true;
}

static bool ngi_value_unsigned(const char *text, size_t size, int bits, uint64_t *out) {
    uint64_t value;
    if (!ng_read_u64(text, size, &value) || value > UINT64_MAX >> (64 - bits)) {
        return false;
    }
    *out = value;
    return true;
}

bool ng_read_value(const char *text, size_t size, ng_type type, void *out) {
    const size_t bytes = ng_type_size(type);
    int64_t integer;
    uint64_t natural;
    switch (type) {
    case NG_BOOL:
        return ng_read_bool(text, size, (bool *)out);
    case NG_F32:
        return ng_read_f32(text, size, (float *)out);
    case NG_F64:
        return ng_read_f64(text, size, (double *)out);
    case NG_I8:
    case NG_I16:
    case NG_I32:
    case NG_I64:
        if (!ngi_value_signed(text, size, (int)bytes * 8, &integer)) {
            return false;
        }
        natural = (uint64_t)integer;
        break;
    case NG_U8:
    case NG_U16:
    case NG_U32:
    case NG_U64:
        if (!ngi_value_unsigned(text, size, (int)bytes * 8, &natural)) {
            return false;
        }
        break;
    case NG_TIMESTAMP_S:
    case NG_TIMESTAMP_MS:
    case NG_TIMESTAMP_US:
    case NG_TIMESTAMP_NS:
        return ng_read_timestamp(text, size, type, (int64_t *)out);
    default:
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *)out)[i] = (uint8_t)(natural >> (8 * i));
    }
    return true;
}
