// The operating system's pages on POSIX: reserve is an inaccessible mapping, commit makes part of
// it accessible, decommit lets the kernel drop what is behind it.
//
// A decommitted range stays accessible, so that committing and decommitting in turn does not cut
// the mapping into ever more pieces, of which the kernel allows only so many.
//
// There is no `move`: mremap onto a place that is taken unmaps what is there before it knows that
// it can succeed, and leaves every range that it has moved a mapping of its own.
#define _GNU_SOURCE // For MAP_ANONYMOUS and MAP_NORESERVE.

#include <comheap/pages.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t os_page_bytes(void *world)
{
    (void)world;
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *reserve(void *world, size_t size_bytes)
{
    (void)world;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
    flags |= MAP_NORESERVE; // Addresses must not count as memory before they are committed.
#endif
    int errno_before = errno; // A face that answers NULL says nothing through errno (spec A13).
    void *start = mmap(NULL, size_bytes, PROT_NONE, flags, -1, 0);
    errno = errno_before;
    return start == MAP_FAILED ? NULL : start;
}

static bool commit(void *world, void *start, size_t size_bytes)
{
    (void)world;
    int errno_before = errno;
    bool is_committed = mprotect(start, size_bytes, PROT_READ | PROT_WRITE) == 0;
    errno = errno_before;
    return is_committed;
}

static void decommit(void *world, void *start, size_t size_bytes)
{
    (void)world;
    int errno_before = errno;
    (void)madvise(start, size_bytes,
                  MADV_DONTNEED); // Locked pages stay: harmless, only not given back.
    errno = errno_before;
}

static void release(void *world, void *start, size_t size_bytes)
{
    (void)world;
    (void)munmap(start, size_bytes);
}

const struct ch_pages ch_pages_os = {
    .os_page_bytes = os_page_bytes,
    .reserve = reserve,
    .commit = commit,
    .decommit = decommit,
    .release = release,
};
