/* guarded: memory of an exact size between pages that may not be touched. */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdbool.h>
#include <stddef.h>

typedef enum guarded_side { GUARDED_BEHIND, GUARDED_BEFORE } guarded_side;

/* `bytes` lies right against the forbidden page on the chosen side; the rest of its own pages is
 * filled with a pattern. */
typedef struct guarded {
    unsigned char *bytes;
    size_t size;
    unsigned char *map; /* the forbidden page before, the pages that may be used, the one behind */
    size_t map_size;
    const char *what; /* for the message when it is touched: kept */
} guarded;

/* Filled with a pattern; the process ends when no memory is left. */
guarded guarded_new(size_t size, guarded_side side, const char *what);

/* From here on nothing may write to it. */
void guarded_seal(const guarded *g);

/* From here on nothing may touch it at all. */
void guarded_forbid(const guarded *g);

/* Whether the pages around the bytes still hold the pattern. */
bool guarded_intact(const guarded *g);

/* Afterwards every access to it ends the process. */
void guarded_free(guarded *g);

/* From here on an access to a forbidden page ends the process with a message that names what it is.
 */
void guarded_watch(void);

#endif
