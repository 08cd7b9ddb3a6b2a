// The room that an allocator leaves under a limit of addresses that comes late: late_limit
// MEBIBYTES.
//
// A program that has used malloc limits its addresses by setrlimit(RLIMIT_AS). Then it creates a
// thread, opens a library, maps 256 MiB, and allocates 1 MiB. Prints yes or no for each of them.
#include "block.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { MAPPED_BYTES = 256 * 1024 * 1024, BLOCK_BYTES = 1024 * 1024 };

static void use_malloc(void)
{
    struct block block = {0};
    for (uint32_t size_bytes = 16; size_bytes <= BLOCK_BYTES; size_bytes *= 2) {
        block_allocate(&block, size_bytes);
        block_free(&block);
    }
}

static void *end(void *argument)
{
    return argument;
}

static bool can_create_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, end, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool can_open_library(void)
{
    void *library = dlopen("libresolv.so.2", RTLD_NOW);
    return library != NULL;
}

static bool can_map(void)
{
    void *start =
        mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start != MAP_FAILED && munmap(start, MAPPED_BYTES) == 0;
}

static bool can_allocate(void)
{
    void *block = malloc(BLOCK_BYTES);
    free(block);
    return block != NULL;
}

static const char *word(bool is_so)
{
    return is_so ? "yes" : "no";
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bench_fail("late_limit MEBIBYTES");
    }
    use_malloc();
    struct rlimit limit = {0};
    limit.rlim_cur = limit.rlim_max = (rlim_t)bench_number(argv[1]) << 20;
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        bench_fail("no limit can be set");
    }
    const char *thread = word(can_create_thread()); // Each by itself, and in this order.
    const char *library = word(can_open_library());
    const char *mapped = word(can_map());
    printf("%s %s %s %s\n", thread, library, mapped, word(can_allocate()));
    return EXIT_SUCCESS;
}
