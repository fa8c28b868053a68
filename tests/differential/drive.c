/* drive: runs kernels over rows that are cut, placed and received as a case file says.
 *
 *   drive --describe          prints each operator, its fields and the profiles this machine has
 *   drive CASES RESULTS       runs every case of the file; what they mean stands in blob.py
 *
 * Every buffer has its exact size and forbidden pages around it, so a kernel that reads or writes
 * beyond its rows ends the process (status 3) with a line that names the buffer.
 */
#include "drive.h"
#include "guarded.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 256, RUNS_MAX = 2, STUCK_MAX = 64, PREFILLED_TEXT = 2 };

/* ---- the case file ---- */

typedef struct reader {
    const unsigned char *at, *end;
} reader;

/* Every piece is followed by up to three bytes that keep the next one aligned. */
static const unsigned char *read_bytes(reader *r, size_t size) {
    const unsigned char *bytes = r->at;
    size = (size + 3) / 4 * 4;
    if ((size_t)(r->end - r->at) < size) {
        fprintf(stderr, "drive: the case file is too short\n");
        exit(2);
    }
    r->at += size;
    return bytes;
}

static uint32_t read_u32(reader *r) {
    uint32_t value;
    memcpy(&value, read_bytes(r, sizeof value), sizeof value);
    return value;
}

/* Bytes that grow. */
typedef struct heap {
    unsigned char *bytes;
    size_t size, room;
} heap;

static void heap_add(heap *h, const void *bytes, size_t size) {
    if (h->size + size > h->room) {
        h->room = 2 * h->room + size + 256;
        h->bytes = (unsigned char *)realloc(h->bytes, h->room);
        if (h->bytes == NULL) {
            exit(2);
        }
    }
    if (size > 0) {
        memcpy(h->bytes + h->size, bytes, size);
    }
    h->size += size;
}

static size_t value_size(ng_type type) {
    switch (type) {
    case NG_I8:
    case NG_U8:
        return 1;
    case NG_I16:
    case NG_U16:
        return 2;
    case NG_I32:
    case NG_U32:
    case NG_F32:
        return 4;
    case NG_BOOL:
    case NG_UTF8:
        return 0;
    default:
        return 8;
    }
}

static bool bit_get(const unsigned char *bits, size_t at) {
    return (bits[at / 8] >> (at % 8) & 1) != 0;
}

static void bit_put(unsigned char *bits, size_t at, bool value) {
    const unsigned bit = 1u << (at % 8);
    bits[at / 8] = (unsigned char)(value ? bits[at / 8] | bit : bits[at / 8] & ~bit);
}

/* ---- one case ---- */

typedef struct source {
    const unsigned char *values; /* rows of value_size; NG_BOOL: a byte each; NG_UTF8: offsets */
    const unsigned char *text;
    const unsigned char *valid; /* a byte a row; NULL: cannot be null */
} source;

typedef struct cut {
    uint32_t rows, offset;
} cut;

typedef struct room {
    uint32_t capacity, filled, text;
} room;

typedef struct move {
    uint32_t before_cut, profile;
} move;

/* A column's parts in guarded memory. */
typedef struct part {
    guarded values, valid, bytes;
    unsigned char *before[3]; /* what stood there when the kernel got it; NULL: not kept */
} part;

typedef struct run {
    const ng_kernel *op;
    guarded_side side;
    guarded state, old_state;
    guarded out;
    part parts[FIELDS_MAX];
    const room *rooms;
    uint32_t room_count, next_room, move_count;
    const move *moves;
    room now;
    uint32_t longest_text; /* of a row that comes out */
    uint32_t stuck;        /* pushes since anything happened */
    bool open;             /* whether `out` exists */
    bool over;             /* ended, failed or in breach of the contract */
    ng_status status;
    uint64_t consumed, rows, failed_row;
    heap values[FIELDS_MAX], valid[FIELDS_MAX], text[FIELDS_MAX];
    char breach[256];
} run;

static void breach(run *r, const char *format, ...) {
    va_list args;
    if (r->breach[0] == '\0') {
        va_start(args, format);
        vsnprintf(r->breach, sizeof r->breach, format, args);
        va_end(args);
    }
    r->over = true;
}

static size_t get_size(const guarded *g, uint16_t offset) {
    size_t value;
    memcpy(&value, g->bytes + offset, sizeof value);
    return value;
}

static void put_size(const guarded *g, uint16_t offset, size_t value) {
    memcpy(g->bytes + offset, &value, sizeof value);
}

static void put_pointer(const guarded *g, uint16_t offset, void *value) {
    memcpy(g->bytes + offset, &value, sizeof value);
}

static void part_free(part *p) {
    guarded *const all[] = {&p->values, &p->valid, &p->bytes};
    for (size_t i = 0; i < 3; i += 1) {
        if (all[i]->map != NULL) {
            guarded_free(all[i]);
        }
        free(p->before[i]);
    }
    memset(p, 0, sizeof *p);
}

/* ---- rows in ---- */

/* No bitmap means that no row is null: every other cut without nulls is passed so. */
static bool may_omit_valid(cut c) { return (c.offset + c.rows) % 2 == 0; }

static part column_in(const ng_field *f, const source *s, size_t first, cut c, guarded_side side) {
    const size_t size = value_size(f->type), all = (size_t)c.offset + c.rows;
    part p;
    memset(&p, 0, sizeof p);
    if (f->type == NG_BOOL) {
        p.values = guarded_new((all + 7) / 8, side, f->name);
        for (size_t i = 0; i < c.rows; i += 1) {
            bit_put(p.values.bytes, c.offset + i, s->values[first + i] != 0);
        }
    } else if (f->type == NG_UTF8) {
        int32_t from, to;
        memcpy(&from, s->values + 4 * first, 4);
        memcpy(&to, s->values + 4 * (first + c.rows), 4);
        const int32_t base = (int32_t)(3 * c.offset);
        p.values = guarded_new(4 * (all + 1), side, f->name);
        for (size_t i = 0; i <= all; i += 1) {
            int32_t at = (int32_t)(3 * i);
            if (i >= c.offset) {
                memcpy(&at, s->values + 4 * (first + i - c.offset), 4);
                at += base - from;
            }
            memcpy(p.values.bytes + 4 * i, &at, 4);
        }
        p.bytes = guarded_new((size_t)base + (size_t)(to - from), side, f->name);
        memcpy(p.bytes.bytes + base, s->text + from, (size_t)(to - from));
        guarded_seal(&p.bytes);
    } else {
        p.values = guarded_new(size * all, side, f->name);
        memcpy(p.values.bytes + size * c.offset, s->values + size * first, size * c.rows);
    }
    guarded_seal(&p.values);
    if (f->nullable && !(may_omit_valid(c) && memchr(s->valid + first, 0, c.rows) == NULL)) {
        p.valid = guarded_new((all + 7) / 8, side, f->name);
        for (size_t i = 0; i < c.rows; i += 1) {
            bit_put(p.valid.bytes, c.offset + i, s->valid[first + i] != 0);
        }
        guarded_seal(&p.valid);
    }
    return p;
}

static void connect(const guarded *structure, const ng_field *f, const part *p) {
    put_pointer(structure, f->values, p->values.bytes);
    if (f->valid != NG_NONE) {
        put_pointer(structure, f->valid, p->valid.bytes);
    }
    if (f->bytes != NG_NONE) {
        put_pointer(structure, f->bytes, p->bytes.bytes);
    }
}

/* ---- rows out ---- */

static unsigned char *copy_of(const guarded *g) {
    unsigned char *copy = (unsigned char *)malloc(g->size + 1);
    if (copy == NULL) {
        exit(2);
    }
    memcpy(copy, g->bytes, g->size);
    return copy;
}

/* A fresh `out` of the next size in the list, with some rows in it that are not the kernel's. */
static void out_open(run *r) {
    r->now = r->rooms[r->next_room % r->room_count];
    r->next_room += 1;
    r->open = true;
    r->out = guarded_new(r->op->out_size, r->side, "the out structure");
    memset(r->out.bytes, 0, r->out.size);
    const size_t capacity = r->now.capacity;
    const size_t text = ((size_t)r->now.text << (r->stuck < 16 ? r->stuck : 16)) +
                        (size_t)PREFILLED_TEXT * r->now.filled;
    for (size_t i = 0; i < r->op->out.count; i += 1) {
        const ng_field *f = &r->op->out.fields[i];
        part *p = &r->parts[i];
        memset(p, 0, sizeof *p);
        if (f->type == NG_UTF8) {
            p->values = guarded_new(4 * (capacity + 1), r->side, f->name);
            for (int32_t row = 0; row <= (int32_t)r->now.filled; row += 1) {
                const int32_t at = row * PREFILLED_TEXT;
                memcpy(p->values.bytes + 4 * row, &at, 4);
            }
            p->bytes = guarded_new(text, r->side, f->name);
            put_size(&r->out, f->room, text);
            p->before[2] = copy_of(&p->bytes);
        } else {
            const size_t size = value_size(f->type);
            p->values = guarded_new(size ? size * capacity : (capacity + 7) / 8, r->side, f->name);
        }
        p->before[0] = copy_of(&p->values);
        if (f->nullable) {
            p->valid = guarded_new((capacity + 7) / 8, r->side, f->name);
            p->before[1] = copy_of(&p->valid);
        }
        connect(&r->out, f, p);
    }
    put_size(&r->out, r->op->out_capacity, capacity);
    put_size(&r->out, r->op->out_rows, r->now.filled);
}

static bool same_bits(const unsigned char *a, const unsigned char *b, size_t count) {
    for (size_t i = 0; i < count; i += 1) {
        if (bit_get(a, i) != bit_get(b, i)) {
            return false;
        }
    }
    return true;
}

/* Whether the rows that were there before, and what lies around the buffers, are as they were. */
static bool part_kept(const run *r, const ng_field *f, const part *p) {
    const size_t filled = r->now.filled, size = f->type == NG_UTF8 ? 4 : value_size(f->type);
    const size_t values = f->type == NG_UTF8 ? filled + 1 : filled;
    const bool around = guarded_intact(&p->values) &&
                        (p->valid.map == NULL || guarded_intact(&p->valid)) &&
                        (p->bytes.map == NULL || guarded_intact(&p->bytes));
    const bool same = size == 0 ? same_bits(p->values.bytes, p->before[0], filled)
                                : memcmp(p->values.bytes, p->before[0], size * values) == 0;
    return around && same && (!f->nullable || same_bits(p->valid.bytes, p->before[1], filled)) &&
           (f->type != NG_UTF8 ||
            memcmp(p->bytes.bytes, p->before[2], PREFILLED_TEXT * filled) == 0);
}

static void collect_text(run *r, size_t i, size_t rows) {
    const part *p = &r->parts[i];
    int32_t from, to;
    for (size_t row = r->now.filled; row < rows; row += 1) {
        memcpy(&from, p->values.bytes + 4 * row, 4);
        memcpy(&to, p->values.bytes + 4 * (row + 1), 4);
        if (from < 0 || to < from || (size_t)to > p->bytes.size) {
            breach(r, "`%s` has a row of text from %d to %d", r->op->out.fields[i].name, (int)from,
                   (int)to);
            return;
        }
        const int32_t size = to - from;
        heap_add(&r->values[i], &size, 4);
        heap_add(&r->text[i], p->bytes.bytes + from, (size_t)size);
    }
}

static void collect(run *r, size_t i, size_t rows) {
    const ng_field *f = &r->op->out.fields[i];
    const part *p = &r->parts[i];
    const size_t size = value_size(f->type);
    if (f->type == NG_UTF8) {
        collect_text(r, i, rows);
    } else if (size > 0) {
        heap_add(&r->values[i], p->values.bytes + size * r->now.filled,
                 size * (rows - r->now.filled));
    }
    for (size_t row = r->now.filled; row < rows; row += 1) {
        if (f->type == NG_BOOL) {
            const unsigned char value = bit_get(p->values.bytes, row);
            heap_add(&r->values[i], &value, 1);
        }
        if (f->nullable) {
            const unsigned char value = bit_get(p->valid.bytes, row);
            heap_add(&r->valid[i], &value, 1);
        }
    }
}

/* Takes the rows out of `out` and lets go of it. */
static void out_close(run *r) {
    if (!r->open) {
        return;
    }
    const size_t rows = get_size(&r->out, r->op->out_rows);
    for (size_t i = 0; i < r->op->out.count; i += 1) {
        if (!part_kept(r, &r->op->out.fields[i], &r->parts[i])) {
            breach(r, "wrote to `%s` outside its own rows", r->op->out.fields[i].name);
        }
        collect(r, i, rows);
        part_free(&r->parts[i]);
    }
    r->rows += rows - r->now.filled;
    guarded_free(&r->out);
    r->open = false;
}

/* ---- calls ---- */

/* Whether there may be no room for the next row's text. */
static bool text_is_full(const run *r, size_t rows) {
    for (size_t i = 0; i < r->op->out.count; i += 1) {
        if (r->op->out.fields[i].type == NG_UTF8) {
            int32_t used;
            memcpy(&used, r->parts[i].values.bytes + 4 * rows, 4);
            if (r->parts[i].bytes.size < (size_t)used + r->longest_text) {
                return true;
            }
        }
    }
    return false;
}

static void fail(run *r, ng_status status) {
    r->status = status;
    r->failed_row = r->op->failed_row(r->state.bytes);
    r->over = true;
    const ng_step again = r->op->flush(r->state.bytes, r->out.bytes);
    if (again.status != status || again.consumed != 0 || again.produced != 0) {
        breach(r, "failed with %d, but the next call returned %d", (int)status, (int)again.status);
    }
}

/* Calls push (`in` not NULL) or flush, and holds the answer against the contract. */
static ng_step call(run *r, const guarded *in, size_t rows) {
    if (!r->open) {
        out_open(r);
    }
    const size_t before = get_size(&r->out, r->op->out_rows), capacity = r->now.capacity;
    const ng_step step = in != NULL ? r->op->push(r->state.bytes, in->bytes, rows, r->out.bytes)
                                    : r->op->flush(r->state.bytes, r->out.bytes);
    const size_t after = get_size(&r->out, r->op->out_rows);
    const char *name = in != NULL ? "push" : "flush";
    const bool more = in != NULL ? step.consumed < rows : step.status == NG_AGAIN;
    if (after > capacity || after != before + step.produced) {
        breach(r, "%s produced %lu, and out.rows went from %lu to %lu of %lu", name,
               (unsigned long)step.produced, (unsigned long)before, (unsigned long)after,
               (unsigned long)capacity);
        put_size(&r->out, r->op->out_rows, before);
    } else if (step.consumed > rows) {
        breach(r, "%s consumed %lu of %lu rows", name, (unsigned long)step.consumed,
               (unsigned long)rows);
    } else if (step.status < 0) {
        fail(r, step.status);
    } else if (in != NULL ? step.status != NG_OK && step.status != NG_END : step.status > NG_END) {
        breach(r, "%s returned status %d", name, (int)step.status);
    } else if (more && step.status != NG_END && after < capacity && !text_is_full(r, after)) {
        breach(r, "%s stopped at %lu of %lu rows, with room for more", name, (unsigned long)after,
               (unsigned long)capacity);
    }
    r->consumed += step.consumed;
    r->stuck = step.consumed + step.produced > 0 ? 0 : r->stuck + 1;
    if (r->stuck > STUCK_MAX) {
        breach(r, "%s does not get on", name);
    }
    if (more || after == capacity) {
        out_close(r);
    }
    return step;
}

static void use_profile(run *r, uint32_t profile) {
    const ng_profile used = r->op->force(r->state.bytes, (ng_profile)profile);
    if ((uint32_t)used != profile) {
        breach(r, "asked for profile %u, got %d", (unsigned)profile, (int)used);
    }
}

/* Copies the state to another place; the old one may not be touched any more. */
static void move_state(run *r, uint32_t profile) {
    guarded to = guarded_new(r->op->state_size, r->side, "the state");
    memcpy(to.bytes, r->state.bytes, to.size);
    if (r->old_state.map != NULL) {
        guarded_free(&r->old_state);
    }
    r->old_state = r->state;
    r->old_state.what = "the state in its former place";
    guarded_forbid(&r->old_state);
    r->state = to;
    if (profile != NG_AUTO) {
        use_profile(r, profile);
    }
}

static void feed(run *r, uint32_t index, const source *sources, size_t first, cut c) {
    const ng_kernel *op = r->op;
    part parts[FIELDS_MAX];
    for (uint32_t i = 0; i < r->move_count; i += 1) {
        if (r->moves[i].before_cut == index) {
            move_state(r, r->moves[i].profile);
        }
    }
    for (size_t i = 0; i < op->in.count; i += 1) {
        parts[i] = column_in(&op->in.fields[i], &sources[i], first, c, r->side);
    }
    size_t taken = 0;
    do {
        guarded in = guarded_new(op->in_size, r->side, "the in structure");
        for (size_t i = 0; i < op->in.count; i += 1) {
            connect(&in, &op->in.fields[i], &parts[i]);
        }
        put_size(&in, op->in_offset, c.offset + taken);
        guarded_seal(&in);
        const ng_step step = call(r, &in, c.rows - taken);
        guarded_free(&in);
        taken += step.consumed;
        r->over = r->over || step.status == NG_END;
    } while (!r->over && taken < c.rows);
    for (size_t i = 0; i < op->in.count; i += 1) {
        part_free(&parts[i]);
    }
}

static void finish(run *r) {
    if (r->breach[0] == '\0' && r->status >= 0) {
        r->over = false;
        ng_step step;
        do {
            step = call(r, NULL, 0);
        } while (!r->over && step.status == NG_AGAIN);
    }
    out_close(r);
}

/* ---- cases ---- */

static void read_sources(reader *in, const ng_kernel *op, size_t rows, source *sources) {
    for (size_t i = 0; i < op->in.count; i += 1) {
        const ng_field *f = &op->in.fields[i];
        source *s = &sources[i];
        const size_t size = f->type == NG_BOOL ? 1 : value_size(f->type);
        s->values = read_bytes(in, f->type == NG_UTF8 ? 4 * (rows + 1) : size * rows);
        if (f->type == NG_UTF8) {
            int32_t text;
            memcpy(&text, s->values + 4 * rows, 4);
            s->text = read_bytes(in, (size_t)text);
        }
        s->valid = f->nullable ? read_bytes(in, rows) : NULL;
    }
}

static void start(run *r, reader *in, const ng_kernel *op, guarded_side side,
                  const guarded *params) {
    memset(r, 0, sizeof *r);
    r->op = op;
    r->side = side;
    r->longest_text = read_u32(in);
    const uint32_t profile = read_u32(in);
    r->room_count = read_u32(in);
    r->rooms = (const room *)(const void *)read_bytes(in, r->room_count * sizeof(room));
    r->move_count = read_u32(in);
    r->moves = (const move *)(const void *)read_bytes(in, r->move_count * sizeof(move));
    r->state = guarded_new(op->state_size, side, "the state");
    op->init(r->state.bytes, params != NULL ? params->bytes : NULL);
    use_profile(r, profile);
}

static guarded read_params(reader *in, const ng_kernel *op, guarded_side side) {
    guarded params = guarded_new(op->params_size, side, "the params");
    memset(params.bytes, 0, params.size);
    for (size_t i = 0; i < op->params.count; i += 1) {
        const ng_field *f = &op->params.fields[i];
        const unsigned char *value = read_bytes(in, 8);
        const size_t size = f->type == NG_BOOL ? 1 : value_size(f->type);
        memcpy(params.bytes + f->values, value, size);
    }
    guarded_seal(&params);
    return params;
}

static void write_run(run *r, FILE *to) {
    const uint32_t message = (uint32_t)strlen(r->breach);
    const int32_t status = (int32_t)r->status;
    fwrite(&message, 4, 1, to);
    fwrite(r->breach, 1, message, to);
    fwrite(&status, 4, 1, to);
    fwrite(&r->failed_row, 8, 1, to);
    fwrite(&r->consumed, 8, 1, to);
    fwrite(&r->rows, 8, 1, to);
    for (size_t i = 0; i < r->op->out.count; i += 1) {
        heap *const all[] = {&r->values[i], &r->valid[i], &r->text[i]};
        for (size_t k = 0; k < 3; k += 1) {
            const uint64_t size = all[k]->size;
            fwrite(&size, 8, 1, to);
            fwrite(all[k]->bytes, 1, all[k]->size, to);
            free(all[k]->bytes);
        }
    }
    if (!guarded_intact(&r->state)) {
        fprintf(stderr, "drive: the pages around the state were written to\n");
        exit(2);
    }
    guarded_free(&r->state);
    if (r->old_state.map != NULL) {
        guarded_free(&r->old_state);
    }
}

static void run_case(reader *in, FILE *to) {
    static run runs[RUNS_MAX];
    source sources[FIELDS_MAX];
    const ng_kernel *op = drive_operators[read_u32(in)];
    const uint32_t run_count = read_u32(in);
    const guarded_side side = read_u32(in) ? GUARDED_BEFORE : GUARDED_BEHIND;
    const bool defaults = read_u32(in) != 0;
    const size_t rows = read_u32(in);
    guarded params = read_params(in, op, side);
    read_sources(in, op, rows, sources);
    const uint32_t cut_count = read_u32(in);
    const cut *cuts = (const cut *)(const void *)read_bytes(in, cut_count * sizeof(cut));
    for (uint32_t k = 0; k < run_count; k += 1) {
        start(&runs[k], in, op, side, defaults ? NULL : &params);
    }
    guarded_free(&params);
    size_t first = 0;
    for (uint32_t i = 0; i < cut_count; i += 1) {
        for (uint32_t k = 0; k < run_count; k += 1) {
            if (!runs[k].over) {
                feed(&runs[k], i, sources, first, cuts[i]);
            }
        }
        first += cuts[i].rows;
    }
    for (uint32_t k = 0; k < run_count; k += 1) {
        finish(&runs[k]);
    }
    for (uint32_t k = 0; k < run_count; k += 1) {
        write_run(&runs[k], to);
    }
    fflush(to);
}

static void describe_fields(const char *what, const ng_field *fields, size_t count) {
    for (size_t i = 0; i < count; i += 1) {
        printf("%s %s %d %d\n", what, fields[i].name, (int)fields[i].type, (int)fields[i].nullable);
    }
}

static void describe(void) {
    for (size_t i = 0; i < drive_operator_count; i += 1) {
        const ng_kernel *op = drive_operators[i];
        void *state = malloc(op->state_size);
        if (state == NULL) {
            exit(2);
        }
        printf("operator %s %lu\n", op->name, (unsigned long)op->state_size);
        op->init(state, NULL);
        for (int profile = NG_SCALAR; profile <= NG_V512; profile += 1) {
            if (op->force(state, (ng_profile)profile) == (ng_profile)profile) {
                printf("profile %d\n", profile);
            }
        }
        free(state);
        describe_fields("in", op->in.fields, op->in.count);
        describe_fields("out", op->out.fields, op->out.count);
        describe_fields("param", op->params.fields, op->params.count);
    }
}

static reader read_file(const char *path, unsigned char **bytes) {
    reader r;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "drive: cannot read %s\n", path);
        exit(2);
    }
    const size_t size = (size_t)ftell(file);
    rewind(file);
    *bytes = (unsigned char *)malloc(size + 1);
    if (*bytes == NULL || fread(*bytes, 1, size, file) != size) {
        fprintf(stderr, "drive: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    r.at = *bytes;
    r.end = *bytes + size;
    return r;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--describe") == 0) {
        describe();
        return 0;
    }
    if (argc != 3) {
        fprintf(stderr, "usage: drive --describe | drive CASES RESULTS\n");
        return 2;
    }
    unsigned char *bytes;
    reader in = read_file(argv[1], &bytes);
    FILE *to = fopen(argv[2], "wb");
    if (to == NULL) {
        fprintf(stderr, "drive: cannot write %s\n", argv[2]);
        return 2;
    }
    guarded_watch();
    while (in.at < in.end) {
        const uint32_t size = read_u32(&in);
        reader one = {in.at, in.at + size};
        read_bytes(&in, size);
        run_case(&one, to);
    }
    fclose(to);
    free(bytes);
    return 0;
}
