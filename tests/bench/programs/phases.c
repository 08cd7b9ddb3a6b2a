// A program whose block size changes: phases MEBIBYTES PERIOD.
//
// Each of four phases allocates so many MiB of blocks of one size, writes every byte of them, and
// frees them in that order, except for one in PERIOD. The next phase has another size. So its peak
// shows whether the memory of one size serves another, and how much of it the survivors hold back.
#include "block.h"

#include <string.h>

static const size_t phase_sizes[] = {40, 200, 1500, 12000};

// The blocks are their own list, so the program has no other memory.
struct link {
    struct link *next;
};

static struct link *allocate_all(size_t count, size_t size_bytes)
{
    struct link *first = NULL;
    struct link **last = &first;
    for (; count > 0; count--) {
        struct link *link = malloc(size_bytes);
        if (link == NULL) {
            bench_fail("no memory");
        }
        memset(link, 1, size_bytes);
        *last = link;
        last = &link->next;
    }
    *last = NULL;
    return first;
}

// Frees all except one in so many, which it puts before the kept ones.
static struct link *free_most(struct link *first, size_t period, struct link *kept)
{
    for (size_t i = 0; first != NULL; i++) {
        struct link *next = first->next;
        if (i % period == period / 2) {
            first->next = kept;
            kept = first;
        } else {
            free(first);
        }
        first = next;
    }
    return kept;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        bench_fail("phases MEBIBYTES PERIOD");
    }
    size_t phase_bytes = (size_t)bench_number(argv[1]) << 20;
    uint32_t period = bench_number(argv[2]);
    struct link *kept = NULL;
    for (size_t i = 0; i < sizeof phase_sizes / sizeof *phase_sizes; i++) {
        struct link *first = allocate_all(phase_bytes / phase_sizes[i], phase_sizes[i]);
        kept = free_most(first, period, kept);
    }
    while (kept != NULL) {
        struct link *next = kept->next;
        free(kept);
        kept = next;
    }
    return EXIT_SUCCESS;
}
