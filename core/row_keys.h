/* row_keys: rows as keys: some of their columns, hashed and compared.
 *
 * Nulls are equal to each other. Floats go by value: zero is zero whatever its sign, and all NaN
 * are one, above all numbers. Text goes by bytes. Hashes are the same on every machine. */
#ifndef NGI_ROW_KEYS_H
#define NGI_ROW_KEYS_H

#include "row.h"

enum { NGI_KEYS_MOST = 16 };

typedef struct ngi_keys {
    const ng_schema *schema;
    size_t count;
    size_t places[NGI_KEYS_MOST];
} ngi_keys;

/* Finds columns by their names; with none, all columns. NG_OK; NG_MISMATCH: one is not there;
 * NG_TOO_LARGE: there are more than NGI_KEYS_MOST. */
ng_status ngi_keys_find(ngi_keys *keys, const ng_schema *schema, const char *const *names,
                        size_t count);

uint64_t ngi_keys_hash(const ngi_keys *keys, ng_row row);

/* Whether two rows have the same key; the columns of `b` are the keys of `keys`, in their order. */
bool ngi_keys_equal(const ngi_keys *keys, ng_row a, ng_row b);

/* Compares a column of two rows that both have a value: below 0, 0 or above 0. */
int ngi_values_compare(ng_type type, const ng_column *a, size_t row_a, const ng_column *b,
                       size_t row_b);

#endif
