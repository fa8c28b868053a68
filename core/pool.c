/* pool: blocks laid out once, handed out and back. */
#include "pool.h"

#include "sizes.h"

/* The columns of a block; of none (`columns` NULL) they are measured. */
static void ngi_pool_lay_out(ng_column *columns, const ng_schema *schema, size_t rows,
                             size_t text_bytes, ngi_layout *layout) {
    for (size_t i = 0; i < schema->count; i++) {
        const ng_field *const field = &schema->fields[i];
        const bool text = field->type == NG_UTF8, bits = field->type == NG_BOOL;
        const size_t bitmap = rows / 8 + 1;
        ng_column column = {NULL, NULL, NULL, 0};
        column.values = ngi_layout_part(layout,
                                        bits   ? bitmap
                                        : text ? ngi_size_plus(rows, 1)
                                               : rows,
                                        bits   ? 1
                                        : text ? sizeof(int32_t)
                                               : ng_type_size(field->type));
        if (field->nullable) {
            column.valid = (uint8_t *)ngi_layout_part(layout, bitmap, 1);
        }
        if (text) {
            column.bytes = (uint8_t *)ngi_layout_part(layout, text_bytes, 1);
            column.bytes_size = text_bytes;
        }
        if (columns != NULL) {
            columns[i] = column;
        }
    }
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
    ngi_layout block = {NULL, 0}, all = {NULL, 64};
    ngi_pool_lay_out(NULL, schema, rows, text_bytes, &block);
    (void)ngi_layout_part(&all, count, sizeof(ng_block));
    (void)ngi_layout_part(&all, count, ngi_size_times(schema->count, sizeof(ng_column)));
    (void)ngi_layout_part(&all, count, block.size);
    return all.size == SIZE_MAX ? 0 : all.size;
}

static void ngi_pool_give_back(ng_block *block) {
    ng_pool *const pool = (ng_pool *)block->owner;
    ng_block *first = __atomic_load_n(&pool->returned, __ATOMIC_RELAXED);
    do {
        block->next = first;
    } while (!__atomic_compare_exchange_n(&pool->returned, &first, block, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

ng_status ng_pool_init(ng_pool *pool, void *memory, const ng_schema *schema, size_t count,
                       size_t rows, size_t text_bytes) {
    if (pool == NULL || memory == NULL || ng_pool_size(schema, count, rows, text_bytes) == 0) {
        return NG_INVALID;
    }
    ngi_layout layout = {(uint8_t *)memory + ngi_size_gap(memory, 64), 0};
    pool->schema = schema;
    pool->count = count;
    pool->blocks = (ng_block *)ngi_layout_part(&layout, count, sizeof(ng_block));
    pool->idle = pool->blocks;
    pool->returned = NULL;
    ng_column *columns =
        (ng_column *)ngi_layout_part(&layout, count, schema->count * sizeof(ng_column));
    for (size_t i = 0; i < count; i++, columns += schema->count) {
        ng_block *const block = &pool->blocks[i];
        ng_block_init(block, columns, rows, ngi_pool_give_back, pool);
        block->holders = 0;
        block->next = i + 1 < count ? block + 1 : NULL;
        ngi_pool_lay_out(columns, schema, rows, text_bytes, &layout);
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
