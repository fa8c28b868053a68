/* ops_sort: fills a block and sorts it; where it is full, what was sorted goes to storage as a run.
 *
 * Runs are merged as they grow in number: whenever there are sixteen of one level they become one
 * of the next, so each row moves once a level. Runs lie in the order in which their rows came, and
 * merges take equal rows from the earlier one, so equal rows stay in order. */
#include "ops_sort.h"

#include "pool.h"
#include "row_keys.h"
#include "sizes.h"

enum {
    NGI_SORT_WAYS = 16,  /* runs that are merged at once */
    NGI_SORT_LEVELS = 16 /* of 16^16 rows there are none */
};

/* A sorted part in storage: pages from `at` up to before `end`. */
typedef struct ngi_sorted_run {
    uint64_t at, end;
    uint32_t level;
} ngi_sorted_run;

/* Rows of a run, or what is to be one, a page at a time. */
typedef struct ngi_page {
    ng_block *block;
    uint32_t rows, at; /* that are there; of them the first one that is left */
    uint64_t next;     /* where the next page lies, */
    uint64_t end;      /* and where the run ends */
} ngi_page;

/* Followed by the two orders, the block and the pages. */
typedef struct ngi_sort {
    ngi_keys keys;
    bool descending[NGI_KEYS_MOST], nulls_first[NGI_KEYS_MOST];
    ng_storage storage;
    size_t longest, page_rows, page_text;
    ng_pool rows_pool, pages_pool;
    ng_block *rows;
    uint32_t filled, given;  /* rows in the block, and those of them that have gone out */
    uint32_t *order, *other; /* of them */
    ngi_sorted_run runs[NGI_SORT_WAYS * NGI_SORT_LEVELS];
    uint32_t run_count;
    ngi_page pages[NGI_SORT_WAYS + 1]; /* the last one is written */
    uint32_t merging;                  /* runs whose rows go out, once all are there */
    bool sorted;
    ng_status status; /* what storage failed with, and so the sort */
    uint64_t written; /* bytes of storage in use */
} ngi_sort;

/* ---- in memory ------------------------------------------------------------------------------- */

static int ngi_sort_compare(const ngi_sort *sort, ng_row a, ng_row b) {
    int result = 0;
    for (size_t i = 0; i < sort->keys.count && result == 0; i++) {
        const size_t place = sort->keys.places[i];
        const bool null_a = ng_is_null(a, place), null_b = ng_is_null(b, place);
        if (null_a || null_b) {
            result = sort->nulls_first[i] ? (int)null_b - (int)null_a : (int)null_a - (int)null_b;
        } else {
            result = ngi_values_compare(sort->keys.schema->fields[place].type, &a.columns[place],
                                        a.at, &b.columns[place], b.at);
            result = sort->descending[i] ? -result : result;
        }
    }
    return result;
}

static ng_row ngi_sort_row(const ngi_sort *sort, uint32_t at) {
    const ng_row row = {sort->rows->columns, at};
    return row;
}

/* Merges order[from, middle) and order[middle, to) into `other`. */
static void ngi_sort_merge(const ngi_sort *sort, size_t from, size_t middle, size_t to) {
    size_t a = from, b = middle;
    for (size_t i = from; i < to; i++) {
        const bool takes_a =
            b == to || (a < middle && ngi_sort_compare(sort, ngi_sort_row(sort, sort->order[a]),
                                                       ngi_sort_row(sort, sort->order[b])) <= 0);
        sort->other[i] = takes_a ? sort->order[a++] : sort->order[b++];
    }
}

/* Orders the rows of the block. */
static void ngi_sort_block(ngi_sort *sort) {
    const size_t rows = sort->filled;
    for (uint32_t i = 0; i < rows; i++) {
        sort->order[i] = i;
    }
    for (size_t width = 1; width < rows; width *= 2) {
        for (size_t from = 0; from < rows; from += 2 * width) {
            const size_t middle = from + width < rows ? from + width : rows;
            const size_t to = middle + width < rows ? middle + width : rows;
            ngi_sort_merge(sort, from, middle, to);
        }
        uint32_t *const order = sort->order;
        sort->order = sort->other;
        sort->other = order;
    }
}

/* Copies a row behind those of a block. Whether it had room. */
static bool ngi_sort_copy(const ngi_sort *sort, ng_row row, ng_column *columns, size_t capacity,
                          size_t at) {
    ng_block from, to;
    ng_block_init(&from, row.columns, row.at + 1, NULL, NULL);
    ng_block_init(&to, columns, capacity, NULL, NULL);
    const ng_batch one = {sort->keys.schema, &from, row.at, 1};
    return ng_batch_copy(&one, 0, 1, &to, at) == 1;
}

/* ---- pages in storage ------------------------------------------------------------------------ */

/* How many bytes `rows` rows of a column take, and where: validity, values, text. */
typedef struct ngi_page_part {
    void *at[3];
    size_t bytes[3];
} ngi_page_part;

static ngi_page_part ngi_page_part_of(const ng_field *field, const ng_column *column, size_t rows,
                                      size_t text) {
    const bool is_text = field->type == NG_UTF8;
    const size_t bits = rows / 8 + 1;
    ngi_page_part part = {{column->valid, column->values, column->bytes}, {0, 0, 0}};
    part.bytes[0] = column->valid == NULL ? 0 : bits;
    part.bytes[1] = field->type == NG_BOOL ? bits
                    : is_text              ? 4 * (rows + 1)
                                           : rows * ng_type_size(field->type);
    part.bytes[2] = is_text ? text : 0;
    return part;
}

/* A page begins with how many rows it has; before each text column stands how long its text is. */
static ng_status ngi_page_write(ngi_sort *sort, ngi_page *page) {
    const ng_storage *const s = &sort->storage;
    const ng_schema *const schema = sort->keys.schema;
    ng_status status = s->write(s->ctx, sort->written, &page->rows, sizeof page->rows);
    sort->written += sizeof page->rows;
    for (size_t i = 0; i < schema->count && status == NG_OK; i++) {
        const ng_column *const column = &page->block->columns[i];
        uint32_t text = 0;
        if (schema->fields[i].type == NG_UTF8) {
            text = (uint32_t)((const int32_t *)column->values)[page->rows];
            status = s->write(s->ctx, sort->written, &text, sizeof text);
            sort->written += sizeof text;
        }
        const ngi_page_part part = ngi_page_part_of(&schema->fields[i], column, page->rows, text);
        for (size_t k = 0; k < 3 && status == NG_OK; k++) {
            status = part.bytes[k] == 0
                         ? NG_OK
                         : s->write(s->ctx, sort->written, part.at[k], part.bytes[k]);
            sort->written += part.bytes[k];
        }
    }
    page->rows = 0;
    return status;
}

/* The next page of a run, none if it has ended. */
static ng_status ngi_page_read(const ngi_sort *sort, ngi_page *page) {
    const ng_storage *const s = &sort->storage;
    const ng_schema *const schema = sort->keys.schema;
    page->rows = page->at = 0;
    if (page->next == page->end) {
        return NG_OK;
    }
    ng_status status = s->read(s->ctx, page->next, &page->rows, sizeof page->rows);
    page->next += sizeof page->rows;
    for (size_t i = 0; i < schema->count && status == NG_OK; i++) {
        uint32_t text = 0;
        if (schema->fields[i].type == NG_UTF8) {
            status = s->read(s->ctx, page->next, &text, sizeof text);
            page->next += sizeof text;
        }
        if (page->rows > sort->page_rows || text > sort->page_text) {
            return NG_BAD_INPUT; /* that was not what had been written */
        }
        const ngi_page_part part =
            ngi_page_part_of(&schema->fields[i], &page->block->columns[i], page->rows, text);
        for (size_t k = 0; k < 3 && status == NG_OK; k++) {
            status =
                part.bytes[k] == 0 ? NG_OK : s->read(s->ctx, page->next, part.at[k], part.bytes[k]);
            page->next += part.bytes[k];
        }
    }
    return status;
}

/* Puts a row on the page that is written, which goes to storage when it is full. */
static ng_status ngi_sort_put(ngi_sort *sort, ng_row row) {
    ngi_page *const page = &sort->pages[NGI_SORT_WAYS];
    ng_status status = NG_OK;
    while (status == NG_OK &&
           !ngi_sort_copy(sort, row, page->block->columns, sort->page_rows, page->rows)) {
        status = ngi_page_write(sort, page);
    }
    page->rows += status == NG_OK;
    return status;
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* What was put since `at` is a run. */
static ng_status ngi_run_end(ngi_sort *sort, uint64_t at, uint32_t level) {
    ngi_page *const page = &sort->pages[NGI_SORT_WAYS];
    const ng_status status = page->rows == 0 ? NG_OK : ngi_page_write(sort, page);
    ngi_sorted_run *const run = &sort->runs[sort->run_count++];
    run->at = at;
    run->end = sort->written;
    run->level = level;
    return status;
}

/* Opens the last `count` runs, which are given up. */
static ng_status ngi_runs_open(ngi_sort *sort, uint32_t count) {
    ng_status status = NG_OK;
    sort->run_count -= count;
    for (uint32_t i = 0; i < count && status == NG_OK; i++) {
        sort->pages[i].next = sort->runs[sort->run_count + i].at;
        sort->pages[i].end = sort->runs[sort->run_count + i].end;
        status = ngi_page_read(sort, &sort->pages[i]);
    }
    return status;
}

/* The page whose first row is the next, NULL: there is none. */
static ngi_page *ngi_runs_next(ngi_sort *sort, uint32_t count) {
    ngi_page *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        ngi_page *const page = &sort->pages[i];
        if (page->at < page->rows) {
            const ng_row row = {page->block->columns, page->at};
            const ng_row least = {best == NULL ? NULL : best->block->columns,
                                  best == NULL ? 0 : best->at};
            best = best == NULL || ngi_sort_compare(sort, row, least) < 0 ? page : best;
        }
    }
    return best;
}

/* The first row of a page is done with. */
static ng_status ngi_page_take(const ngi_sort *sort, ngi_page *page) {
    page->at++;
    return page->at == page->rows ? ngi_page_read(sort, page) : NG_OK;
}

/* Makes one of the last `count` runs. */
static ng_status ngi_runs_merge(ngi_sort *sort, uint32_t count, uint32_t level) {
    const uint64_t at = sort->written;
    ng_status status = ngi_runs_open(sort, count);
    for (ngi_page *page = NULL; status == NG_OK;) {
        page = ngi_runs_next(sort, count);
        if (page == NULL) {
            return ngi_run_end(sort, at, level);
        }
        const ng_row row = {page->block->columns, page->at};
        status = ngi_sort_put(sort, row);
        status = status == NG_OK ? ngi_page_take(sort, page) : status;
    }
    return status;
}

/* Sorts the block into a run, and merges runs of one level as soon as there are enough. */
static ng_status ngi_sort_spill(ngi_sort *sort) {
    const uint64_t at = sort->written;
    ng_status status = NG_OK;
    ngi_sort_block(sort);
    for (uint32_t i = 0; i < sort->filled && status == NG_OK; i++) {
        status = ngi_sort_put(sort, ngi_sort_row(sort, sort->order[i]));
    }
    status = status == NG_OK ? ngi_run_end(sort, at, 0) : status;
    sort->filled = 0;
    while (status == NG_OK && sort->run_count >= NGI_SORT_WAYS &&
           sort->runs[sort->run_count - NGI_SORT_WAYS].level ==
               sort->runs[sort->run_count - 1].level) {
        status = ngi_runs_merge(sort, NGI_SORT_WAYS, sort->runs[sort->run_count - 1].level + 1);
    }
    return status;
}

/* All rows are there: leaves at most as many runs as can be merged at once, and opens them. */
static ng_status ngi_sort_close_runs(ngi_sort *sort) {
    ng_status status = sort->filled == 0 ? NG_OK : ngi_sort_spill(sort);
    while (status == NG_OK && sort->run_count > NGI_SORT_WAYS) {
        const uint32_t ways = NGI_SORT_WAYS, over = sort->run_count - ways + 1;
        status = ngi_runs_merge(sort, over < ways ? over : ways, 0);
    }
    sort->merging = sort->run_count;
    return status == NG_OK ? ngi_runs_open(sort, sort->run_count) : status;
}

/* ---- the operator ---------------------------------------------------------------------------- */

/* Whether all texts of a row are as short as was promised. */
static bool ngi_sort_bears(const ngi_sort *sort, const ng_batch *in, size_t row) {
    bool bears = true;
    for (size_t i = 0; i < in->schema->count && bears; i++) {
        const int32_t *const offsets = (const int32_t *)in->block->columns[i].values;
        const size_t at = in->offset + row;
        bears = in->schema->fields[i].type != NG_UTF8 ||
                (size_t)(offsets[at + 1] - offsets[at]) <= sort->longest;
    }
    return bears;
}

static ng_step ngi_sort_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_sort *const sort = (ngi_sort *)state;
    ng_status status = sort->status;
    size_t fine = 0, done = 0;
    (void)out;
    while (fine < in->rows && ngi_sort_bears(sort, in, fine)) {
        fine++;
    }
    while (done < fine && status == NG_OK) {
        const size_t copied = ng_batch_copy(in, done, fine - done, sort->rows, sort->filled);
        done += copied;
        sort->filled += (uint32_t)copied;
        if (done < fine && sort->storage.write != NULL) {
            status = sort->status = ngi_sort_spill(sort);
        } else if (done < fine) {
            status = NG_FULL;
        }
    }
    ng_context_count(context, NG_HELD, (int64_t)done);
    status = status == NG_OK && done < in->rows ? NG_TOO_LARGE : status;
    return ng_step_of(done, 0, status);
}

/* The next row that goes out. `*there`: there is one. */
static ng_row ngi_sort_first(ngi_sort *sort, ngi_page **page, bool *there) {
    if (sort->merging == 0) {
        *there = sort->given < sort->filled;
        return ngi_sort_row(sort, *there ? sort->order[sort->given] : 0);
    }
    *page = ngi_runs_next(sort, sort->merging);
    const ng_row row = {*page == NULL ? NULL : (*page)->block->columns,
                        *page == NULL ? 0 : (*page)->at};
    *there = *page != NULL;
    return row;
}

static ng_step ngi_sort_end(void *state, ng_context *context, const ng_room *out) {
    ngi_sort *const sort = (ngi_sort *)state;
    ng_status status = sort->status;
    size_t made = 0;
    bool there = true;
    if (!sort->sorted && status == NG_OK) {
        sort->sorted = true;
        if (sort->run_count != 0) {
            status = ngi_sort_close_runs(sort);
        } else {
            ngi_sort_block(sort);
        }
    }
    while (status == NG_OK && there) {
        ngi_page *page = NULL;
        const ng_row row = ngi_sort_first(sort, &page, &there);
        if (!there || made == out->rows ||
            !ngi_sort_copy(sort, row, out->columns, out->at + out->rows, out->at + made)) {
            break;
        }
        made++;
        sort->given++;
        status = page == NULL ? NG_OK : ngi_page_take(sort, page);
    }
    ng_context_count(context, NG_HELD, -(int64_t)made);
    const bool never = status == NG_OK && there && made == 0 && out->at == 0;
    return ng_step_of(0, made, never ? NG_TOO_LARGE : status == NG_OK && there ? NG_AGAIN : status);
}

static const ng_operator ngi_sort_calls = {"sort", NULL, ngi_sort_push, ngi_sort_end,
                                           NULL,   NULL, NULL,          true};

/* ---- building -------------------------------------------------------------------------------- */

static ng_status ngi_sort_check(const ng_schema *schema, const ng_sort_key *keys, size_t count,
                                const ng_sort_options *options, ngi_sort *like) {
    __builtin_memset(like, 0, sizeof *like);
    if (schema == NULL || keys == NULL || count == 0 || options == NULL || options->rows < 16 ||
        options->rows > (size_t)1 << 30 || options->text == 0 || options->longest_text == 0 ||
        options->longest_text > options->text ||
        (options->storage.write != NULL && options->storage.read == NULL)) {
        return NG_INVALID;
    }
    if (count > NGI_KEYS_MOST) {
        return NG_TOO_LARGE;
    }
    ng_status status = NG_OK;
    for (size_t i = 0; i < count && status == NG_OK; i++) {
        ngi_keys one;
        status = ngi_keys_find(&one, schema, &keys[i].column, 1);
        like->keys.places[i] = one.places[0];
        like->descending[i] = keys[i].descending;
        like->nulls_first[i] = keys[i].nulls_first;
    }
    like->keys.schema = schema;
    like->keys.count = count;
    like->storage = options->storage;
    like->longest = options->longest_text;
    like->page_rows = options->rows / NGI_SORT_WAYS / 2 + 1;
    like->page_text = options->text / NGI_SORT_WAYS / 2 + 1;
    like->page_text = like->page_text < like->longest ? like->longest : like->page_text;
    return status;
}

/* Lays out what follows a sort's state. */
static ng_status ngi_sort_lay_out(ngi_sort *sort, const ng_sort_options *options, size_t rows_size,
                                  size_t orders_size) {
    const ng_schema *const schema = sort->keys.schema;
    uint8_t *const orders = (uint8_t *)sort + ngi_size_round(sizeof *sort, 64);
    uint8_t *const rows = orders + 2 * orders_size;
    sort->order = (uint32_t *)(void *)orders;
    sort->other = (uint32_t *)(void *)(orders + orders_size);
    ng_status status =
        ng_pool_init(&sort->rows_pool, rows, schema, 1, options->rows, options->text);
    if (status == NG_OK && options->storage.write != NULL) {
        status = ng_pool_init(&sort->pages_pool, rows + ngi_size_round(rows_size, 64), schema,
                              NGI_SORT_WAYS + 1, sort->page_rows, sort->page_text);
        for (size_t i = 0; i <= NGI_SORT_WAYS && status == NG_OK; i++) {
            sort->pages[i].block = ng_pool_take(&sort->pages_pool);
        }
    }
    sort->rows = status == NG_OK ? ng_pool_take(&sort->rows_pool) : NULL;
    return status;
}

ng_river ng_sort(ng_river river, const ng_sort_key *keys, size_t count,
                 const ng_sort_options *options) {
    ngi_sort like;
    const ng_schema *const schema = ng_columns(river);
    const ng_status checked = ngi_sort_check(schema, keys, count, options, &like);
    if (checked != NG_OK) {
        return ng_refuse(river.graph, ngi_sort_calls.name, checked);
    }
    const bool stored = options->storage.write != NULL;
    const size_t rows = ng_pool_size(schema, 1, options->rows, options->text);
    const size_t pages =
        stored ? ng_pool_size(schema, NGI_SORT_WAYS + 1, like.page_rows, like.page_text) : 0;
    const size_t orders = ngi_size_round(options->rows * sizeof(uint32_t), 64);
    size_t size = ngi_size_plus(ngi_size_round(sizeof like, 64), 2 * orders);
    size = ngi_size_plus(size, ngi_size_plus(ngi_size_round(rows, 64), pages));
    if (rows == 0 || (stored && pages == 0)) {
        return ng_refuse(river.graph, ngi_sort_calls.name, NG_INVALID);
    }
    const ng_stage stage = {&ngi_sort_calls, size, NULL, NULL, 1, false, 1};
    const ng_river sorted = ng_apply(river.graph, &river, 1, &stage);
    ngi_sort *const sort = (ngi_sort *)ng_state(sorted);
    if (sort == NULL) {
        return sorted;
    }
    *sort = like;
    const ng_status status = ngi_sort_lay_out(sort, options, rows, orders);
    return status == NG_OK ? sorted : ng_refuse(river.graph, ngi_sort_calls.name, status);
}
