// The subjects of a build that has ports of its own, in place of subjects.c: one port, or two that
// the tool keeps apart. It may give them names.

#include <stdio.h>
#include <stdlib.h>

#include "subjects/subjects.h"

#define PORTS 2U

extern const struct heapfuzz_port heapfuzz_other_port __attribute__((weak));
extern const char *const heapfuzz_names[PORTS] __attribute__((weak));

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
        const char *unknown = subject_make(&made[index], name, ports[index], NULL);
        if (unknown != NULL) {
            fprintf(stderr, "heapfuzz: %s: policies.laws_off: there is no law '%s'\n", name,
                    unknown);
            exit(2);
        }
        made[index].symbol = symbols[index];
    }
    return &made[index];
}
