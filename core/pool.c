/* pool: blocks laid out once, handed out and back. */
#include "pool.h"

#include "sizes.h"

/* The parts of a block, or of all of them, one behind the other from a multiple of 64 on. */
enum { NGI_LINE = 64 };

static size_t ngi_bitmap_bytes(size_t rows) { return rows / 8 + 1; }

static size_t ngi_values_bytes(ng_type type, size_t rows) {
    if (type == NG_BOOL) {
        return ngi_bitmap_bytes(rows);
    }
    return type == NG_UTF8 ? ngi_size_times(ngi_size_plus(rows, 1), 4)
                           : ngi_size_times(rows, ng_type_size(type));
}

static size_t ngi_block_bytes(const ng_schema *schema, size_t rows, size_t text_bytes) {
    size_t bytes = 0;
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        bytes = ngi_size_plus(bytes, ngi_size_round(ngi_values_bytes(field->type, rows), NGI_LINE));
        if (field->nullable) {
            bytes = ngi_size_plus(bytes, ngi_size_round(ngi_bitmap_bytes(rows), NGI_LINE));
        }
        if (field->type == NG_UTF8) {
            bytes = ngi_size_plus(bytes, ngi_size_round(text_bytes, NGI_LINE));
        }
    }
    return bytes;
}

static bool ngi_pool_fits(const ng_schema *schema, size_t text_bytes) {
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].type == NG_UTF8 && (text_bytes == 0 || text_bytes > INT32_MAX)) {
            return false;
        }
    }
    return true;
}

size_t ng_pool_size(const ng_schema *schema, size_t count, size_t rows, size_t text_bytes) {
    if (ng_schema_check(schema) != NG_OK || count == 0 || rows == 0 ||
        !ngi_pool_fits(schema, text_bytes)) {
        return 0;
    }
    const size_t headers =
        ngi_size_plus(ngi_size_times(count, sizeof(ng_block)),
                      ngi_size_times(ngi_size_times(count, schema->count), sizeof(ng_column)));
    const size_t blocks = ngi_size_times(count, ngi_block_bytes(schema, rows, text_bytes));
    const size_t all = ngi_size_plus(ngi_size_plus(headers, blocks), 2 * NGI_LINE);
    return all == SIZE_MAX ? 0 : all;
}

static void ngi_pool_give_back(ng_block *block) {
    ng_pool *const pool = (ng_pool *)block->owner;
    ng_block *first = __atomic_load_n(&pool->returned, __ATOMIC_RELAXED);
    do {
        block->next = first;
    } while (!__atomic_compare_exchange_n(&pool->returned, &first, block, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

static uint8_t *ngi_pool_part(uint8_t **at, size_t bytes) {
    uint8_t *const part = *at;
    *at += ngi_size_round(bytes, NGI_LINE);
    return part;
}

static void ngi_block_lay_out(ng_block *block, const ng_schema *schema, size_t rows,
                              size_t text_bytes, uint8_t **at) {
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        ng_column *const column = &block->columns[i];
        const bool text = field->type == NG_UTF8;
        column->values = ngi_pool_part(at, ngi_values_bytes(field->type, rows));
        column->valid = field->nullable ? ngi_pool_part(at, ngi_bitmap_bytes(rows)) : NULL;
        column->bytes = text ? ngi_pool_part(at, text_bytes) : NULL;
        column->bytes_size = text ? text_bytes : 0;
    }
}

ng_status ng_pool_init(ng_pool *pool, void *memory, const ng_schema *schema, size_t count,
                       size_t rows, size_t text_bytes) {
    if (pool == NULL || memory == NULL || ng_pool_size(schema, count, rows, text_bytes) == 0) {
        return NG_INVALID;
    }
    uint8_t *at = (uint8_t *)memory + ngi_size_gap(memory, NGI_LINE);
    pool->schema = schema;
    pool->count = count;
    pool->blocks = (ng_block *)(void *)ngi_pool_part(&at, count * sizeof(ng_block));
    pool->idle = NULL;
    pool->returned = NULL;
    ng_column *columns =
        (ng_column *)(void *)ngi_pool_part(&at, count * schema->count * sizeof(ng_column));
    for (size_t i = count; i-- > 0;) {
        ng_block *const block = &pool->blocks[i];
        ng_block_init(block, columns + i * schema->count, rows, ngi_pool_give_back, pool);
        block->holders = 0;
        block->next = pool->idle;
        pool->idle = block;
    }
    for (size_t i = 0; i < count; i++) {
        ngi_block_lay_out(&pool->blocks[i], schema, rows, text_bytes, &at);
    }
    return NG_OK;
}

ng_block *ng_pool_take(ng_pool *pool) {
    if (pool->idle == NULL) {
        pool->idle = __atomic_exchange_n(&pool->returned, (ng_block *)NULL, __ATOMIC_ACQUIRE);
    }
    ng_block *const block = pool->idle;
    if (block == NULL) {
        return NULL;
    }
    pool->idle = block->next;
    block->holders = 1;
    for (size_t i = 0; i < pool->schema->count; i++) {
        if (pool->schema->fields[i].type == NG_UTF8) {
            ((int32_t *)block->columns[i].values)[0] = 0;
        }
    }
    return block;
}

size_t ng_pool_in_use(const ng_pool *pool) {
    size_t held = 0;
    for (size_t i = 0; i < pool->count; i++) {
        held += ng_block_holders(&pool->blocks[i]) != 0;
    }
    return held;
}
