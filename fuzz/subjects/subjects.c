// The subjects of this tree. The build writes subjects.def from the files of this folder: each
// defines a port, and some define parts.

#include "subjects/subjects.h"

#include <stdlib.h>

#include "laws/subject.h"

#define PORT_DEF(name) extern const struct heapfuzz_port port_##name;
#define PARTS_DEF(name) extern const struct subject_parts parts_##name;
#define SUBJECT_DEF(name, parts)
#include "subjects/subjects.def"
#undef PORT_DEF
#undef PARTS_DEF
#undef SUBJECT_DEF

static const struct {
    const char *name;
    const char *symbol;
    const struct heapfuzz_port *port;
    const struct subject_parts *parts;
} listed[] = {
#define PORT_DEF(name)
#define PARTS_DEF(name)
#define SUBJECT_DEF(name, parts) {#name, "port_" #name, &port_##name, parts},
#include "subjects/subjects.def"
#undef PORT_DEF
#undef PARTS_DEF
#undef SUBJECT_DEF
};

#define LISTED (sizeof listed / sizeof listed[0])

const struct subject *subject_at(size_t index)
{
    static struct subject made[LISTED];
    if (index >= LISTED) {
        return NULL;
    }
    if (made[index].name == NULL) {
        if (subject_make(&made[index], listed[index].name, listed[index].port,
                         listed[index].parts) != NULL) {
            abort(); // No port of this tree turns off a law that does not exist.
        }
        made[index].symbol = listed[index].symbol;
    }
    made[index].is_ours = true;
    return &made[index];
}
