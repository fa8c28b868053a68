/* CSV to windows: text in, a line of text for each hundred rows out, in constant memory.
 *
 *     cc -I. examples/streams/csv_windows.c -o build/csv_windows
 *     (echo x; seq 1 250) | build/csv_windows
 *
 * prints
 *
 *     n,mean,min,max
 *     100,50.5,1,100
 *     100,150.5,101,200
 *     50,225.5,201,250
 */
#include <stdio.h>
#define NAGARE_IMPLEMENTATION
#include "kernels/windows.h"

#include "heap.h"

static size_t read_some(void *ctx, void *into, size_t room, ng_status *status) {
    FILE *const file = (FILE *)ctx;
    const size_t got = fread(into, 1, room, file);
    *status = got == 0 && ferror(file) ? NG_IO : NG_OK;
    return got;
}

static ng_status write_all(void *ctx, const void *bytes, size_t size) {
    return fwrite(bytes, 1, size, (FILE *)ctx) == size ? NG_OK : NG_IO;
}

static const ng_field fields[] = {NG_FIELD("x", NG_F32)};
static const ng_schema columns = {fields, 1};

int main(void) {
    const ng_graph_options options = ng_graph_defaults(heap);
    ng_graph graph;
    ng_status status = ng_graph_init(&graph, &options);
    if (status != NG_OK) {
        return 1;
    }
    const ng_river text = ng_csv_source(&graph, &columns, NULL, NULL, read_some, stdin);
    const ng_river windows = ng_through(text, &windows_by_100_kernel, NULL, NG_AUTO);
    (void)ng_csv_sink(windows, NULL, ',', '"', write_all, stdout);
    status = ng_graph_start(&graph);
    while (status == NG_OK || status == NG_AGAIN) {
        status = ng_graph_step(&graph, NG_ALL);
    }
    if (status != NG_END) {
        char why[512] = "";
        ng_csv_error_text(&ng_csv_source_reader(text)->error, "standard input", why, sizeof why);
        (void)fprintf(stderr, "%s\n%s", ng_status_text(status), why);
    }
    ng_graph_close(&graph);
    return status != NG_END;
}
