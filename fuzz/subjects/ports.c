// The subjects of a build that has ports of its own, in place of subjects.c: one port, or two that
// the tool keeps apart. It may give them names.

#include <stdio.h>
#include <stdlib.h>

#include "subjects/subjects.h"

#define PORTS 2U
#define AVOIDED_FROM_BYTES ((size_t)64 * 1024 * 1024)

extern const struct heapfuzz_port heapfuzz_other_port __attribute__((weak));
extern const char *const heapfuzz_names[PORTS] __attribute__((weak));

static void refuse_without_calls(const char *name, const struct heapfuzz_port *port)
{
    if (port->allocate == NULL || port->free == NULL) {
        fprintf(stderr, "heapfuzz: %s: its port needs `allocate` and `free`\n", name);
        exit(2);
    }
    if (port->policies.range_most_bytes != 0 &&
        port->policies.range_most_bytes < port->policies.range_least_bytes) {
        fprintf(stderr, "heapfuzz: %s: range_most_bytes is below range_least_bytes\n", name);
        exit(2);
    }
}

// A heap over the system's memory would take gigabytes of the machine.
static void avoid_gigabytes(struct subject *subject)
{
    struct heapfuzz_policies *policies = &subject->port.policies;
    if (subject_ignores_world(subject) && policies->avoid_above_bytes == 0 &&
        policies->avoid_to_bytes == 0 && policies->limit_bytes > AVOIDED_FROM_BYTES) {
        policies->avoid_from_bytes = AVOIDED_FROM_BYTES;
        policies->avoid_to_bytes = PTRDIFF_MAX;
        subject->stated.avoid_from_bytes = AVOIDED_FROM_BYTES;
        subject->stated.avoid_to_bytes = PTRDIFF_MAX;
    }
}

const struct subject *subject_at(size_t index)
{
    static struct subject made[PORTS];
    static const char *const names[PORTS] = {"port", "other"};
    static const char *const symbols[PORTS] = {"heapfuzz_port", "heapfuzz_other_port"};
    const struct heapfuzz_port *ports[PORTS] = {&heapfuzz_port, &heapfuzz_other_port};
    if (index >= PORTS || ports[index] == NULL) {
        return NULL;
    }
    if (made[index].name == NULL) {
        const char *name = &heapfuzz_names != NULL ? heapfuzz_names[index] : names[index];
        refuse_without_calls(name, ports[index]);
        const char *unknown = subject_make(&made[index], name, ports[index], NULL);
        avoid_gigabytes(&made[index]);
        if (unknown != NULL) {
            fprintf(stderr, "heapfuzz: %s: policies.laws_off: there is no law '%s'\n", name,
                    unknown);
            exit(2);
        }
        made[index].symbol = symbols[index];
    }
    return &made[index];
}
