/* base: what the tables of base.h say. */
#include "base.h"

const char *ng_status_text(ng_status status) {
    switch (status) {
#define NGI_STATUS(name, value, category, text)                                                    \
    case name:                                                                                     \
        return text;
        NG_STATUSES(NGI_STATUS)
#undef NGI_STATUS
    default:
        return "unknown status";
    }
}

ng_category ng_status_category(ng_status status) {
    switch (status) {
#define NGI_STATUS(name, value, category, text)                                                    \
    case name:                                                                                     \
        return category;
        NG_STATUSES(NGI_STATUS)
#undef NGI_STATUS
    default:
        return NG_USAGE;
    }
}

size_t ng_type_size(ng_type type) {
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
    case NG_I64:
    case NG_U64:
    case NG_F64:
    case NG_TIMESTAMP_S:
    case NG_TIMESTAMP_MS:
    case NG_TIMESTAMP_US:
    case NG_TIMESTAMP_NS:
        return 8;
    default:
        return 0;
    }
}
