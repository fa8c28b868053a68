/* ops_cut: passes on some rows of a river as they are. */
#include "ops_cut.h"

typedef struct ngi_cut {
    uint64_t left; /* rows to take or skip still; until the next row of `every` */
    uint64_t n;
    ng_test_fn *test; /* NULL once it has said no */
    void *ctx;
} ngi_cut;

static ng_river ngi_cut_behind(ng_river river, const ng_operator *calls, const ngi_cut *cut) {
    ngi_cut state = *cut;
    const ng_stage stage = {calls, sizeof state, &state, NULL, 1, true, 0};
    return ng_apply(river.graph, &river, 1, &stage);
}

/* Passes on up to `n` rows from `from` on, as far as there is credit. */
static ng_step ngi_cut_pass(ng_context *context, const ng_batch *in, size_t from, size_t n) {
    const size_t credit = ng_context_credit(context, 0), rows = n < credit ? n : credit;
    const ng_status sent = rows == 0 ? NG_OK : ng_context_forward(context, 0, in, from, rows);
    return sent == NG_OK ? ng_step_of(from + rows, 0, NG_OK) : ng_step_of(from, 0, NG_END);
}

static size_t ngi_cut_fewer(uint64_t a, size_t b) { return a < b ? (size_t)a : b; }

/* ---- take, skip ------------------------------------------------------------------------------ */

static ng_status ngi_take_open(void *state, ng_context *context) {
    (void)context;
    return ((const ngi_cut *)state)->left == 0 ? NG_END : NG_OK;
}

static ng_step ngi_take_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_cut *const take = (ngi_cut *)state;
    ng_step step = ngi_cut_pass(context, in, 0, ngi_cut_fewer(take->left, in->rows));
    (void)out;
    take->left -= step.consumed;
    step.status = take->left == 0 ? NG_END : step.status;
    return step;
}

static const ng_operator ngi_take_calls = {"take", ngi_take_open, ngi_take_push, NULL,
                                           NULL,   NULL,          NULL,          false};

ng_river ng_take(ng_river river, uint64_t rows) {
    const ngi_cut cut = {rows, 0, NULL, NULL};
    return ngi_cut_behind(river, &ngi_take_calls, &cut);
}

static ng_step ngi_skip_push(void *state, ng_context *context, const ng_batch *in,
                             const ng_room *out) {
    ngi_cut *const skip = (ngi_cut *)state;
    const size_t skipped = ngi_cut_fewer(skip->left, in->rows);
    (void)out;
    skip->left -= skipped;
    ng_context_count(context, NG_FILTERED, (int64_t)skipped);
    return ngi_cut_pass(context, in, skipped, in->rows - skipped);
}

static const ng_operator ngi_skip_calls = {"skip", NULL, ngi_skip_push, NULL,
                                           NULL,   NULL, NULL,          false};

ng_river ng_skip(ng_river river, uint64_t rows) {
    const ngi_cut cut = {rows, 0, NULL, NULL};
    return ngi_cut_behind(river, &ngi_skip_calls, &cut);
}

/* ---- take_while, skip_while ------------------------------------------------------------------ */

/* How many rows up to `n` pass a test; `*answer` is what it said of the next one, 1 if there is
 * none. */
static size_t ngi_cut_passing(const ngi_cut *cut, const ng_batch *in, size_t n, int *answer) {
    size_t passing = 0;
    *answer = 1;
    while (passing < n) {
        *answer = cut->test(ng_batch_row(in, passing), cut->ctx);
        if (*answer <= 0) {
            break;
        }
        passing++;
    }
    return passing;
}

static ng_step ngi_take_while_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    int answer;
    const size_t n = ngi_cut_fewer(ng_context_credit(context, 0), in->rows);
    const size_t passing = ngi_cut_passing((const ngi_cut *)state, in, n, &answer);
    ng_step step = ngi_cut_pass(context, in, 0, passing);
    (void)out;
    if (answer <= 0 && step.status == NG_OK) {
        step.status = answer == 0 ? NG_END : (ng_status)answer;
    }
    return step;
}

static const ng_operator ngi_take_while_calls = {
    "take_while", NULL, ngi_take_while_push, NULL, NULL, NULL, NULL, true};

ng_river ng_take_while(ng_river river, ng_test_fn *test, void *ctx) {
    const ngi_cut cut = {0, 0, test, ctx};
    return test == NULL ? ng_refuse(river.graph, "take_while", NG_INVALID)
                        : ngi_cut_behind(river, &ngi_take_while_calls, &cut);
}

static ng_step ngi_skip_while_push(void *state, ng_context *context, const ng_batch *in,
                                   const ng_room *out) {
    ngi_cut *const cut = (ngi_cut *)state;
    int answer = 0;
    const size_t skipped = cut->test == NULL ? 0 : ngi_cut_passing(cut, in, in->rows, &answer);
    (void)out;
    ng_context_count(context, NG_FILTERED, (int64_t)skipped);
    if (answer != 0) { /* none has failed the test yet, or it has failed itself */
        return ng_step_of(skipped, 0, answer < 0 ? (ng_status)answer : NG_OK);
    }
    cut->test = NULL;
    return ngi_cut_pass(context, in, skipped, in->rows - skipped);
}

static const ng_operator ngi_skip_while_calls = {
    "skip_while", NULL, ngi_skip_while_push, NULL, NULL, NULL, NULL, true};

ng_river ng_skip_while(ng_river river, ng_test_fn *test, void *ctx) {
    const ngi_cut cut = {0, 0, test, ctx};
    return test == NULL ? ng_refuse(river.graph, "skip_while", NG_INVALID)
                        : ngi_cut_behind(river, &ngi_skip_while_calls, &cut);
}

/* ---- every ----------------------------------------------------------------------------------- */

static ng_step ngi_every_push(void *state, ng_context *context, const ng_batch *in,
                              const ng_room *out) {
    ngi_cut *const every = (ngi_cut *)state;
    const size_t skipped = ngi_cut_fewer(every->left, in->rows);
    (void)out;
    every->left -= skipped;
    ng_context_count(context, NG_FILTERED, (int64_t)skipped);
    if (skipped == in->rows) {
        return ng_step_of(skipped, 0, NG_OK);
    }
    const ng_step step = ngi_cut_pass(context, in, skipped, 1);
    every->left = step.consumed > skipped ? every->n - 1 : 0;
    return step;
}

static const ng_operator ngi_every_calls = {"every", NULL, ngi_every_push, NULL,
                                            NULL,    NULL, NULL,           false};

ng_river ng_every(ng_river river, uint64_t n) {
    const ngi_cut cut = {0, n, NULL, NULL};
    return n == 0 ? ng_refuse(river.graph, "every", NG_INVALID)
                  : ngi_cut_behind(river, &ngi_every_calls, &cut);
}

/* ---- sample ---------------------------------------------------------------------------------- */

typedef struct ngi_sample {
    uint64_t seed, below; /* a row is taken whose number hashes to less, */
    bool all;             /* or every row */
    uint64_t first;       /* the number of the first row of a call */
} ngi_sample;

/* The SplitMix64 generator's n-th output (Steele, Lea, Flood, 2014). */
static uint64_t ngi_sample_random(uint64_t seed, uint64_t n) {
    uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int ngi_sample_pick(const void *state, const ng_batch *in, size_t row) {
    const ngi_sample *const sample = (const ngi_sample *)state;
    (void)in;
    return sample->all || ngi_sample_random(sample->seed, sample->first + row) < sample->below;
}

static ng_step ngi_sample_push(void *state, ng_context *context, const ng_batch *in,
                               const ng_room *out) {
    ngi_sample *const sample = (ngi_sample *)state;
    sample->first = ng_context_row(context, 0);
    return ngi_pick_rows(context, in, out, ngi_sample_pick, sample);
}

static const ng_operator ngi_sample_calls = {"sample", NULL, ngi_sample_push, NULL, NULL, NULL,
                                             NULL,     false};

ng_river ng_sample(ng_river river, double probability, uint64_t seed) {
    const bool valid = probability >= 0 && probability <= 1, all = probability >= 1;
    ngi_sample sample = {seed, 0, all, 0};
    if (valid && !all) {
        sample.below = (uint64_t)(probability * 18446744073709551616.0);
    }
    const ng_stage stage = {&ngi_sample_calls, sizeof sample, &sample, NULL, 1, false, 0};
    return valid ? ng_apply(river.graph, &river, 1, &stage)
                 : ng_refuse(river.graph, ngi_sample_calls.name, NG_INVALID);
}
