/* ops_distinct: tables of keys, open to the next free slot. */
#include "ops_distinct.h"

#include "pool.h"
#include "row_keys.h"
#include "sizes.h"

/* ---- rows that are new ----------------------------------------------------------------------- */

/* 1: the row is new; 0: it is not; below 0: it is bad. */
typedef int ngi_is_new_fn(void *state, const ng_batch *in, size_t row);

/* A new row has been copied to the output. NG_OK, or what the operator fails with. */
typedef ng_status ngi_note_fn(void *state, const ng_batch *in, size_t row);

static ng_step ngi_distinct_rows(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out, ngi_is_new_fn *is_new, ngi_note_fn *note) {
    size_t done = 0, made = 0;
    ng_status status = NG_OK;
    ng_block into = {out->columns, out->at + out->rows, 1, NULL, NULL, NULL};
    for (; done < in->rows && status == NG_OK; done++) {
        const int fresh = is_new(state, in, done);
        if (fresh < 0) {
            status = (ng_status)fresh;
            break;
        }
        if (fresh != 0) {
            if (made == out->rows || ng_batch_copy(in, done, 1, &into, out->at + made) == 0) {
                break;
            }
            status = note(state, in, done);
            made++;
        }
    }
    ng_context_count(context, NG_FILTERED, (int64_t)(done - made));
    const bool never = done == 0 && status == NG_OK && out->at == 0;
    return ng_step_of(done, made, never ? NG_TOO_LARGE : status);
}

/* ---- until changed --------------------------------------------------------------------------- */

typedef struct ngi_changes {
    ngi_keys keys;
    ng_batch last; /* the row before, or gone */
} ngi_changes;

static int ngi_is_changed(void *state, const ng_batch *in, size_t row) {
    const ngi_changes *const changes = (const ngi_changes *)state;
    const ngi_keys *const keys = &changes->keys;
    const ng_row now = ng_batch_row(in, row);
    bool same = changes->last.block != NULL;
    for (size_t i = 0; i < keys->count && same; i++) {
        const ng_row before = ng_batch_row(&changes->last, 0);
        const size_t place = keys->places[i];
        const bool null = ng_is_null(now, place);
        same = null == ng_is_null(before, place) &&
               (null || ngi_values_compare(keys->schema->fields[place].type, &now.columns[place],
                                           now.at, &before.columns[place], before.at) == 0);
    }
    return !same;
}

static void ngi_changes_forget(void *state) {
    ng_batch *const last = &((ngi_changes *)state)->last;
    if (last->block != NULL) {
        (void)ng_batch_release(last);
    }
}

static ng_status ngi_change_note(void *state, const ng_batch *in, size_t row) {
    ngi_changes_forget(state);
    return ng_batch_slice(in, row, 1, &((ngi_changes *)state)->last);
}

static ng_step ngi_changes_push(void *state, ng_context *context, const ng_batch *in,
                                const ng_room *out) {
    return ngi_distinct_rows(state, context, in, out, ngi_is_changed, ngi_change_note);
}

static const ng_operator ngi_changes_calls = {
    "distinct_until_changed", NULL, ngi_changes_push, NULL, NULL, NULL, ngi_changes_forget, false};

ng_river ng_distinct_until_changed(ng_river river, const char *const *names, size_t count) {
    ngi_changes changes;
    const ng_schema *const schema = ng_columns(river);
    __builtin_memset(&changes, 0, sizeof changes);
    const ng_status found =
        schema == NULL ? NG_INVALID : ngi_keys_find(&changes.keys, schema, names, count);
    if (found != NG_OK) {
        return ng_refuse(river.graph, ngi_changes_calls.name, found);
    }
    const ng_stage stage = {&ngi_changes_calls, sizeof changes, &changes, NULL, 1, false, 1};
    return ng_apply(river.graph, &river, 1, &stage);
}

/* ---- distinct -------------------------------------------------------------------------------- */

/* Keys in the order in which they came, and a table of them by hash. */
typedef struct ngi_key_table {
    uint32_t *slots; /* the number of a key from 1; 0: free */
    ng_pool pool;
    ng_block *rows; /* the keys' columns */
    uint32_t count;
} ngi_key_table;

typedef struct ngi_distinct {
    ngi_keys keys;
    ng_schema columns; /* of the keys */
    ng_field fields[NGI_KEYS_MOST];
    ngi_key_table tables[2]; /* the newer keys, and, where keys are forgotten, the older ones */
    uint32_t room, mask;     /* of a table */
    bool forgets;
    uint64_t hash; /* of the row that was looked at last */
} ngi_distinct;

/* The slot of a key, which holds its number, or is free. */
static uint32_t *ngi_key_slot(const ngi_distinct *d, const ngi_key_table *table, ng_row row) {
    uint32_t at = (uint32_t)(d->hash >> 32) & d->mask;
    while (table->slots[at] != 0) {
        const ng_row key = {table->rows->columns, table->slots[at] - 1};
        if (ngi_keys_equal(&d->keys, row, key)) {
            break;
        }
        at = (at + 1) & d->mask;
    }
    return &table->slots[at];
}

/* Whether a table has room for the key of a row. */
static bool ngi_key_fits(const ngi_distinct *d, const ngi_key_table *table, ng_row row) {
    bool fits = table->count < d->room;
    for (size_t i = 0; i < d->keys.count && fits; i++) {
        fits = d->fields[i].type != NG_UTF8 ||
               ngi_text_fitting(&row.columns[d->keys.places[i]], row.at, 1,
                                &table->rows->columns[i], table->count) == 1;
    }
    return fits;
}

static void ngi_keys_forget(ngi_distinct *d) {
    ngi_key_table older = d->tables[1];
    d->tables[1] = d->tables[0];
    older.count = 0;
    __builtin_memset(older.slots, 0, ((size_t)d->mask + 1) * sizeof(uint32_t));
    d->tables[0] = older;
}

static int ngi_is_distinct(void *state, const ng_batch *in, size_t at) {
    ngi_distinct *const d = (ngi_distinct *)state;
    const ng_row row = ng_batch_row(in, at);
    d->hash = ngi_keys_hash(&d->keys, row);
    if (*ngi_key_slot(d, &d->tables[0], row) != 0 ||
        (d->forgets && *ngi_key_slot(d, &d->tables[1], row) != 0)) {
        return 0;
    }
    if (ngi_key_fits(d, &d->tables[0], row)) {
        return 1;
    }
    if (!d->forgets) {
        return NG_FULL;
    }
    ngi_keys_forget(d);
    return ngi_key_fits(d, &d->tables[0], row) ? 1 : NG_TOO_LARGE;
}

static ng_status ngi_distinct_note(void *state, const ng_batch *in, size_t at) {
    ngi_distinct *const d = (ngi_distinct *)state;
    ngi_key_table *const table = &d->tables[0];
    const ng_row row = ng_batch_row(in, at);
    *ngi_key_slot(d, table, row) = table->count + 1;
    for (size_t i = 0; i < d->keys.count; i++) {
        ngi_copy_column(d->fields[i].type, &row.columns[d->keys.places[i]], row.at, 1,
                        &table->rows->columns[i], table->count);
    }
    table->count++;
    return NG_OK;
}

static ng_step ngi_distinct_push(void *state, ng_context *context, const ng_batch *in,
                                 const ng_room *out) {
    return ngi_distinct_rows(state, context, in, out, ngi_is_distinct, ngi_distinct_note);
}

static const ng_operator ngi_distinct_calls = {
    "distinct", NULL, ngi_distinct_push, NULL, NULL, NULL, NULL, true};

/* Slots of a table that is at most three quarters full. */
static size_t ngi_key_slots(size_t keys) {
    size_t slots = 4;
    while (slots - slots / 4 < keys + 1) {
        slots *= 2;
    }
    return slots;
}

static ng_status ngi_distinct_check(const ng_schema *schema, const char *const *names, size_t count,
                                    const ng_distinct_options *options, ngi_distinct *d) {
    __builtin_memset(d, 0, sizeof *d);
    if (schema == NULL || options == NULL || options->keys == 0 ||
        options->keys > (size_t)1 << 30 || options->text == 0 || options->text > INT32_MAX) {
        return NG_INVALID;
    }
    const ng_status found = ngi_keys_find(&d->keys, schema, names, count);
    for (size_t i = 0; i < d->keys.count && found == NG_OK; i++) {
        d->fields[i] = schema->fields[d->keys.places[i]];
    }
    return found == NG_OK && d->keys.count == 0 ? NG_INVALID : found;
}

ng_river ng_distinct(ng_river river, const char *const *names, size_t count,
                     const ng_distinct_options *options) {
    ngi_distinct like;
    const ng_status checked = ngi_distinct_check(ng_columns(river), names, count, options, &like);
    if (checked != NG_OK) {
        return ng_refuse(river.graph, ngi_distinct_calls.name, checked);
    }
    const size_t tables = options->forgets ? 2 : 1;
    const size_t keys = (options->keys + tables - 1) / tables;
    const size_t text = (options->text + tables - 1) / tables;
    const size_t slots = ngi_key_slots(keys), table_size = slots * sizeof(uint32_t);
    const ng_schema columns = {like.fields, like.keys.count};
    const size_t pool = ng_pool_size(&columns, 1, keys, text);
    const size_t head = ngi_size_round(sizeof like, 64);
    const size_t each = ngi_size_plus(ngi_size_round(table_size, 64), ngi_size_round(pool, 64));
    const ng_stage stage = {&ngi_distinct_calls,
                            ngi_size_plus(head, ngi_size_times(tables, each)),
                            NULL,
                            NULL,
                            1,
                            false,
                            0};
    if (pool == 0) {
        return ng_refuse(river.graph, ngi_distinct_calls.name, NG_INVALID);
    }
    const ng_river distinct = ng_apply(river.graph, &river, 1, &stage);
    ngi_distinct *const d = (ngi_distinct *)ng_state(distinct);
    ng_status status = NG_OK;
    if (d != NULL) {
        *d = like;
        d->columns.fields = d->fields;
        d->columns.count = d->keys.count;
        d->room = (uint32_t)keys;
        d->mask = (uint32_t)(slots - 1);
        d->forgets = options->forgets;
    }
    for (size_t i = 0; i < tables && d != NULL && status == NG_OK; i++) {
        uint8_t *const at = (uint8_t *)d + head + i * each;
        ngi_key_table *const table = &d->tables[i];
        table->slots = (uint32_t *)(void *)at;
        status = ng_pool_init(&table->pool, at + ngi_size_round(table_size, 64), &d->columns, 1,
                              keys, text);
        table->rows = status == NG_OK ? ng_pool_take(&table->pool) : NULL;
    }
    return status == NG_OK ? distinct : ng_refuse(river.graph, ngi_distinct_calls.name, status);
}
