/* row_keys: hashes and comparisons, type by type. */
#include "row_keys.h"

ng_status ngi_keys_find(ngi_keys *keys, const ng_schema *schema, const char *const *names,
                        size_t count) {
    keys->schema = schema;
    keys->count = names == NULL ? schema->count : count;
    if (keys->count > NGI_KEYS_MOST) {
        return NG_TOO_LARGE;
    }
    for (size_t i = 0; i < keys->count; i++) {
        keys->places[i] = names == NULL ? i : ng_schema_find(schema, names[i]);
        if (keys->places[i] == schema->count) {
            return NG_MISMATCH;
        }
    }
    return NG_OK;
}

/* ---- hashes ---------------------------------------------------------------------------------- */

/* One step of a multiplicative hash: the odd constants are those of the golden ratio and of
 * Vigna's variant of Stafford's mixer. */
static uint64_t ngi_key_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 29;
}

static uint64_t ngi_key_mix_text(uint64_t hash, const uint8_t *text, size_t size) {
    hash = ngi_key_mix(hash, size);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        for (size_t k = 0; k < 8 && i + k < size; k++) {
            word |= (uint64_t)text[i + k] << (8 * k);
        }
        hash = ngi_key_mix(hash, word);
    }
    return hash;
}

/* A float as a number that is the same for equal ones. */
static uint64_t ngi_key_of_f64(double value) {
    uint64_t bits;
    if (value != value) {
        return UINT64_MAX;
    }
    value += 0.0; /* zero is not negative */
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The value of a column of fixed width as a number that is the same for equal ones. */
static uint64_t ngi_key_value(ng_type type, const ng_column *column, size_t row) {
    const void *const values = column->values;
    switch (type) {
    case NG_BOOL:
        return ngi_bits_get((const uint8_t *)values, row);
    case NG_I8:
    case NG_U8:
        return ((const uint8_t *)values)[row];
    case NG_I16:
    case NG_U16:
        return ((const uint16_t *)values)[row];
    case NG_I32:
    case NG_U32:
        return ((const uint32_t *)values)[row];
    case NG_F32:
        return ngi_key_of_f64((double)((const float *)values)[row]);
    case NG_F64:
        return ngi_key_of_f64(((const double *)values)[row]);
    default:
        return ((const uint64_t *)values)[row];
    }
}

static const uint8_t *ngi_key_text(const ng_column *column, size_t row, size_t *size) {
    const int32_t *const offsets = (const int32_t *)column->values;
    *size = (size_t)(offsets[row + 1] - offsets[row]);
    return column->bytes + offsets[row];
}

uint64_t ngi_keys_hash(const ngi_keys *keys, ng_row row) {
    uint64_t hash = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const size_t place = keys->places[i];
        const ng_type type = keys->schema->fields[place].type;
        const ng_column *const column = &row.columns[place];
        if (ng_is_null(row, place)) {
            hash = ngi_key_mix(hash, UINT64_C(0x6e756c6c));
        } else if (type == NG_UTF8) {
            size_t size;
            const uint8_t *const text = ngi_key_text(column, row.at, &size);
            hash = ngi_key_mix_text(hash, text, size);
        } else {
            hash = ngi_key_mix(hash, ngi_key_value(type, column, row.at));
        }
    }
    return hash;
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static int ngi_compare_bytes(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b) {
    const size_t common = size_a < size_b ? size_a : size_b;
    for (size_t i = 0; i < common; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return (size_a > size_b) - (size_a < size_b);
}

static int ngi_compare_f64(double a, double b) {
    const bool nan_a = a != a, nan_b = b != b;
    return nan_a || nan_b ? (int)nan_a - (int)nan_b : (a > b) - (a < b);
}

#define NGI_COMPARE(type)                                                                          \
    ((((const type *)a->values)[row_a] > ((const type *)b->values)[row_b]) -                       \
     (((const type *)a->values)[row_a] < ((const type *)b->values)[row_b]))

int ngi_values_compare(ng_type type, const ng_column *a, size_t row_a, const ng_column *b,
                       size_t row_b) {
    size_t size_a, size_b;
    const uint8_t *text_a, *text_b;
    switch (type) {
    case NG_BOOL:
        return (int)ngi_bits_get((const uint8_t *)a->values, row_a) -
               (int)ngi_bits_get((const uint8_t *)b->values, row_b);
    case NG_I8:
        return NGI_COMPARE(int8_t);
    case NG_I16:
        return NGI_COMPARE(int16_t);
    case NG_I32:
        return NGI_COMPARE(int32_t);
    case NG_U8:
        return NGI_COMPARE(uint8_t);
    case NG_U16:
        return NGI_COMPARE(uint16_t);
    case NG_U32:
        return NGI_COMPARE(uint32_t);
    case NG_U64:
        return NGI_COMPARE(uint64_t);
    case NG_F32:
        return ngi_compare_f64((double)((const float *)a->values)[row_a],
                               (double)((const float *)b->values)[row_b]);
    case NG_F64:
        return ngi_compare_f64(((const double *)a->values)[row_a],
                               ((const double *)b->values)[row_b]);
    case NG_UTF8:
        text_a = ngi_key_text(a, row_a, &size_a);
        text_b = ngi_key_text(b, row_b, &size_b);
        return ngi_compare_bytes(text_a, size_a, text_b, size_b);
    default:
        return NGI_COMPARE(int64_t);
    }
}

bool ngi_keys_equal(const ngi_keys *keys, ng_row a, ng_row b) {
    bool equal = true;
    for (size_t i = 0; i < keys->count && equal; i++) {
        const size_t place = keys->places[i];
        const bool null = ng_is_null(a, place);
        equal = null == ng_is_null(b, i) &&
                (null || ngi_values_compare(keys->schema->fields[place].type, &a.columns[place],
                                            a.at, &b.columns[i], b.at) == 0);
    }
    return equal;
}
