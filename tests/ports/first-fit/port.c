// Makes the first-fit heap a subject. It states no policy: the tool probes them.
#include "first_fit.h"
#include <heapfuzz/port.h>

const struct heapfuzz_port heapfuzz_port = {
    .open = first_fit_begin,
    .allocate = first_fit_allocate,
    .free = first_fit_free,
    .reallocate = first_fit_reallocate,
    .size = first_fit_size,
};
