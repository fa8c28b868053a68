/* csv_labels: where the wanted fields stand, by the header's labels or by position. Internal. */
#ifndef NGI_CSV_LABELS_H
#define NGI_CSV_LABELS_H

#include "csv_errors.h"

/* A label as it is written in the header, against one in plain text. */
static bool ngi_csv_is_label(const ngi_csv_cell *cell, char quote, const char *label) {
    if (cell->doubled == 0) {
        return ngi_csv_equals(cell->text, cell->size, label);
    }
    for (const char *p = cell->text; p < cell->text + cell->size; p++, label++) {
        if (*label == '\0' || *label != *p) {
            return false;
        }
        p += *p == quote; /* the second of two */
    }
    return *label == '\0';
}

#define NGI_CSV_LABEL 40 /* longer labels are compared by their beginnings */

static char ngi_csv_small_letter(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

/* How many letters must be changed, put in or taken out to make one label the other (Levenshtein).
 */
static size_t ngi_csv_distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t row[NGI_CSV_LABEL + 1];
    a_size = a_size < NGI_CSV_LABEL ? a_size : NGI_CSV_LABEL;
    b_size = b_size < NGI_CSV_LABEL ? b_size : NGI_CSV_LABEL;
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const bool same = ngi_csv_small_letter(a[i - 1]) == ngi_csv_small_letter(b[j - 1]);
            const size_t changed = diagonal + !same;
            const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            diagonal = row[j];
            row[j] = changed <= shorter ? changed : shorter + 1;
        }
    }
    return row[b_size];
}

static size_t ngi_csv_length(const char *words) {
    size_t size = 0;
    while (words[size] != '\0') {
        size++;
    }
    return size;
}

/* Ends a sentence about a label that is not there: with the one that was meant, or with all. */
static void ngi_csv_suggest(ng_csv_reader *r, ngi_csv_text *text, const char *label) {
    const size_t size = ngi_csv_length(label);
    const char *p = r->at;
    ngi_csv_cell cell, nearest = {NULL, 0, NULL, 0, false};
    size_t least = size / 3 + 1;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        const char *trimmed = cell.text;
        size_t trimmed_size = cell.size;
        ngi_csv_trim(&trimmed, &trimmed_size);
        const size_t distance = ngi_csv_distance(trimmed, trimmed_size, label, size);
        if (distance < least || (distance == least && nearest.text == NULL)) {
            least = distance;
            nearest = cell;
        }
    }
    if (nearest.text != NULL) {
        ngi_csv_put(text, "; did you mean ");
        ngi_csv_put_excerpt(text, nearest.text, nearest.size);
        ngi_csv_put(text, "?");
        return;
    }
    ngi_csv_put(text, "; it has ");
    p = r->at;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        if (text->end - text->at < 60) {
            ngi_csv_put(text, ", ...");
            break;
        }
        ngi_csv_put(text, i > 0 ? ", " : "");
        ngi_csv_put_excerpt(text, cell.text, cell.size);
    }
}

/* An error about the header, or about the first row where there is none, begins with these words.
 */
static ngi_csv_text ngi_csv_begin_header_error(ng_csv_reader *r, const ng_csv_field *field,
                                               const char *at, const char *words) {
    ngi_csv_text text = ngi_csv_begin_message(&r->error);
    ngi_csv_put_place(r, &r->error, at);
    r->error.field = field->name;
    r->error.status = r->status = NG_BAD_INPUT;
    ngi_csv_put(&text, words);
    return text;
}

/* Finds the field's label in the header. */
static bool ngi_csv_find_label(ng_csv_reader *r, const ng_csv_field *field, size_t *index) {
    const char *p = r->at;
    bool found = false;
    ngi_csv_cell cell;
    for (size_t i = 0; i < r->fields_in_row; i++, p = cell.stop + 1) {
        (void)ngi_csv_find_cell(r, p, &cell);
        if (!ngi_csv_is_label(&cell, r->options.quote, field->label)) {
            continue;
        }
        if (found) {
            ngi_csv_text text =
                ngi_csv_begin_header_error(r, field, p, "the header has two columns ");
            ngi_csv_put_excerpt(&text, field->label, ngi_csv_length(field->label));
            r->error.remedy = "say which one by its position";
            return false;
        }
        found = true;
        *index = i;
    }
    if (!found) {
        ngi_csv_text text =
            ngi_csv_begin_header_error(r, field, r->at, "the header has no column ");
        ngi_csv_put_excerpt(&text, field->label, ngi_csv_length(field->label));
        ngi_csv_suggest(r, &text, field->label);
        r->error.remedy = "name the column as the header does, or give its position";
    }
    return found;
}

/* Finds where a field stands in the rows. */
static bool ngi_csv_find_index(ng_csv_reader *r, const ng_csv_field *field, size_t *index) {
    if (field->label != NULL) {
        return ngi_csv_find_label(r, field, index);
    }
    *index = field->index;
    if (*index < r->fields_in_row) {
        return true;
    }
    ngi_csv_text text = ngi_csv_begin_header_error(r, field, r->at, "there is no column ");
    ngi_csv_put_number(&text, field->index);
    ngi_csv_put(&text, r->options.header ? ": the header has " : ": the first row has ");
    ngi_csv_put_count(&text, r->fields_in_row, "field");
    r->error.remedy = "correct the position; the first column is 0";
    return false;
}

/* Puts the used fields into the order in which they stand in a row. */
static bool ngi_csv_find_places(ng_csv_reader *r) {
    for (size_t i = 0; i < r->field_count; i++) {
        size_t index = 0;
        if (!ngi_csv_find_index(r, &r->fields[i], &index)) {
            return false;
        }
        size_t at = i;
        for (; at > 0 && r->places[at - 1].index > index; at--) {
            r->places[at] = r->places[at - 1];
        }
        r->places[at].field = &r->fields[i];
        r->places[at].column = i;
        r->places[at].index = index;
    }
    size_t next = 0; /* the first field behind those so far */
    for (size_t i = 0; i < r->field_count; i++) {
        ngi_csv_place *place = &r->places[i];
        place->again = i > 0 && place->index + 1 == next;
        place->skip = place->again ? 0 : place->index - next;
        next = place->index + 1;
    }
    r->unused_at_end = r->fields_in_row - next;
    return true;
}

#endif
