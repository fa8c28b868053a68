/* The same traces from a module without imports. */
#include "sim_trace.h"

__attribute__((export_name("trace_of"))) uint64_t trace_export(uint64_t seed);

uint64_t trace_export(uint64_t seed) { return trace_of(seed); }
