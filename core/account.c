/* account: the law of conservation. */
#include "account.h"

/* Adds unless that exceeds the type. */
static bool ngi_account_add_field(uint64_t *into, uint64_t n) {
    const bool fits = n <= UINT64_MAX - *into;
    *into += fits ? n : 0;
    return fits;
}

bool ng_account_holds(const ng_account *account) {
    uint64_t sum = 0;
    return account != NULL && ngi_account_add_field(&sum, account->out) &&
           ngi_account_add_field(&sum, account->filtered) &&
           ngi_account_add_field(&sum, account->late) &&
           ngi_account_add_field(&sum, account->dropped) &&
           ngi_account_add_field(&sum, account->failed) &&
           ngi_account_add_field(&sum, account->held) &&
           ngi_account_add_field(&sum, account->in_flight) && sum == account->in;
}

ng_status ng_account_add(ng_account *into, const ng_account *from) {
    if (into == NULL || from == NULL) {
        return NG_INVALID;
    }
    ng_account sum = *into;
    if (!ngi_account_add_field(&sum.in, from->in) || !ngi_account_add_field(&sum.out, from->out) ||
        !ngi_account_add_field(&sum.filtered, from->filtered) ||
        !ngi_account_add_field(&sum.late, from->late) ||
        !ngi_account_add_field(&sum.dropped, from->dropped) ||
        !ngi_account_add_field(&sum.failed, from->failed) ||
        !ngi_account_add_field(&sum.held, from->held) ||
        !ngi_account_add_field(&sum.in_flight, from->in_flight)) {
        return NG_TOO_LARGE;
    }
    *into = sum;
    return NG_OK;
}

ng_status ng_account_metrics(const ng_account *account, const char *name,
                             ng_label labels[NG_ACCOUNT_METRICS][2],
                             ng_metric metrics[NG_ACCOUNT_METRICS]) {
    static const char *const fields[NG_ACCOUNT_METRICS] = {
        "in", "out", "filtered", "late", "dropped", "failed", "held", "in_flight"};
    if (account == NULL || name == NULL || labels == NULL || metrics == NULL) {
        return NG_INVALID;
    }
    const uint64_t *const values[NG_ACCOUNT_METRICS] = {
        &account->in,      &account->out,    &account->filtered, &account->late,
        &account->dropped, &account->failed, &account->held,     &account->in_flight};
    for (size_t i = 0; i < NG_ACCOUNT_METRICS; i++) {
        ng_metric *const metric = &metrics[i];
        const bool waits = i >= 6;
        __builtin_memset(metric, 0, sizeof *metric);
        metric->name = waits    ? "nagare_rows_waiting"
                       : i == 0 ? "nagare_rows_in_total"
                                : "nagare_rows_total";
        metric->help = waits    ? "Rows that an operator still has."
                       : i == 0 ? "Rows that an operator was given."
                                : "Rows that an operator is done with, by what became of them.";
        labels[i][0].name = "operator";
        labels[i][0].value = name;
        labels[i][1].name = waits ? "place" : "outcome";
        labels[i][1].value = fields[i];
        metric->labels = labels[i];
        metric->label_count = i == 0 ? 1 : 2;
        metric->kind = waits ? NG_METRIC_LEVEL : NG_METRIC_TOTAL;
        metric->value = values[i];
    }
    return NG_OK;
}
