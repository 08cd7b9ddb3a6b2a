// Probes subjects, each once in a process.

#include "engines/probed.h"

#include <stdlib.h>

#include "subjects/subjects.h"

#define PROBED 2U // A run has no more subjects than that.

const struct probed *subject_probe(const struct subject *subject)
{
    static struct {
        const struct subject *subject;
        struct probed probed;
    } known[PROBED];
    size_t at = 0;
    if (!probe_is_wanted(subject)) {
        return NULL;
    }
    while (at < PROBED && known[at].subject != NULL && known[at].subject != subject) {
        at++;
    }
    if (at == PROBED) {
        abort();
    }
    if (known[at].subject == NULL) {
        known[at].subject = subject;
        probe_run((struct subject *)(uintptr_t)subject, &known[at].probed); // It is our list's own.
    }
    return &known[at].probed;
}
