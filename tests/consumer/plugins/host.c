// Loads two plugins, and uses blocks of each in the other: host WAY SHARING PLUGIN PLUGIN
// [MORE...].
//
// WAY is local or global: whether plugins see each other's names. With mixed, the first one sees
// the names of the second, as soon as it calls them. With namespace, both see another C library
// than the program. SHARING is shared or apart: whether their task memory has to be one allocator.
// The first claim that does not hold ends the program, with status 1.
#define _GNU_SOURCE // For dlmopen.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HOST_HAS_A_COPY
#include <comheap/taskmem.h>
#endif

#include "plugin.h"

#define BLOCKS 200

#define CLAIM(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            printf("%s:%d: %s does not hold\n", __FILE__, __LINE__, #claim);                       \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static const struct plugin *load(const char *path, Lmid_t namespace, int way, void **handle)
{
    *handle = dlmopen(namespace, path, RTLD_LAZY | way);
    if (*handle == NULL) {
        puts(dlerror());
        exit(1);
    }
    const struct plugin *plugin = dlsym(*handle, "plugin");
    CLAIM(plugin != NULL);
    return plugin;
}

static void cross(const struct plugin *from, const struct plugin *to)
{
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = from->alloc(i * 20);
        CLAIM(blocks[i] != NULL);
        memset(blocks[i], 1, i * 20);
        CLAIM(to->allocator()->lpVtbl->GetSize(to->allocator(), blocks[i]) == i * 20);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = to->resize(blocks[i], i * 20 + 10);
        CLAIM(blocks[i] != NULL);
        CLAIM(from->allocator()->lpVtbl->GetSize(from->allocator(), blocks[i]) == i * 20 + 10);
        CLAIM(from->allocator()->lpVtbl->DidAlloc(from->allocator(), blocks[i]) == 1);
        to->end(blocks[i]);
        CLAIM(from->allocator()->lpVtbl->DidAlloc(from->allocator(), blocks[i]) == 0);
    }
}

static const struct plugin *both[2];

// Each thread has a number of its own in each copy, and not the same one.
static void *cross_in_a_thread(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        cross(both[0], both[1]);
        cross(both[1], both[0]);
    }
    return NULL;
}

// A spy hears the calls of every copy, whichever registered it.
static void spy(const struct plugin *by, const struct plugin *other)
{
    struct ch_leak_spy *spy = by->make_spy();
    CLAIM(by->spy(spy) == S_OK);
    CLAIM(other->spy(spy) == CO_E_OBJISREG);
    void *block = other->alloc(100);
    CLAIM(by->spied_bytes(spy) == 100);
    by->end(block);
    CLAIM(by->spied_bytes(spy) == 0);
    CLAIM(other->revoke() == S_OK);
    CLAIM(by->revoke() == CO_E_OBJNOTREG);
    other->end(other->alloc(100));
}

// A copy with a heap of its own choice serves itself, until it takes the process's again.
static void choose(const struct plugin *one, const struct plugin *other)
{
    struct ch_heap *heap = one->heap();
    CLAIM(heap != NULL && one->use(heap) == NULL);
    void *block = one->alloc(100);
    CLAIM(other->allocator()->lpVtbl->DidAlloc(other->allocator(), block) == 0);
    one->end(block);
    CLAIM(one->use(NULL) == heap);
    cross(one, other);
}

static atomic_bool is_over;

static void *allocate_in_a_thread(void *plugin)
{
    const struct plugin *by = plugin;
    while (!atomic_load(&is_over)) {
        by->end(by->alloc(50));
    }
    return NULL;
}

// The copy that serves calls a spy of the other one. A fork has to wait for both.
static void fork_beside_a_spy(const struct plugin *by)
{
    struct ch_leak_spy *spy = by->make_spy();
    CLAIM(by->spy(spy) == S_OK);
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        CLAIM(pthread_create(&threads[i], NULL, allocate_in_a_thread, (void *)both[i]) == 0);
    }
    for (int i = 0; i < 50; i++) {
        (void)alarm(20);
        pid_t child = fork();
        if (child == 0) {
            (void)alarm(20);
            by->end(by->alloc(10));
            _exit(0);
        }
        int status;
        CLAIM(waitpid(child, &status, 0) == child && status == 0);
    }
    (void)alarm(0);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < 2; i++) {
        CLAIM(pthread_join(threads[i], NULL) == 0);
    }
    CLAIM(by->revoke() == S_OK);
    atomic_store(&is_over, false);
}

static void share(void *handles[2])
{
    CLAIM(both[0]->allocator() == both[1]->allocator());
    cross(both[0], both[1]);
    cross(both[1], both[0]);
    spy(both[0], both[1]);
    spy(both[1], both[0]);
    choose(both[1], both[0]);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        CLAIM(pthread_create(&threads[i], NULL, cross_in_a_thread, NULL) == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        CLAIM(pthread_join(threads[i], NULL) == 0);
    }
    void *block = both[0]->alloc(100);
    CLAIM(dlclose(handles[0]) == 0); // It stays loaded, and so does the block.
    both[1]->end(block);
}

static void stay_apart(void)
{
    errno = ERANGE; // It stays, even where the copy has to say something and can't.
    CLAIM(both[1]->alloc(SIZE_MAX) == NULL && errno == ERANGE);
    void *blocks[] = {both[0]->alloc(100), both[1]->alloc(100)};
    for (size_t i = 0; i < 2; i++) {
        IMalloc *other = both[1 - i]->allocator();
        CLAIM(other->lpVtbl->DidAlloc(other, blocks[i]) == 0);
        both[i]->end(blocks[i]);
    }
}

int main(int count, char **operands)
{
    CLAIM(count >= 5);
    bool is_mixed = strcmp(operands[1], "mixed") == 0;
    int first = strcmp(operands[1], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    int last = is_mixed ? RTLD_GLOBAL : first;
    void *handles[2];
    Lmid_t namespace = strcmp(operands[1], "namespace") == 0 ? LM_ID_NEWLM : LM_ID_BASE;
    both[0] = load(operands[3], namespace, first, &handles[0]);
    CLAIM(dlinfo(handles[0], RTLD_DI_LMID, &namespace) == 0);
    both[1] = load(operands[4], namespace, last, &handles[1]);
#ifdef HOST_HAS_A_COPY
    CoTaskMemFree(both[0]->alloc(100));
    both[1]->end(CoTaskMemAlloc(100));
#endif
    for (int i = 5; i < count; i++) { // Each takes some of the memory that the loader has for it.
        void *handle;
        CLAIM(load(operands[i], namespace, last, &handle)->allocator() == both[0]->allocator());
    }
    if (strcmp(operands[2], "shared") == 0) {
        if (is_mixed) { // Once is enough.
            fork_beside_a_spy(both[0]);
            fork_beside_a_spy(both[1]);
        }
        share(handles);
    } else {
        stay_apart();
    }
    return 0;
}
