// The target that most people write first: 16 slots, three bytes an op, the whole block filled with
// one value. tests/bench/harness compares our speed with its.
//
// At exit it prints the calls it made and calls a second. With -DFIRST_FIT it tests the heap of
// tests/ports/first-fit in a range of 64 KiB, in place of malloc.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef FIRST_FIT
#include "first_fit.h"
#define malloc first_fit_allocate
#define realloc first_fit_reallocate
#define free first_fit_free
static _Alignas(16) unsigned char range[65536];
#define BEGIN() (void)first_fit_begin(range, sizeof range)
#else
#define BEGIN() (void)0
#endif

static uint64_t calls;
static struct timespec started;

static void print_rate(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds =
        (double)(now.tv_sec - started.tv_sec) + (double)(now.tv_nsec - started.tv_nsec) / 1e9;
    fprintf(stderr, "naive: %llu calls, %.0f calls/s\n", (unsigned long long)calls,
            (double)calls / seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    if (started.tv_sec == 0) {
        clock_gettime(CLOCK_MONOTONIC, &started);
        atexit(print_rate);
    }
    BEGIN();
    unsigned char *blocks[16] = {0};
    size_t sizes[16] = {0};
    for (size_t i = 0; i + 3 <= size_bytes; i += 3) {
        unsigned slot = data[i] >> 4;
        size_t wanted = (size_t)(data[i + 1] | data[i + 2] << 8);
        calls++;
        switch (data[i] & 3) {
        case 0:
            free(blocks[slot]);
            blocks[slot] = malloc(wanted);
            sizes[slot] = wanted;
            if (blocks[slot])
                memset(blocks[slot], (int)slot, wanted);
            break;
        case 1:
            sizes[slot] = wanted ? wanted : 1;
            blocks[slot] = realloc(blocks[slot], sizes[slot]);
            if (blocks[slot])
                memset(blocks[slot], (int)slot, sizes[slot]);
            break;
        case 2:
            free(blocks[slot]);
            blocks[slot] = NULL;
            sizes[slot] = 0;
            break;
        default:
            for (size_t j = 0; j < sizes[slot]; j++)
                if (blocks[slot] && blocks[slot][j] != slot)
                    abort();
        }
    }
    for (int slot = 0; slot < 16; slot++)
        free(blocks[slot]);
    return 0;
}
