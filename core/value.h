/* value: a value of any fixed-width type from text, as parameters are given on a command line. */
#ifndef NGI_VALUE_H
#define NGI_VALUE_H

#include "base.h"
#include "number.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* Reads the whole text as a value of `type` into `*out` (a bool, for NG_BOOL). False, and nothing
 * written, if it is none or out of the type's range; NG_UTF8 has no value here. Any thread. */
NG_NODISCARD bool ng_read_value(const char *text, size_t size, ng_type type, void *out);

#if defined(__cplusplus)
}
#endif

#endif
