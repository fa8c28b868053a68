/* The port for Linux: clocks, wakes, files and threads as they really are. */
#define _POSIX_C_SOURCE 200809L
#include "nagare.h"

#include "check.h"
#include "heap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ng_platform platform;
static ng_port port;
static ng_loop loop;

static void begin(void) {
    CHECK(ng_default_port(&port, &platform) == NG_OK);
    CHECK(ng_loop_init(&loop, &port) == NG_OK);
}

static void test_clocks_and_chance(void) {
    begin();
    const ng_time first = port.now(port.ctx);
    CHECK(port.now(port.ctx) >= first);
    CHECK(port.wall(port.ctx) > (ng_time)1600000000 * NG_SECOND);
    CHECK(port.random(port.ctx) != port.random(port.ctx));
    CHECK(port.wait(port.ctx, NG_NOW) == NG_OK);
    CHECK(port.wait(port.ctx, first) == NG_OK); /* has come */
    CHECK(port.wait(port.ctx, -5) == NG_OK);
    CHECK(port.wait(port.ctx, first + 2 * NG_MILLISECOND) == NG_OK);
    CHECK(port.now(port.ctx) >= first + 2 * NG_MILLISECOND);
    ng_default_close(&platform);
    ng_default_close(&platform);
    ng_default_close(NULL);
    CHECK(ng_default_port(NULL, &platform) == NG_INVALID);
    CHECK(ng_default_port(&port, NULL) == NG_INVALID);
}

static void wake_loop(void *ctx) {
    (void)ctx;
    ng_loop_stop(&loop);
}

static void never(ng_timer *timer) { *(bool *)timer->ctx = true; }

static void test_a_thread_wakes_the_loop(void) {
    ng_thread thread = {wake_loop, NULL, 0, false};
    ng_timer timer;
    bool fired = false;
    memset(&timer, 0, sizeof timer);
    timer.fire = never;
    timer.ctx = &fired;
    begin();
    CHECK(ng_timer_after(&loop, &timer, 3600 * NG_SECOND) == NG_OK);
    CHECK(ng_thread_start(&port, &thread) == NG_OK);
    CHECK(ng_loop_run(&loop) == NG_OK);
    CHECK(ng_thread_join(&port, &thread) == NG_OK);
    CHECK(!fired);
    thread.run = NULL;
    CHECK(ng_thread_start(&port, &thread) == NG_INVALID);
    ng_default_close(&platform);
}

/* ---- watches --------------------------------------------------------------------------------- */

static int ends[2];
static char seen[16];

static void readable(ng_watch *watch, unsigned events) {
    CHECK(events == NG_READABLE);
    const ssize_t size = read(watch->file, seen, sizeof seen - 1);
    if (size <= 0) {
        ng_watch_stop(watch);
    }
}

static void writable(ng_watch *watch, unsigned events) {
    CHECK(events == NG_WRITABLE);
    CHECK(write(watch->file, "ripple", 6) == 6);
    ng_watch_stop(watch);
    CHECK(close(watch->file) == 0);
}

static void test_watches(void) {
    ng_watch in, out, file;
    begin();
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    CHECK(pipe(ends) == 0);
    in.ready = readable;
    in.file = ends[0];
    in.events = NG_READABLE;
    out.ready = writable;
    out.file = ends[1];
    out.events = NG_WRITABLE;
    CHECK(ng_watch_start(&loop, &in) == NG_OK);
    CHECK(ng_watch_start(&loop, &in) == NG_MISUSED);
    CHECK(ng_watch_start(&loop, &out) == NG_OK);
    file = in;
    file.loop = NULL;
    CHECK(ng_watch_start(&loop, &file) == NG_MISUSED); /* a file is watched once */
    CHECK(ng_loop_run(&loop) == NG_OK);
    CHECK(strcmp(seen, "ripple") == 0);
    CHECK(close(ends[0]) == 0);
    CHECK(ng_watch_start(&loop, &in) == NG_INVALID); /* it is closed */
    file.file = open("/", O_RDONLY);
    CHECK(ng_watch_start(&loop, &file) == NG_UNSUPPORTED); /* always ready */
    CHECK(close(file.file) == 0);
    ng_default_close(&platform);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static heap memory;
static char text[4096];
static size_t text_size;

static ng_status gather(ng_row row, void *ctx) {
    size_t size;
    const char *const line = ng_get_text(row, 0, &size);
    (void)ctx;
    memcpy(text + text_size, line, size);
    text[text_size + size] = ';';
    text_size += size + 1;
    return NG_OK;
}

static ng_status ended;

static void done(ng_runner *runner, ng_status status) {
    (void)runner;
    ended = status;
}

static ng_graph_options options_of(void) {
    ng_graph_options options = ng_graph_defaults(heap_allocator(&memory));
    options.clock = ng_loop_clock(&loop);
    options.batch_rows = 4;
    options.batch_text = 40;
    options.link.high_rows = 8;
    options.link.low_rows = 4;
    return options;
}

static void run(ng_graph *graph) {
    ng_runner runner;
    memset(&runner, 0, sizeof runner);
    runner.done = done;
    ended = NG_AGAIN;
    CHECK(ng_graph_start(graph) == NG_OK);
    CHECK(ng_runner_start(&runner, &loop, graph) == NG_OK);
    CHECK(ng_loop_run(&loop) == NG_OK);
    ng_runner_stop(&runner);
    ng_graph_close(graph);
    CHECK(memory.blocks == 0);
}

static void read_text(const char *given, size_t size, size_t longest, bool disk) {
    ng_graph graph;
    begin();
    const ng_graph_options options = options_of();
    if (disk) {
        FILE *const kept = tmpfile();
        ends[0] = kept == NULL ? -1 : dup(fileno(kept));
        CHECK(kept != NULL && fclose(kept) == 0);
        CHECK(write(ends[0], given, size) == (ssize_t)size && lseek(ends[0], 0, SEEK_SET) == 0);
    } else {
        CHECK(pipe(ends) == 0);
        CHECK(write(ends[1], given, size) == (ssize_t)size && close(ends[1]) == 0);
    }
    text_size = 0;
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    ng_observe(ng_read_lines(&graph, &loop, ends[0], longest), gather, NULL);
    run(&graph);
    text[text_size] = '\0';
    CHECK(close(ends[0]) == 0);
    ng_default_close(&platform);
}

#define READS(given, longest, status, expected)                                                    \
    do {                                                                                           \
        for (int disk = 0; disk < 2; disk++) {                                                     \
            read_text(given, sizeof(given) - 1, longest, disk == 1);                               \
            CHECK_CASE(ended == (status), given);                                                  \
            CHECK_CASE(strcmp(text, (expected)) == 0, text);                                       \
        }                                                                                          \
    } while (0)

static void test_reading_lines(void) {
    READS("", 16, NG_END, "");
    READS("\n", 16, NG_END, ";");
    READS("one\ntwo\r\n\nlast", 16, NG_END, "one;two;;last;");
    READS("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n", 16, NG_END, "a;b;c;d;e;f;g;h;i;j;k;l;m;");
    READS("0123456789abcdef\nx", 16, NG_END, "0123456789abcdef;x;");
    READS("0123456789abcdef\r\nx", 16, NG_END, "0123456789abcdef;x;");
    READS("ok\n0123456789abcdefg++\nx", 16, NG_TOO_LARGE, "ok;");
    READS("30 bytes of text in a line ...\n30 bytes of text in a line ...\n", 40, NG_END,
          "30 bytes of text in a line ...;30 bytes of text in a line ...;");
    READS("more than a block has room for, by itself\n", 60, NG_TOO_LARGE, "");
    READS("fl\xc3\xbc\n\xff\n", 16, NG_BAD_INPUT, "fl\xc3\xbc;");
    READS("a\r\r\n", 16, NG_END, "a\r;");
}

/* A pipe into which lines come one by one, and whose other end reads slowly. */
static int in_pipe[2], out_pipe[2];
static char written[65536];
static size_t written_size;

static void feed(void *ctx) {
    char line[32];
    (void)ctx;
    for (int i = 0; i < 3000; i++) {
        const int size = snprintf(line, sizeof line, "line %d\n", i);
        if (write(in_pipe[1], line, (size_t)size) != size) {
            break;
        }
    }
    (void)close(in_pipe[1]);
}

static void drain(void *ctx) {
    ssize_t size;
    (void)ctx;
    while ((size = read(out_pipe[0], written + written_size, 1000)) > 0) {
        written_size += (size_t)size;
    }
}

static void test_writing_lines(void) {
    ng_thread feeder = {feed, NULL, 0, false}, drainer = {drain, NULL, 0, false};
    static char expected[65536];
    size_t size = 0;
    ng_graph graph;
    begin();
    const ng_graph_options options = options_of();
    CHECK(pipe(in_pipe) == 0 && pipe(out_pipe) == 0);
    CHECK(fcntl(out_pipe[1], F_SETFL, O_NONBLOCK) == 0);
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    ng_write_lines(ng_read_lines(&graph, &loop, in_pipe[0], 30), "line", &loop, out_pipe[1], 30);
    CHECK(ng_thread_start(&port, &feeder) == NG_OK);
    CHECK(ng_thread_start(&port, &drainer) == NG_OK);
    run(&graph);
    CHECK(ended == NG_END);
    CHECK(close(out_pipe[1]) == 0);
    CHECK(ng_thread_join(&port, &feeder) == NG_OK);
    CHECK(ng_thread_join(&port, &drainer) == NG_OK);
    for (int i = 0; i < 3000; i++) {
        size += (size_t)snprintf(expected + size, 32, "line %d\n", i);
    }
    CHECK(written_size == size && memcmp(written, expected, size) == 0);
    CHECK(close(in_pipe[0]) == 0 && close(out_pipe[0]) == 0);
    ng_default_close(&platform);
}

static ng_status hundred_lines(ng_row out, void *ctx) {
    int *const left = (int *)ctx;
    if (*left % 10 == 0) {
        ng_set_null(out, 0, true);
    }
    const ng_status status = ng_set_text(out, 0, "text of a line", *left == 50 ? 14 : 4);
    return (*left)-- == 0 ? NG_END : status;
}

static void test_writing_fails(void) {
    static const ng_field fields[] = {NG_FIELD("line", NG_UTF8), NG_FIELD("n", NG_I64)};
    static const ng_schema lines = {fields, 1};
    ng_graph graph;
    int left = 100;
    begin();
    const ng_graph_options options = options_of();
    (void)signal(SIGPIPE, SIG_IGN);
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    ng_write_lines(ng_generate(&graph, &lines, hundred_lines, &left), "line", &loop, ends[1], 20);
    run(&graph);
    CHECK(ended == NG_CLOSED); /* no one reads */
    CHECK(close(ends[1]) == 0);
    CHECK(pipe(ends) == 0);
    left = 100;
    CHECK(ng_graph_init(&graph, &options) == NG_OK);
    const ng_river sink = ng_write_lines(ng_generate(&graph, &lines, hundred_lines, &left), "line",
                                         &loop, ends[1], 10);
    ng_on_error(sink, NG_SKIP); /* a text of 14 bytes is too long */
    run(&graph);
    CHECK(ended == NG_END);
    CHECK(close(ends[1]) == 0);
    char got[1024];
    CHECK(read(ends[0], got, sizeof got) == 99 * 5);
    CHECK(close(ends[0]) == 0);
    ng_default_close(&platform);
}

static void test_what_is_refused(void) {
    static ng_sim sim;
    static ng_sim_loop world;
    const ng_status expected[] = {NG_INVALID,  NG_UNSUPPORTED, NG_UNSUPPORTED, NG_MISMATCH,
                                  NG_MISMATCH, NG_INVALID,     NG_UNSUPPORTED};
    begin();
    ng_sim_init(&sim, 1);
    CHECK(ng_sim_loop_init(&sim, &world) == NG_OK);
    for (int i = 0; i < 7; i++) {
        ng_graph graph;
        const ng_graph_options options = options_of();
        CHECK(ng_graph_init(&graph, &options) == NG_OK);
        switch (i) {
        case 0:
            ng_observe(ng_read_lines(&graph, NULL, 0, 10), gather, NULL);
            break;
        case 1:
            ng_observe(ng_read_lines(&graph, &world.loop, 0, 10), gather, NULL);
            break;
        case 2:
            ng_observe(ng_read_lines(&graph, &loop, -1, 10), gather, NULL);
            break;
        case 3:
            ng_write_lines(ng_range(&graph, 0, 5, 1), "value", &loop, 1, 10);
            break;
        case 4:
            ng_write_lines(ng_range(&graph, 0, 5, 1), "no such column", &loop, 1, 10);
            break;
        case 5:
            ng_write_lines(ng_range(&graph, 0, 5, 1), NULL, &loop, 1, 10);
            break;
        default:
            ng_write_lines(ng_read_lines(&graph, &loop, 0, 10), "line", &world.loop, 1, 10);
        }
        CHECK(ng_graph_start(&graph) == expected[i]);
        ng_graph_close(&graph);
    }
    ng_default_close(&platform);
}

int main(void) {
    test_clocks_and_chance();
    test_a_thread_wakes_the_loop();
    test_watches();
    test_reading_lines();
    test_writing_lines();
    test_writing_fails();
    test_what_is_refused();
    return check_report();
}
