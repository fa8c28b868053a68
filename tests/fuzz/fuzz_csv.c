/* fuzz_csv: any bytes as CSV text, under any options. The answer must not depend on how the bytes
 * arrive and how the rows are fetched, and what the writer makes of the rows must read back as the
 * same rows.
 *
 *     clang -std=c99 -g -O1 -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_csv.c -o fuzz_csv
 *     ./fuzz_csv -max_total_time=60
 */
#include "../../core/csv_reader.c"
#include "../../core/csv_writer.c"
#include "../../core/number.c"
#include "../c/csv_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes a byte off the front; 0 where there are none left. */
static unsigned take(const uint8_t **data, size_t *size) {
    if (*size == 0) {
        return 0;
    }
    (*size)--;
    return *(*data)++;
}

/* The first bytes choose the options and the fields, the others are the text. */
static void choose(csv_case *c, csv_source *source, const uint8_t **data, size_t *size) {
    static const char delimiters[] = ",;\t|'\" .5n-";
    static const char *const nulls[] = {"", "NA", "0", " ", "-1"};
    static const char *const names[] = {"a", "b", "a,b", "\"q\""};
    memset(c, 0, sizeof *c);
    c->options = ng_csv_defaults();
    const unsigned options = take(data, size);
    if (options & 1) {
        const size_t separator = take(data, size) % (sizeof delimiters - 1);
        const size_t other = 1 + take(data, size) % (sizeof delimiters - 2);
        c->options.separator = delimiters[separator];
        c->options.quote = delimiters[(separator + other) % (sizeof delimiters - 1)];
    }
    c->options.header = (options & 2) != 0;
    c->options.on_error = (ng_csv_on_error)(options / 4 % 3);
    c->options.nulls = nulls;
    c->options.null_count = take(data, size) % 6;
    c->options.record_limit = 1 + take(data, size);
    c->options.chunk = 1 + take(data, size) % 80;
    c->text_room = take(data, size);
    c->field_count = take(data, size) % 5;
    for (size_t i = 0; i < c->field_count; i++) {
        const unsigned kind = take(data, size), place = take(data, size);
        c->fields[i].name = names[place % 4];
        c->fields[i].label = c->options.header && (place & 16) ? names[place % 4] : NULL;
        c->fields[i].index = place / 4 % 4;
        c->fields[i].type = (ng_type)(1 + kind % 16);
        c->fields[i].nullable = kind >= 128;
    }
    memset(source, 0, sizeof *source);
    source->step = 1 + take(data, size) % 64;
    source->hesitates = (options & 64) != 0;
    source->announces = (options & 128) != 0;
    c->capacity = 1 + take(data, size) % 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const csv_source whole = {NULL, NULL, SIZE_MAX, false, false, false, NG_OK};
    csv_case c;
    csv_source pieces;
    text_buffer csv = {NULL, 0, 0};
    choose(&c, &pieces, &data, &size);
    /* A copy, since `data` is NULL where nothing is left, and may have bytes around it. */
    char *content = (char *)must_allocate(size);
    if (size > 0) {
        memcpy(content, data, size);
    }
    c.content = content;
    c.size = size;
    text_buffer out = csv_case_run(&c, whole, &csv);
    if (!csv_case_same(&c, pieces, 1 + c.capacity / 3, &out, &csv)) {
        give_up("the answer depends on how the text is cut");
    }
    if (!csv_case_reads_back(&c, &out, &csv)) {
        give_up("what was written does not read back");
    }
    free(content);
    free(out.bytes);
    free(csv.bytes);
    return 0;
}
